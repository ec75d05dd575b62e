package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;

/**
 * cuDNN's batch norm over the rows of [N, C], without an activation. Scale, shift and statistics
 * are float32 vectors of C.
 */
public interface Cudnn extends AutoCloseable {

  /** "cuDNN 9.5.1". */
  String description();

  /** How the matrix is described to cuDNN. */
  enum Mode {
    /** N × C × 1 × 1, per activation. */
    PER_ACTIVATION,
    /** Channels last, spatial, persistent where cuDNN finds it can. */
    SPATIAL_PERSISTENT
  }

  /** Rows that a mode takes in training, and at inference. */
  int maxRows(Mode mode, boolean training);

  /**
   * @param factor weight of this batch in the running statistics; the variance that is averaged is
   *     unbiased
   * @param savedMean written: the batch's mean
   * @param savedInverse written: 1/√(σ² + ε)
   */
  Operation forward(
      Mode mode,
      View x,
      View y,
      long gamma,
      long beta,
      double factor,
      long runningMean,
      long runningVariance,
      double epsilon,
      long savedMean,
      long savedInverse);

  Operation inference(
      Mode mode,
      View x,
      View y,
      long gamma,
      long beta,
      long runningMean,
      long runningVariance,
      double epsilon);

  /** dx may be dy only where the body says so; Evenkeel gives different memory. */
  Operation backward(
      Mode mode,
      View x,
      View dy,
      View dx,
      long gamma,
      long dGamma,
      long dBeta,
      double epsilon,
      long savedMean,
      long savedInverse);

  @Override
  void close();
}
