package dev.evenkeel.metric;

import dev.evenkeel.EvenkeelException;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * The area under the ROC curve: the probability that a row of the class scores above a row of the
 * rest, a tie counting one half (Mann and Whitney's U, the same as mid-ranks).
 *
 * <p>Binary: the score is the one logit, or the second minus the first. More classes: the plain
 * mean over the classes, each against the rest, scored by its softmax log-odds, which order rows as
 * its probability does but never saturate. A logit that isn't finite makes it NaN; a class without
 * rows is an error.
 */
public record Auc() implements Metric {

  @Override
  public String name() {
    return "auc";
  }

  @Override
  public boolean higherIsBetter() {
    return true;
  }

  @Override
  public double of(Predictions predictions) {
    int[] classes = predictions.classes(name());
    requireEveryClass(classes, predictions.classCount());
    for (float logit : predictions.outputs()) {
      if (!Float.isFinite(logit)) {
        return Double.NaN;
      }
    }
    return switch (predictions.columns()) {
      case 1 -> area(classes, 1, row -> predictions.output(row, 0));
      case 2 ->
          area(classes, 1, row -> (double) predictions.output(row, 1) - predictions.output(row, 0));
      default -> macroArea(predictions, classes);
    };
  }

  private static void requireEveryClass(int[] classes, int classCount) {
    boolean[] seen = new boolean[classCount];
    for (int index : classes) {
      seen[index] = true;
    }
    for (int index = 0; index < classCount; index++) {
      if (!seen[index]) {
        throw new EvenkeelException(
            "auc: no row has class %d, expected rows of every class from 0 to %d: the area is undefined without them. Measure on a larger set, or by another metric."
                .formatted(index, classCount - 1));
      }
    }
  }

  private static double macroArea(Predictions predictions, int[] classes) {
    LogOdds[] rows = new LogOdds[classes.length];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = LogOdds.of(predictions, row);
    }
    double sum = 0;
    for (int column = 0; column < predictions.columns(); column++) {
      int positive = column;
      sum +=
          area(
              classes,
              positive,
              row -> rows[row].score(positive, predictions.output(row, positive)));
    }
    return sum / predictions.columns();
  }

  private static double area(int[] classes, int positive, IntToDoubleFunction score) {
    double[] members = new double[classes.length];
    double[] rest = new double[classes.length];
    int memberCount = 0;
    int restCount = 0;
    for (int row = 0; row < classes.length; row++) {
      if (classes[row] == positive) {
        members[memberCount++] = score.applyAsDouble(row);
      } else {
        rest[restCount++] = score.applyAsDouble(row);
      }
    }
    Arrays.sort(members, 0, memberCount);
    Arrays.sort(rest, 0, restCount);
    long twiceU = 0;
    int below = 0;
    int notAbove = 0;
    for (int i = 0; i < memberCount; i++) {
      while (below < restCount && rest[below] < members[i]) {
        below++;
      }
      while (notAbove < restCount && rest[notAbove] <= members[i]) {
        notAbove++;
      }
      twiceU += (long) below + notAbove;
    }
    return twiceU / (2.0 * memberCount * restCount);
  }

  /**
   * What a row's log-odds, logit − logSumExp(the other logits), need beside the logit itself: with
   * it, all classes of a row cost one exponential each.
   *
   * @param sum Σ exp(logit − max)
   * @param logSumOfOthers logSumExp of all but the largest logit, whose own share would cancel
   */
  private record LogOdds(int largest, double max, double sum, double logSumOfOthers) {

    static LogOdds of(Predictions predictions, int row) {
      int largest = 0;
      for (int column = 1; column < predictions.columns(); column++) {
        if (predictions.output(row, column) > predictions.output(row, largest)) {
          largest = column;
        }
      }
      double second = Double.NEGATIVE_INFINITY;
      for (int column = 0; column < predictions.columns(); column++) {
        if (column != largest) {
          second = Math.max(second, predictions.output(row, column));
        }
      }
      double max = predictions.output(row, largest);
      double sum = 1;
      double sumOfOthers = 0;
      for (int column = 0; column < predictions.columns(); column++) {
        if (column != largest) {
          sum += Math.exp(predictions.output(row, column) - max);
          sumOfOthers += Math.exp(predictions.output(row, column) - second);
        }
      }
      return new LogOdds(largest, max, sum, second + Math.log(sumOfOthers));
    }

    /** Rounded to the logits' own precision, so that rows of permuted logits tie. */
    float score(int column, double logit) {
      return (float)
          (column == largest
              ? logit - logSumOfOthers
              : logit - max - Math.log(sum - Math.exp(logit - max)));
    }
  }
}
