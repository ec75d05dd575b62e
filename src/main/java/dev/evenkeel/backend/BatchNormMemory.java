package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;

/**
 * The vectors of one batch-norm layer, each [1, C], and how its running statistics move.
 *
 * <p>{@code gamma} and {@code beta} are read, {@code runningMean} and {@code runningVariance} are
 * moved by a training forward and read at inference. {@code count} is [1, 1]: mini-batches seen.
 */
public record BatchNormMemory(
    Matrix gamma,
    Matrix beta,
    Matrix runningMean,
    Matrix runningVariance,
    Matrix count,
    double epsilon,
    Running running) {

  /**
   * running := weight · batch + (1 − weight) · running, where {@code weight} belongs to the NEW
   * batch; a weight of 0 means 1/(k+1) at the k-th mini-batch, the plain average of all.
   *
   * @param unbiased whether the variance that is averaged is divided by N − 1 (the variance that
   *     normalises the mini-batch is always divided by N)
   */
  public record Running(double weight, boolean unbiased) {}
}
