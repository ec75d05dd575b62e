package dev.evenkeel.backend.cpu;

/** One worker's own arrays: short ones, kept in its first-level cache, and room for products. */
final class Scratch {

  /** The most that is worked on at once: several short rows, or a piece of a long one. */
  static final int WIDTH = 512;

  /** For {@link Elementwise}'s own use. */
  final float[] work = new float[WIDTH];

  final float[] exponent = new float[WIDTH];

  /** For whoever runs on the worker: pieces of matrices, then one value for each column of them. */
  final float[][] pieces = new float[4][WIDTH];

  final float[][] vectors = new float[8][WIDTH];
  final double[][] sums = new double[4][WIDTH];

  /** Random words for so many elements, of which the first may lie within a block of four. */
  final long[][] words = new long[4][WIDTH / 4 + 1];

  /** For matrix products: taken by the first that runs, as large as the largest bound by then. */
  private float[] space = new float[0];

  private float[][] rows = new float[0][];
  private double[][] totals = new double[2][0];
  private int wanted;
  private int wantedTotals;
  private int wantedRows;

  void reserve(long floats) {
    wanted = Math.max(wanted, Math.toIntExact(floats));
  }

  float[] space() {
    if (space.length < wanted) {
      space = new float[wanted];
    }
    return space;
  }

  void reserveTotals(int count) {
    wantedTotals = Math.max(wantedTotals, count);
  }

  /** Two sums for each column and block of rows. */
  double[][] totals() {
    if (totals[0].length < wantedTotals) {
      totals = new double[2][wantedTotals];
    }
    return totals;
  }

  void reserveRows(int count) {
    wantedRows = Math.max(wantedRows, count);
  }

  /** Short rows for matrix products. */
  float[][] rows() {
    if (rows.length < wantedRows) {
      rows = new float[wantedRows][WIDTH];
    }
    return rows;
  }
}
