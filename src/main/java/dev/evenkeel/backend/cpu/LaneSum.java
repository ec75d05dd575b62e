package dev.evenkeel.backend.cpu;

/**
 * Adds up neighbouring elements: halves are laid over each other until few are left, which is
 * pairwise summation (its rounding errors grow with the logarithm of the length) in loops that the
 * JIT vectorises. What is left is added up in double.
 */
final class LaneSum {

  private static final int FEW = 64;

  private final float[] lower = new float[Scratch.WIDTH];
  private final float[] upper = new float[Scratch.WIDTH];

  /** The sum of at most {@link Scratch#WIDTH} elements. */
  double of(float[] x, int from, int n) {
    if (n <= FEW) {
      return few(x, from, n);
    }
    int left = n - n / 2;
    System.arraycopy(x, from, lower, 0, left);
    System.arraycopy(x, from + left, upper, 0, n / 2);
    add(lower, upper, n / 2);
    while (left > FEW) {
      int half = left / 2;
      left -= half;
      System.arraycopy(lower, left, upper, 0, half);
      add(lower, upper, half);
    }
    return few(lower, 0, left);
  }

  private static double few(float[] x, int from, int n) {
    double even = 0;
    double odd = 0;
    int i = from;
    for (; i + 1 < from + n; i += 2) {
      even += x[i];
      odd += x[i + 1];
    }
    return i < from + n ? even + odd + x[i] : even + odd;
  }

  private static void add(float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      a[i] += b[i];
    }
  }
}
