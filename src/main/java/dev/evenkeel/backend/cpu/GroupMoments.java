package dev.evenkeel.backend.cpu;

/**
 * Mean and biased variance of neighbouring elements, right at any ratio of mean to deviation: the
 * mean is summed in double, where floats of one size add up exactly, and the squares are of
 * deviations from it. A constant group's variance is exactly 0.
 *
 * <p>The mean is left as two floats, shift + delta, for the reason that {@link ColumnMoments}
 * gives.
 */
final class GroupMoments {

  /** As many are done before a vectorised loop has begun. */
  private static final int FEW = 32;

  private final float[] squares = new float[Scratch.WIDTH];
  float shift;
  float delta;

  /** The biased variance; after {@link #meanSquare}, the mean square. */
  double variance;

  void compute(float[] x, int at, int length) {
    double mean = Sums.inDouble(x, at, length) / length;
    shift = (float) mean;
    delta = (float) (mean - shift);
    spread(x, at, length);
  }

  /** The moments about 0: mean 0, and the mean square for the variance. */
  void meanSquare(float[] x, int at, int length) {
    shift = 0;
    delta = 0;
    spread(x, at, length);
  }

  private void spread(float[] x, int at, int length) {
    if (length <= FEW) {
      variance = Sums.squares(x, at, length, (double) shift + delta) / length;
      return;
    }
    double total = 0;
    for (int from = 0; from < length; from += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, length - from);
      System.arraycopy(x, at + from, squares, 0, n);
      square(squares, shift, delta, n);
      total += Sums.of(squares, 0, n);
    }
    variance = total / length;
  }

  private static void square(float[] x, float shift, float delta, int n) {
    for (int i = 0; i < n; i++) {
      float d = x[i] - shift - delta;
      x[i] = d * d;
    }
  }
}
