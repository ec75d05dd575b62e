package dev.evenkeel.metric;

import dev.evenkeel.Sample;
import java.util.Arrays;
import java.util.List;

/**
 * How a regression's residuals, true − predicted, lie: to which side, and how far the worst are.
 */
public final class Residuals {

  /** The quantiles that are told, in percent. */
  public static final List<Integer> PERCENTS = List.of(5, 25, 50, 75, 95);

  private Residuals() {}

  /** The quantiles of one target's residuals; NaN where one is. */
  public static double[] quantiles(Predictions predictions, int column) {
    predictions.requireValues("residuals");
    double[] sorted = new double[predictions.rows()];
    for (int row = 0; row < sorted.length; row++) {
      int at = row * predictions.columns() + column;
      sorted[row] = (double) predictions.targets()[at] - predictions.outputs()[at];
    }
    Arrays.sort(sorted);
    boolean unknown = Double.isNaN(sorted[sorted.length - 1]); // NaN sorts last
    return PERCENTS.stream()
        .mapToDouble(percent -> unknown ? Double.NaN : Sample.quantile(sorted, percent / 100.0))
        .toArray();
  }
}
