package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;

/**
 * Batch normalisation (Ioffe and Szegedy 2015): y = γ (x − μ) / √(σ² + ε) + β, where μ and σ² are
 * the mini-batch's own in training and the running ones at inference. γ and β are learned.
 *
 * @param epsilon is added to the variance, inside the root
 * @param ghostRows normalises by the statistics of groups of that many rows (Hoffer et al. 2017),
 *     so that a large batch keeps the noise of a small one; 0 for the whole batch
 * @param centresOnly whether it is mean-only (Salimans and Kingma 2016): y = x − μ + β, meant for
 *     behind weight norm, which already sees to the deviation; there is no γ and no running
 *     variance
 */
public record BatchNorm(
    double epsilon,
    RunningStatistics running,
    RunningVariance runningVariance,
    int ghostRows,
    boolean centresOnly)
    implements Layer {

  public static final double DEFAULT_EPSILON = 1e-5;

  public BatchNorm {
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException("Batch norm's epsilon must be at least 0, not " + epsilon);
    }
    if (ghostRows != 0 && ghostRows < 2) {
      throw new EvenkeelException(
          "Ghost batch norm takes groups of at least 2 rows, not %d: the variance of one row is 0, whatever the row"
              .formatted(ghostRows));
    }
  }

  /** Over the whole batch, mean and variance. */
  public BatchNorm(double epsilon, RunningStatistics running, RunningVariance runningVariance) {
    this(epsilon, running, runningVariance, 0, false);
  }

  /** Epsilon 1e-5, exponential statistics with weight 0.1 for the new batch, unbiased. */
  public static BatchNorm standard() {
    return new BatchNorm(
        DEFAULT_EPSILON,
        RunningStatistics.exponential(RunningStatistics.DEFAULT_WEIGHT),
        RunningVariance.UNBIASED);
  }

  /** Subtracts the mean and leaves the deviation as it is; else as {@link #standard}. */
  public static BatchNorm meanOnly() {
    return standard().centringOnly();
  }

  /**
   * As Keras and ONNX describe it: running variance divided by N, and a momentum that is the weight
   * of the OLD statistics.
   */
  public static BatchNorm ofKeras(double momentum, double epsilon) {
    RunningStatistics running = RunningStatistics.exponential(1 - momentum);
    return new BatchNorm(epsilon, running, RunningVariance.BIASED);
  }

  /**
   * As PyTorch describes it: running variance divided by N − 1, and a momentum that is the weight
   * of the NEW batch.
   */
  public static BatchNorm ofPyTorch(double momentum, double epsilon) {
    RunningStatistics running = RunningStatistics.exponential(momentum);
    return new BatchNorm(epsilon, running, RunningVariance.UNBIASED);
  }

  public BatchNorm withEpsilon(double epsilon) {
    return new BatchNorm(epsilon, running, runningVariance, ghostRows, centresOnly);
  }

  public BatchNorm withRunning(RunningStatistics running) {
    return new BatchNorm(epsilon, running, runningVariance, ghostRows, centresOnly);
  }

  public BatchNorm withRunningVariance(RunningVariance runningVariance) {
    return new BatchNorm(epsilon, running, runningVariance, ghostRows, centresOnly);
  }

  /**
   * @param rows of a group whose statistics normalise it, at least 2; 0 for the whole batch. Rows
   *     that are left over are spread among the groups, and a batch of fewer than two such groups
   *     is normalised as a whole
   */
  public BatchNorm withGhost(int rows) {
    return new BatchNorm(epsilon, running, runningVariance, rows, centresOnly);
  }

  /** The same, mean-only. */
  public BatchNorm centringOnly() {
    return new BatchNorm(epsilon, running, runningVariance, ghostRows, true);
  }
}
