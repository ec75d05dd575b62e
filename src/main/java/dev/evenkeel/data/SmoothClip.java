package dev.evenkeel.data;

/**
 * x / √(1 + (x / limit)²): hardly anything to values near 0, and none gets beyond ± limit, however
 * far out it lies (Holzmüller et al. 2024, with a limit of 3).
 */
final class SmoothClip {

  /** RealMLP's. */
  static final double LIMIT = 3;

  private SmoothClip() {}

  /**
   * @param limit 0 clips nothing
   */
  static float of(float x, double limit) {
    if (limit == 0) {
      return x;
    }
    double share = x / limit;
    return (float) (x / Math.sqrt(1 + share * share));
  }

  /** All of them, in place. */
  static void apply(float[] values, double limit) {
    if (limit == 0) {
      return;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = of(values[i], limit);
    }
  }
}
