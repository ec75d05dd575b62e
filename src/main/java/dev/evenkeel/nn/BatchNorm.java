package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;

/**
 * Batch normalisation (Ioffe and Szegedy 2015): y = γ (x − μ) / √(σ² + ε) + β, where μ and σ² are
 * the mini-batch's own in training and the running ones at inference. γ and β are learned.
 *
 * @param epsilon is added to the variance, inside the root
 */
public record BatchNorm(double epsilon, RunningStatistics running, RunningVariance runningVariance)
    implements Layer {

  public static final double DEFAULT_EPSILON = 1e-5;

  public BatchNorm {
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException("Batch norm's epsilon must be at least 0, not " + epsilon);
    }
  }

  /** Epsilon 1e-5, exponential statistics with weight 0.1 for the new batch, unbiased. */
  public static BatchNorm standard() {
    return new BatchNorm(
        DEFAULT_EPSILON,
        RunningStatistics.exponential(RunningStatistics.DEFAULT_WEIGHT),
        RunningVariance.UNBIASED);
  }

  public BatchNorm withEpsilon(double epsilon) {
    return new BatchNorm(epsilon, running, runningVariance);
  }

  public BatchNorm withRunning(RunningStatistics running) {
    return new BatchNorm(epsilon, running, runningVariance);
  }

  public BatchNorm withRunningVariance(RunningVariance runningVariance) {
    return new BatchNorm(epsilon, running, runningVariance);
  }

  /**
   * The bare function, for rows of mean.length columns: scale (x − mean) / √(variance + epsilon) +
   * offset.
   */
  public static float[] apply(
      float[] x, float[] mean, float[] variance, float[] offset, float[] scale, double epsilon) {
    int columns = mean.length;
    if (variance.length != columns || offset.length != columns || scale.length != columns) {
      throw new EvenkeelException(
          "Batch norm's vectors must be of one length: mean %d, variance %d, offset %d, scale %d"
              .formatted(columns, variance.length, offset.length, scale.length));
    }
    if (columns == 0 || x.length % columns != 0) {
      throw new EvenkeelException(
          "%d values are not rows of %d columns".formatted(x.length, columns));
    }
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      int j = i % columns;
      double standardised = ((double) x[i] - mean[j]) / Math.sqrt(variance[j] + epsilon);
      y[i] = (float) (scale[j] * standardised + offset[j]);
    }
    return y;
  }
}
