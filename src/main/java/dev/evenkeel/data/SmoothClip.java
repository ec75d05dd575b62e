package dev.evenkeel.data;

/**
 * x / √(1 + (x / limit)²): hardly anything to values near 0, and none gets beyond ± limit, however
 * far out it lies (Holzmüller et al. 2024, with a limit of 3).
 */
final class SmoothClip {

  /** RealMLP's. */
  static final double LIMIT = 3;

  /** What is so many limits away lies at the limit to every digit, and its square may overflow. */
  private static final double FAR = 1e100;

  private SmoothClip() {}

  /**
   * @param limit 0 clips nothing
   */
  static double of(double x, double limit) {
    if (limit == 0) {
      return x;
    }
    double share = x / limit;
    if (Math.abs(share) > FAR) {
      return Math.copySign(limit, x);
    }
    return x / Math.sqrt(1 + share * share);
  }
}
