package dev.evenkeel.nn;

/**
 * Which variance of a mini-batch enters the running one. The variance that normalises a mini-batch
 * is always the biased one.
 */
public enum RunningVariance {
  /** Divided by N − 1, as PyTorch and cuDNN do. */
  UNBIASED,
  /** Divided by N, as Keras and ONNX do. */
  BIASED
}
