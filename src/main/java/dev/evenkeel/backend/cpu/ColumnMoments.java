package dev.evenkeel.backend.cpu;

import java.util.Arrays;

/**
 * Mean and variance of a panel's columns, right at any ratio of mean to deviation: two passes over
 * deviations, the second one corrected (Chan, Golub and LeVeque 1983).
 *
 * <p>Pass 1 sums deviations from the first row, which are exact where it matters: a large mean
 * cancels before anything is rounded, and a constant column gives exactly 0. Pass 2 sums deviations
 * d from that mean, and the rounding error of the mean itself is Σd/N. Partial sums of a few dozen
 * rows are float, and are added up in double.
 *
 * <p>The mean is left as two floats, shift + delta: a single one would lose x̂ where the mean is
 * 10⁵ deviations away from 0.
 */
final class ColumnMoments {

  private ColumnMoments() {}

  /**
   * @param offset where the first of {@code rows} rows begins
   * @param shift and delta: the mean, repeated for each row of a piece
   * @param variance the biased variance of every column of the panel
   */
  static void compute(
      Columns operation,
      Scratch scratch,
      float[] x,
      int offset,
      int rows,
      int from,
      int width,
      float[] shift,
      float[] delta,
      double[] variance) {
    int perPiece = Columns.rowsPerPiece(width, rows);
    double[] total = scratch.sums[1];
    operation.load(x, offset, 0, 1, from, width, shift);
    Columns.repeat(shift, width, perPiece);
    sumDeviations(operation, scratch, x, offset, rows, from, width, shift, total);
    for (int j = 0; j < width; j++) {
      double mean = shift[j] + total[j] / rows;
      shift[j] = (float) mean;
      delta[j] = (float) (mean - shift[j]);
    }
    Columns.repeat(shift, width, perPiece);
    Columns.repeat(delta, width, perPiece);
    sumSquares(operation, scratch, x, offset, rows, from, width, shift, delta, total, variance);
    for (int j = 0; j < width; j++) {
      double correction = total[j] / rows;
      variance[j] = Math.max(0, variance[j] / rows - correction * correction);
      delta[j] += (float) correction;
    }
    Columns.repeat(delta, width, perPiece);
  }

  private static void sumDeviations(
      Columns operation,
      Scratch scratch,
      float[] x,
      int offset,
      int rows,
      int from,
      int width,
      float[] shift,
      double[] total) {
    int perPiece = Columns.rowsPerPiece(width, rows);
    float[] piece = scratch.pieces[0];
    float[] sum = scratch.pieces[1];
    Arrays.fill(sum, 0, width * perPiece, 0f);
    Arrays.fill(total, 0, width, 0);
    for (int row = 0; row < rows; row += perPiece) {
      int count = Math.min(perPiece, rows - row);
      int n = operation.load(x, offset, row, count, from, width, piece);
      addDeviations(piece, shift, sum, n);
      if (Columns.endsSlab(row, perPiece)) {
        Columns.flush(sum, total, width, perPiece);
      }
    }
    Columns.flush(sum, total, width, perPiece);
  }

  private static void sumSquares(
      Columns operation,
      Scratch scratch,
      float[] x,
      int offset,
      int rows,
      int from,
      int width,
      float[] shift,
      float[] delta,
      double[] total,
      double[] totalSquares) {
    int perPiece = Columns.rowsPerPiece(width, rows);
    float[] piece = scratch.pieces[0];
    float[] sum = scratch.pieces[1];
    float[] squares = scratch.pieces[2];
    Arrays.fill(squares, 0, width * perPiece, 0f);
    Arrays.fill(total, 0, width, 0);
    Arrays.fill(totalSquares, 0, width, 0);
    for (int row = 0; row < rows; row += perPiece) {
      int count = Math.min(perPiece, rows - row);
      int n = operation.load(x, offset, row, count, from, width, piece);
      addSquares(piece, shift, delta, sum, squares, n);
      if (Columns.endsSlab(row, perPiece)) {
        Columns.flush(sum, total, width, perPiece);
        Columns.flush(squares, totalSquares, width, perPiece);
      }
    }
    Columns.flush(sum, total, width, perPiece);
    Columns.flush(squares, totalSquares, width, perPiece);
  }

  private static void addDeviations(float[] x, float[] shift, float[] sum, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += x[i] - shift[i];
    }
  }

  private static void addSquares(
      float[] x, float[] shift, float[] delta, float[] sum, float[] squares, int n) {
    for (int i = 0; i < n; i++) {
      float d = x[i] - shift[i] - delta[i];
      sum[i] += d;
      squares[i] += d * d;
    }
  }
}
