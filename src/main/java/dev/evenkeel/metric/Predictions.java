package dev.evenkeel.metric;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Probabilities;
import dev.evenkeel.Words;

/**
 * The outputs that a model made over a whole set, beside the targets; both row by row on the host.
 *
 * <p>Classification: {@code outputs} are raw logits, {@code targets} one column of class indices.
 * One column of logits is the binary case: the logit of class 1, with targets 0 and 1. Flags: a
 * column of logits and one of 0 and 1 for each. Regression: both are values in original units, with
 * as many columns. The arrays are not copied.
 *
 * @param outputs [rows, columns]
 * @param targets [rows, targetColumns]
 * @param weights what each row counts, as so many rows like it; empty where all count alike
 */
public record Predictions(
    int rows, int columns, float[] outputs, int targetColumns, float[] targets, float[] weights) {

  /** Of rows that count alike. */
  public Predictions(int rows, int columns, float[] outputs, int targetColumns, float[] targets) {
    this(rows, columns, outputs, targetColumns, targets, new float[0]);
  }

  public Predictions {
    if (rows < 1) {
      throw new EvenkeelException(
          "Predictions have %d rows, expected at least 1: nothing can be measured on an empty set."
              .formatted(rows));
    }
    requireLength("outputs", rows, columns, outputs.length);
    requireLength("targets", rows, targetColumns, targets.length);
    if (weights.length > 0) {
      requireLength("weights", rows, 1, weights.length);
    }
  }

  private static void requireLength(String what, int rows, int columns, int length) {
    if (columns < 1) {
      throw new EvenkeelException(
          "Predictions: %s have %s, expected at least 1."
              .formatted(what, Words.counted(columns, "column")));
    }
    if ((long) rows * columns != length) {
      throw new EvenkeelException(
          "Predictions: %s hold %s, expected %,d: %s of %s."
              .formatted(
                  what,
                  Words.counted(length, "value"),
                  (long) rows * columns,
                  Words.counted(rows, "row"),
                  Words.counted(columns, "column")));
    }
  }

  /** Of one of several targets alone. */
  public Predictions ofTarget(int target) {
    requireValues("one target");
    float[] output = new float[rows];
    float[] truth = new float[rows];
    for (int row = 0; row < rows; row++) {
      output[row] = outputs[row * columns + target];
      truth[row] = targets[row * columns + target];
    }
    return new Predictions(rows, 1, output, 1, truth, weights);
  }

  /** What a row counts: 1 where all count alike. */
  public double weight(int row) {
    return weights.length == 0 ? 1 : weights[row];
  }

  /** What all rows count together. */
  double totalWeight() {
    double sum = weights.length == 0 ? rows : 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }

  float output(int row, int column) {
    return outputs[row * columns + column];
  }

  /** A class's logit; of two classes with one logit the first one's is 0. */
  double logit(int row, int k) {
    return columns > 1 ? output(row, k) : k == 0 ? 0 : output(row, 0);
  }

  /** How many classes the logits tell apart. */
  int classCount() {
    return Math.max(columns, 2);
  }

  /** Of two classes, how far the second leads: the one logit, or the second minus the first. */
  double margin(int row) {
    return columns == 1 ? output(row, 0) : (double) output(row, 1) - output(row, 0);
  }

  /**
   * The class that a row is taken for: the largest logit's, the lowest index where they tie, class
   * 1 above 0 for one column; −1 where a logit is NaN.
   */
  int answer(int row) {
    if (columns == 1) {
      float logit = output(row, 0);
      return Float.isNaN(logit) ? -1 : logit > 0 ? 1 : 0;
    }
    int largest = 0;
    for (int column = 0; column < columns; column++) {
      float logit = output(row, column);
      if (Float.isNaN(logit)) {
        return -1;
      }
      largest = logit > output(row, largest) ? column : largest;
    }
    return largest;
  }

  /**
   * Each class's probability, [classCount]: softmax over the logits, or sigmoid for two classes.
   */
  void probabilities(int row, double[] out) {
    Probabilities.ofClasses(outputs, row * columns, columns, out);
  }

  /** The class of every row, checked; {@code metric} is who asks, for the message. */
  int[] classes(String metric) {
    if (targetColumns != 1) {
      throw new EvenkeelException(
          "%s: targets have %s, expected 1: the index of the class. Of flags, ofFlags is the mean over them, as in Evaluator.value."
              .formatted(metric, Words.counted(targetColumns, "column")));
    }
    int[] classes = new int[rows];
    for (int row = 0; row < rows; row++) {
      int index = (int) targets[row];
      if (index != targets[row] || index < 0 || index >= classCount()) {
        throw new EvenkeelException(
            "%s: the target of row %d is %s, expected a class index from 0 to %d, for logits of %s."
                .formatted(
                    metric, row, targets[row], classCount() - 1, Words.counted(columns, "column")));
      }
      classes[row] = index;
    }
    return classes;
  }

  /** Checks that each output has its target; {@code metric} is who asks, for the message. */
  void requireValues(String metric) {
    if (columns != targetColumns) {
      throw new EvenkeelException(
          "%s: outputs have %s and targets %,d, expected as many: a value for each value."
              .formatted(metric, Words.counted(columns, "column"), targetColumns));
    }
  }
}
