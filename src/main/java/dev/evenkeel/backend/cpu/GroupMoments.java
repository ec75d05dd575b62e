package dev.evenkeel.backend.cpu;

/**
 * Mean and biased variance of neighbouring elements, by the two passes of {@link ColumnMoments} and
 * as exact: deviations from the first element, then from the mean, whose own rounding error the
 * second pass finds. A constant group's variance is exactly 0.
 */
final class GroupMoments {

  private final Scratch scratch;
  private final LaneSum lanes = new LaneSum();

  /** The mean, as a sum of two floats. */
  float shift;

  float delta;

  /** The biased variance; after {@link #meanSquare}, the mean square. */
  double variance;

  GroupMoments(Scratch scratch) {
    this.scratch = scratch;
  }

  void compute(float[] x, int at, int length) {
    float[] d = scratch.pieces[0];
    float[] squares = scratch.pieces[1];
    float first = x[at];
    double total = 0;
    for (int from = 0; from < length; from += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, length - from);
      System.arraycopy(x, at + from, d, 0, n);
      subtract(d, first, 0, n);
      total += lanes.of(d, 0, n);
    }
    double mean = first + total / length;
    shift = (float) mean;
    delta = (float) (mean - shift);
    total = 0;
    double totalSquares = 0;
    for (int from = 0; from < length; from += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, length - from);
      System.arraycopy(x, at + from, d, 0, n);
      subtract(d, shift, delta, n);
      square(d, squares, n);
      total += lanes.of(d, 0, n);
      totalSquares += lanes.of(squares, 0, n);
    }
    double correction = total / length;
    variance = Math.max(0, totalSquares / length - correction * correction);
    delta += (float) correction;
  }

  /** The moments about 0: mean 0, and the mean square for the variance. */
  void meanSquare(float[] x, int at, int length) {
    float[] d = scratch.pieces[0];
    float[] squares = scratch.pieces[1];
    double total = 0;
    for (int from = 0; from < length; from += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, length - from);
      System.arraycopy(x, at + from, d, 0, n);
      square(d, squares, n);
      total += lanes.of(squares, 0, n);
    }
    shift = 0;
    delta = 0;
    variance = total / length;
  }

  private static void subtract(float[] x, float shift, float delta, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] - shift - delta;
    }
  }

  private static void square(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      y[i] = x[i] * x[i];
    }
  }
}
