package dev.evenkeel;

import java.util.Arrays;

/** What a few numbers of the same kind tell together. */
public final class Sample {

  private Sample() {}

  /** NaN where there is none. */
  public static double mean(double... values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** The sample's standard deviation: divided by the number of values less one; NaN for one. */
  public static double deviation(double... values) {
    double mean = mean(values);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1));
  }

  /**
   * Between two values in proportion, as NumPy's default has it.
   *
   * @param sorted at least one value, upwards
   * @param share 0.5 for the median
   */
  public static double quantile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    double part = place - below;
    double gap = sorted[above] - sorted[below];
    return Double.isFinite(gap)
        ? sorted[below] + part * gap
        : sorted[below] * (1 - part) + sorted[above] * part;
  }
}
