package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;

/**
 * The vectors of one batch-norm layer, each [1, C], and how its running statistics move.
 *
 * <p>{@code gamma} and {@code beta} are read, {@code runningMean} and {@code runningVariance} are
 * moved by a training forward and read at inference. {@code count} is [1, 1]: mini-batches seen.
 *
 * <p>Mean-only batch norm, which subtracts the mean and leaves the deviation as it is, has neither
 * gamma nor running variance: both are NONE, and in every formula γ/√(σ² + ε) is 1.
 *
 * @param ghostRows normalise by the statistics of groups of that many rows (ghost batch norm), 0
 *     for the whole batch
 */
public record BatchNormMemory(
    Matrix gamma,
    Matrix beta,
    Matrix runningMean,
    Matrix runningVariance,
    Matrix count,
    double epsilon,
    Running running,
    int ghostRows) {

  public BatchNormMemory(
      Matrix gamma,
      Matrix beta,
      Matrix runningMean,
      Matrix runningVariance,
      Matrix count,
      double epsilon,
      Running running) {
    this(gamma, beta, runningMean, runningVariance, count, epsilon, running, 0);
  }

  public boolean meanOnly() {
    return gamma.isNone();
  }

  /** Groups that a batch falls into; rows that are left over are spread among them. */
  public static int groups(int rows, int ghostRows) {
    return ghostRows == 0 ? 1 : Math.max(1, rows / ghostRows);
  }

  /** The first row of a group; of the group after the last, the number of rows. */
  public static int firstRow(int group, int groups, int rows) {
    return (int) ((long) rows * group / groups);
  }

  /**
   * running := weight · batch + (1 − weight) · running, where {@code weight} belongs to the NEW
   * batch; a weight of 0 means 1/(k+1) at the k-th mini-batch, the plain average of all.
   *
   * @param unbiased whether the variance that is averaged is divided by N − 1 (the variance that
   *     normalises the mini-batch is always divided by N), N being the rows of the batch or group
   */
  public record Running(double weight, boolean unbiased) {}
}
