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
}
