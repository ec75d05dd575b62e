package dev.evenkeel.backend.cpu;

import java.util.Arrays;

/**
 * Mean and variance of a panel's columns, right at any ratio of mean to deviation: two passes over
 * deviations, the second one corrected (Chan, Golub and LeVeque 1983).
 *
 * <p>Pass 1 sums deviations from the first row, which are exact where it matters: a large mean
 * cancels before anything is rounded, and a constant column gives exactly 0. Pass 2 sums deviations
 * d from that mean, and the rounding error of the mean itself is Σd/N. Partial sums of 64 rows are
 * float, and are added up in double.
 *
 * <p>The mean is left as two floats, shift + delta: a single one would lose x̂ where the mean is
 * 10⁵ deviations away from 0.
 */
final class ColumnMoments {

  private static final int SLAB = 64;

  private ColumnMoments() {}

  /**
   * @param variance the biased variance of every column of the panel
   */
  static void compute(
      Columns operation,
      Scratch scratch,
      float[] x,
      int offset,
      int from,
      int width,
      float[] shift,
      float[] delta,
      double[] variance) {
    float[] first = scratch.rows[0];
    float[] second = scratch.rows[1];
    float[] sum = scratch.rows[2];
    float[] squares = scratch.rows[3];
    double[] total = scratch.sums[1];
    double[] totalSquares = variance;
    int n = operation.rows;

    operation.load(x, offset, 0, from, shift, width);
    Arrays.fill(sum, 0);
    Arrays.fill(total, 0);
    int row = 0;
    for (; row + 1 < n; row += 2) {
      operation.load(x, offset, row, from, first, width);
      operation.load(x, offset, row + 1, from, second, width);
      addDeviations(first, second, shift, sum, width);
      if (row % SLAB == SLAB - 2) {
        Columns.flush(sum, total, width);
      }
    }
    if (row < n) {
      operation.load(x, offset, row, from, first, width);
      addDeviations(first, shift, shift, sum, width);
    }
    Columns.flush(sum, total, width);
    for (int j = 0; j < width; j++) {
      setMean(shift, delta, j, shift[j] + total[j] / n);
    }

    Arrays.fill(squares, 0);
    Arrays.fill(total, 0);
    Arrays.fill(totalSquares, 0);
    for (row = 0; row + 1 < n; row += 2) {
      operation.load(x, offset, row, from, first, width);
      operation.load(x, offset, row + 1, from, second, width);
      addSquares(first, second, shift, delta, sum, squares, width);
      if (row % SLAB == SLAB - 2) {
        Columns.flush(sum, total, width);
        Columns.flush(squares, totalSquares, width);
      }
    }
    if (row < n) {
      operation.load(x, offset, row, from, first, width);
      addSquares(first, shift, delta, sum, squares, width);
    }
    Columns.flush(sum, total, width);
    Columns.flush(squares, totalSquares, width);
    for (int j = 0; j < width; j++) {
      double correction = total[j] / n;
      variance[j] = Math.max(0, totalSquares[j] / n - correction * correction);
      delta[j] += (float) correction;
    }
  }

  static void setMean(float[] shift, float[] delta, int j, double mean) {
    shift[j] = (float) mean;
    delta[j] = (float) (mean - shift[j]);
  }

  private static void addDeviations(
      float[] first, float[] second, float[] shift, float[] sum, int width) {
    for (int j = 0; j < width; j++) {
      sum[j] += (first[j] - shift[j]) + (second[j] - shift[j]);
    }
  }

  private static void addSquares(
      float[] first,
      float[] second,
      float[] shift,
      float[] delta,
      float[] sum,
      float[] squares,
      int width) {
    for (int j = 0; j < width; j++) {
      float d = first[j] - shift[j] - delta[j];
      float e = second[j] - shift[j] - delta[j];
      sum[j] += d + e;
      squares[j] += d * d + e * e;
    }
  }

  private static void addSquares(
      float[] x, float[] shift, float[] delta, float[] sum, float[] squares, int width) {
    for (int j = 0; j < width; j++) {
      float d = x[j] - shift[j] - delta[j];
      sum[j] += d;
      squares[j] += d * d;
    }
  }
}
