package dev.evenkeel.data;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How far the mean target of each text's rows lies from that of all: one number that stands for any
 * number of texts. It is drawn to 0 where rows are few, as far as texts differ by no more than
 * chance would have it: the best linear prediction of a random effect, with the variances within
 * texts and between them by the analysis of variance.
 *
 * <p>A row's own target must not be told by what it learns from, so a training row gets the mean of
 * its text over the rows of the other folds.
 */
final class LevelMeans {

  static final int FOLDS = 5;

  /**
   * Rows that train, and what they tell of a text.
   *
   * @param folds of every row, from 0 on
   * @param targets in every row, each an input
   */
  record Training(int[] rows, int[] folds, List<IntToDoubleFunction> targets) {

    LevelMeans means(int[] places, int levels, int target) {
      return new LevelMeans(places, levels, targets.get(target), rows, folds);
    }
  }

  private final int[] counts;
  private final double[] sums;

  /** Of the variance within texts to that between them: rows of mean 0 that a text is given. */
  private final double ratio;

  /**
   * @param places each row's text by its number; −1 where there is none
   */
  private LevelMeans(
      int[] places, int levels, IntToDoubleFunction target, int[] rows, int[] folds) {
    double[] values = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      values[i] = target.applyAsDouble(rows[i]);
    }
    Standardize scale = Standardize.column(values);
    counts = new int[levels * FOLDS];
    sums = new double[counts.length];
    double squares = 0;
    for (int i = 0; i < rows.length; i++) {
      int place = places[rows[i]];
      if (place >= 0) {
        double value = scale.of(values[i], 0);
        counts[place * FOLDS + folds[rows[i]]]++;
        sums[place * FOLDS + folds[rows[i]]] += value;
        squares += value * value;
      }
    }
    ratio = ratio(levels, squares);
  }

  private double ratio(int levels, double squares) {
    double rows = 0;
    double total = 0;
    double ofMeans = 0;
    double rowsSquared = 0;
    int seen = 0;
    for (int level = 0; level < levels; level++) {
      double count = rows(level);
      if (count > 0) {
        double sum = sum(level);
        rows += count;
        total += sum;
        ofMeans += sum * sum / count;
        rowsSquared += count * count;
        seen++;
      }
    }
    if (seen < 2 || rows <= seen) {
      return Double.POSITIVE_INFINITY; // nothing is known of the one variance or of the other
    }
    double within = Math.max(0, squares - ofMeans) / (rows - seen);
    double between =
        ((ofMeans - total * total / rows) / (seen - 1) - within)
            * (seen - 1)
            / (rows - rowsSquared / rows);
    return between > 0 ? within / between : Double.POSITIVE_INFINITY;
  }

  /** Of two classes one tells the other. */
  static List<IntToDoubleFunction> ofClasses(int[] classes, int count) {
    return IntStream.range(count == 2 ? 1 : 0, count)
        .mapToObj(k -> (IntToDoubleFunction) row -> classes[row] == k ? 1 : 0)
        .toList();
  }

  static List<IntToDoubleFunction> ofNumbers(List<double[]> columns) {
    return columns.stream().map(of -> (IntToDoubleFunction) row -> of[row]).toList();
  }

  private double rows(int level) {
    double rows = 0;
    for (int fold = 0; fold < FOLDS; fold++) {
      rows += counts[level * FOLDS + fold];
    }
    return rows;
  }

  private double sum(int level) {
    double sum = 0;
    for (int fold = 0; fold < FOLDS; fold++) {
      sum += sums[level * FOLDS + fold];
    }
    return sum;
  }

  /** In deviations of the target, as a float holds it. */
  double of(int level) {
    return drawn(sum(level), rows(level));
  }

  /** The same without the rows of a fold. */
  double of(int level, int fold) {
    int own = level * FOLDS + fold;
    return drawn(sum(level) - sums[own], rows(level) - counts[own]);
  }

  private double drawn(double sum, double rows) {
    return rows == 0 ? 0 : (float) (sum / (rows + ratio)) + 0.0; // of −0.0 and 0.0 one
  }
}
