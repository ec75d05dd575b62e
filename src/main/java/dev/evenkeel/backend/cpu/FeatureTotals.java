package dev.evenkeel.backend.cpu;

import java.util.Arrays;

/**
 * One worker's sums of t and of t x̂ over its rows, for each feature: partial sums of a few dozen
 * rows in float, added up in double. The features lie in pieces, as the rows are worked on.
 */
final class FeatureTotals {

  private static final int SLAB = 32;

  private final float[][] sums;
  private final float[][] dots;
  private final int[] columnOf;
  private int additions;

  final double[] sum;
  final double[] dot;

  /**
   * @param columnOf the first feature of each piece; pieces of several rows begin again at 0
   */
  FeatureTotals(int columns, int[] columnOf) {
    this.sum = new double[columns];
    this.dot = new double[columns];
    this.columnOf = columnOf;
    this.sums = new float[columnOf.length][Scratch.WIDTH];
    this.dots = new float[columnOf.length][Scratch.WIDTH];
  }

  void clear() {
    Arrays.fill(sum, 0);
    Arrays.fill(dot, 0);
  }

  void add(int piece, float[] t, float[] xHat, int n) {
    accumulate(t, xHat, sums[piece], dots[piece], n);
  }

  /** After each round of all pieces. */
  void endRound() {
    if (++additions == SLAB) {
      flush();
    }
  }

  void flush() {
    additions = 0;
    for (int piece = 0; piece < columnOf.length; piece++) {
      flush(sums[piece], columnOf[piece], sum);
      flush(dots[piece], columnOf[piece], dot);
    }
  }

  private static void flush(float[] partial, int column, double[] total) {
    int at = column; // what lies behind a piece's end is 0
    for (int i = 0; i < partial.length; i++) {
      total[at] += partial[i];
      at = at + 1 == total.length ? 0 : at + 1;
    }
    Arrays.fill(partial, 0f);
  }

  private static void accumulate(float[] t, float[] xHat, float[] sum, float[] dot, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += t[i];
      dot[i] += t[i] * xHat[i];
    }
  }
}
