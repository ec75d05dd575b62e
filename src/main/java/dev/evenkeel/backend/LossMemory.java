package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;

/**
 * What a loss reads and writes: of outputs [N, K] and targets, the gradient [N, K] of the outputs
 * and the loss [1, 1]. The bias [1, K] of the layer before it is a part of it: added to what is
 * read of the outputs, which stay as they are, and given its gradient, dBias := column sums of the
 * gradient. Both are NONE where the outputs are complete.
 */
public record LossMemory(
    Matrix outputs, Matrix bias, Matrix targets, Matrix gradient, Matrix dBias, Matrix loss) {

  /** Of complete outputs. */
  public LossMemory(Matrix outputs, Matrix targets, Matrix gradient, Matrix loss) {
    this(outputs, Matrix.NONE, targets, gradient, Matrix.NONE, loss);
  }

  public boolean hasBias() {
    return !bias.isNone();
  }
}
