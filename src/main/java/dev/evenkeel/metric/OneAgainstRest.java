package dev.evenkeel.metric;

import dev.evenkeel.EvenkeelException;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * Measures of how well scores put the rows of a class before all others.
 *
 * <p>Binary: the class is 1, the score the one logit, or the second minus the first. More classes:
 * the plain mean over the classes, each against the rest, scored by its softmax log-odds, which
 * order rows as its probability does but never saturate. A logit that isn't finite makes the
 * measure NaN; a class without rows is an error.
 *
 * @param rows of each class, but for those that count nothing
 */
record OneAgainstRest(Predictions predictions, int[] classes, int[] rows, Measure measure) {

  /** Of one class. */
  interface Measure {

    /**
     * @param members scores of the class's rows, ascending, at least one
     * @param rest those of all other rows, ascending, at least one
     */
    double of(Scores members, Scores rest);
  }

  /**
   * @param metric who asks, for messages
   */
  static double mean(String metric, Predictions predictions, Measure measure) {
    int[] classes = predictions.classes(metric);
    int[] rows = new int[predictions.classCount()];
    for (int row = 0; row < classes.length; row++) {
      rows[classes[row]] += predictions.weight(row) > 0 ? 1 : 0;
    }
    requireEveryClass(metric, rows);
    for (float logit : predictions.outputs()) {
      if (!Float.isFinite(logit)) {
        return Double.NaN;
      }
    }
    OneAgainstRest one = new OneAgainstRest(predictions, classes, rows, measure);
    return predictions.columns() <= 2 ? one.of(1, predictions::margin) : one.macro();
  }

  private static void requireEveryClass(String metric, int[] rows) {
    for (int index = 0; index < rows.length; index++) {
      if (rows[index] == 0) {
        throw new EvenkeelException(
            "%s: no row has class %d, expected rows of every class from 0 to %d: the area is undefined without them. Measure on a larger set, or by another metric."
                .formatted(metric, index, rows.length - 1));
      }
    }
  }

  private double macro() {
    LogOdds[] odds = new LogOdds[classes.length];
    for (int row = 0; row < odds.length; row++) {
      odds[row] = LogOdds.of(predictions, row);
    }
    double sum = 0;
    for (int column = 0; column < rows.length; column++) {
      int positive = column;
      sum += of(positive, row -> odds[row].score(positive, predictions.output(row, positive)));
    }
    return sum / rows.length;
  }

  private double of(int positive, IntToDoubleFunction score) {
    boolean weighted = predictions.weights().length > 0;
    int all = Arrays.stream(rows).sum();
    Scores members = new Scores(rows[positive], weighted);
    Scores rest = new Scores(all - rows[positive], weighted);
    for (int row = 0; row < classes.length; row++) {
      double weight = predictions.weight(row);
      if (weight > 0) {
        (classes[row] == positive ? members : rest).add(score.applyAsDouble(row), weight);
      }
    }
    return measure.of(members.sorted(), rest.sorted());
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
      int largest = predictions.answer(row);
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
