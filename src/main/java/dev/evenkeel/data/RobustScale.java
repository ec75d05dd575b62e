package dev.evenkeel.data;

import dev.evenkeel.Sample;
import dev.evenkeel.tensor.Rows;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Centre and size of columns by ranks instead of sums, so that outliers move them little: {@code (x
 * − median) / (q75 − q25)}. Where the quartiles coincide, as in a column that is mostly zeros, the
 * size is half of max − min (Holzmüller et al. 2024). Inputs of pieces are of one size already, and
 * less their mean.
 */
final class RobustScale {

  /**
   * Divides to 0 what a float can hold. A column that was constant taught nothing, so whatever it
   * holds later must say nothing.
   */
  static final double CONSTANT = Double.MAX_VALUE;

  /** More than so many values are not ranked, as long as the rows are enough for quartiles. */
  private static final int MOST_VALUES = 1 << 26;

  private static final int FEWEST = 1 << 12;

  /** Floats of a copy: 64 MB. */
  private static final int COPY = 1 << 24;

  private RobustScale() {}

  /**
   * Of the rows of these places, at least one; where they are very many, of some, evenly spread.
   * Ranks are taken of so many columns at a time as a copy may have.
   */
  static Standardize fit(Rows rows, int[] chosen) {
    int columns = rows.columns();
    int count = Math.min(chosen.length, Math.max(FEWEST, MOST_VALUES / columns));
    int most = Math.min(columns, Math.max(1, COPY / count));
    int[] places = IntStream.range(0, count).toArray();
    double[] median = new double[columns];
    double[] size = new double[columns];
    float[] row = new float[columns];
    float[] copy = new float[count * most];
    for (int from = 0; from < columns; from += most) {
      int width = Math.min(most, columns - from);
      for (int i = 0; i < count; i++) {
        rows.read(chosen[(int) ((long) i * chosen.length / count)], row, 0);
        System.arraycopy(row, from, copy, i * width, width);
      }
      Standardize part = fit(c -> i -> copy[i * width + c], width, column -> places);
      System.arraycopy(part.mean(), 0, median, from, width);
      System.arraycopy(part.deviation(), 0, size, from, width);
    }
    return new Standardize(median, size);
  }

  /** Of values by column and then row; in double, since what is far out may not fit a float. */
  static Standardize fit(
      IntFunction<IntToDoubleFunction> features, int columns, IntFunction<int[]> rowsOf) {
    double[] median = new double[columns];
    double[] size = new double[columns];
    for (int c = 0; c < columns; c++) {
      if (features.apply(c) instanceof Piece input) {
        median[c] = input.mean(rowsOf.apply(c));
        size[c] = 1;
        continue;
      }
      double[] values = sorted(features.apply(c), rowsOf.apply(c));
      median[c] = Sample.quantile(values, 0.5);
      size[c] = size(values);
    }
    return new Standardize(median, size);
  }

  private static double[] sorted(IntToDoubleFunction feature, int[] rows) {
    double[] values = new double[rows.length];
    if (feature instanceof OneHot input) {
      Arrays.fill(values, rows.length - input.count(rows), rows.length, 1);
      return values;
    }
    Arrays.setAll(values, i -> feature.applyAsDouble(rows[i]));
    Arrays.sort(values);
    return values;
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return Sample.quantile(sorted, 0.5);
  }

  private static double size(double[] sorted) {
    double quartiles = Sample.quantile(sorted, 0.75) - Sample.quantile(sorted, 0.25);
    double range = sorted[sorted.length - 1] - sorted[0];
    return quartiles > 0 ? quartiles : range > 0 ? range / 2 : CONSTANT;
  }
}
