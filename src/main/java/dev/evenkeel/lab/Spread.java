package dev.evenkeel.lab;

import dev.evenkeel.Sample;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/**
 * Mean and spread of a number over seeds.
 *
 * @param sd the sample's standard deviation (divided by n − 1), NaN for one value
 */
public record Spread(double mean, double sd, double min, double max) {

  private static final int MOST_DECIMALS = 5;

  public static Spread of(double... values) {
    double min = Arrays.stream(values).min().orElse(Double.NaN);
    double max = Arrays.stream(values).max().orElse(Double.NaN);
    return new Spread(Sample.mean(values), Sample.deviation(values), min, max);
  }

  public static Spread of(Collection<Double> values) {
    return of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** One deviation below the mean; the mean itself where there is but one value. */
  public double low() {
    return Double.isNaN(sd) ? mean : mean - sd;
  }

  public double high() {
    return Double.isNaN(sd) ? mean : mean + sd;
  }

  /** "97.31 ± 0.12": two digits of the deviation, and the mean as far. */
  @Override
  public String toString() {
    if (Double.isNaN(sd) || sd == 0 || !Double.isFinite(mean)) {
      return Numbers.text(mean) + (sd == 0 ? " ± 0" : "");
    }
    int decimals = 1 - (int) Math.floor(Math.log10(sd));
    if (decimals < 0 || decimals > MOST_DECIMALS) {
      return Numbers.text(mean) + " ± " + Numbers.text(sd, 2);
    }
    return String.format(Locale.ROOT, "%.{0}f ± %.{0}f".replace("{0}", "" + decimals), mean, sd);
  }
}
