package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.RowNormMemory;
import dev.evenkeel.tensor.Matrix;

/** y = activation(row norm(x)). */
final class RowNormBlock implements Block {

  private final String name;
  private final String layer;
  private final RowNorm description;
  private final Activation activation;
  private final Blueprint.Slot gamma;
  private final Blueprint.Slot beta;

  /**
   * @param beta null where there is none
   */
  RowNormBlock(
      String name,
      RowNorm description,
      Activation activation,
      Blueprint.Slot gamma,
      Blueprint.Slot beta) {
    this.name = name;
    this.layer = Blueprint.label(name, description.kind().label() + " norm", activation);
    this.description = description;
    this.activation = activation;
    this.gamma = gamma;
    this.beta = beta;
  }

  private RowNormMemory memory() {
    return new RowNormMemory(
        gamma.parameter.value(),
        beta == null ? Matrix.NONE : beta.parameter.value(),
        description.groups(gamma.columns),
        description.centred(),
        description.epsilon());
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    Backend backend = pass.backend();
    RowNormMemory memory = memory();
    if (!pass.training()) {
      Matrix y = pass.inPlace(x);
      Activation fused = pass.fused(activation);
      pass.forward(layer, backend.rowNormForward(x, memory, fused, y, Matrix.NONE), y);
      pass.activateApart(name, activation, y);
      return y;
    }
    Matrix y = pass.take(x.columns());
    Matrix saved = pass.takeExact(3 * memory.groups());
    pass.forward(layer, backend.rowNormForward(x, memory, activation, y, saved), y);
    pass.onTheWayBack(
        dy -> {
          Matrix dGamma = pass.gradient(gamma.parameter);
          Matrix dBeta = beta == null ? Matrix.NONE : pass.gradient(beta.parameter);
          pass.backward(
              layer + " backward",
              backend.rowNormBackward(dy, x, y, memory, activation, saved, dy, dGamma, dBeta),
              dy);
          pass.release(y);
          pass.release(saved);
          return dy;
        });
    return y;
  }
}
