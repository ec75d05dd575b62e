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

  /** Ranks are taken of a copy, of 256 MB. */
  private static final int MOST_VALUES = 1 << 26;

  /** Enough for quartiles. */
  private static final int FEWEST = 1 << 12;

  private RobustScale() {}

  /**
   * Of the rows of these places, at least one; where they are very many, of some, evenly spread.
   */
  static Standardize fit(Rows rows, int[] chosen) {
    int columns = rows.columns();
    int count = Math.min(chosen.length, Math.max(FEWEST, MOST_VALUES / columns));
    float[] some = new float[Math.multiplyExact(count, columns)];
    for (int i = 0; i < count; i++) {
      rows.read(chosen[(int) ((long) i * chosen.length / count)], some, i * columns);
    }
    int[] all = IntStream.range(0, count).toArray();
    return fit(c -> row -> some[row * columns + c], columns, column -> all);
  }

  /** Of values by column and then row; in double, since what is far out may not fit a float. */
  static Standardize fit(
      IntFunction<IntToDoubleFunction> features, int columns, IntFunction<int[]> rowsOf) {
    double[] median = new double[columns];
    double[] size = new double[columns];
    for (int c = 0; c < columns; c++) {
      if (features.apply(c) instanceof TableEncoder.Piece input) {
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
    if (feature instanceof TableEncoder.OneHot input) {
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
