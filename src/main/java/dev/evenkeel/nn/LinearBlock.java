package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;

/** y = activation(x Wᵀ + b), where bias and activation may be missing. */
final class LinearBlock implements Block {

  private final String name;
  private final Blueprint.Slot weight;
  private final Blueprint.Slot bias;
  private final Activation activation;

  /**
   * @param bias null where there is none
   */
  LinearBlock(String name, Blueprint.Slot weight, Blueprint.Slot bias, Activation activation) {
    this.name = name;
    this.weight = weight;
    this.bias = bias;
    this.activation = activation;
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    Backend backend = pass.backend();
    Matrix z = pass.take(weight.rows);
    pass.forward(name + " linear", backend.linearForward(x, weight.parameter.value(), z), z);
    boolean bare = bias == null && activation == Activation.IDENTITY;
    boolean inPlace = !pass.training() || activation == Activation.IDENTITY;
    Matrix y = inPlace ? z : pass.take(weight.rows);
    if (!bare) {
      Matrix b = bias == null ? Matrix.NONE : bias.parameter.value();
      pass.forward(
          name + " " + activation.label(), backend.activationForward(z, b, activation, y), y);
    }
    if (!pass.training()) {
      pass.release(x);
    }
    pass.onTheWayBack(dy -> back(pass, x, z, y, bare, dy));
    return y;
  }

  private Matrix back(Pass pass, Matrix x, Matrix z, Matrix y, boolean bare, Matrix dy) {
    Backend backend = pass.backend();
    if (!bare) {
      Matrix dBias = bias == null ? Matrix.NONE : pass.gradient(bias.parameter);
      pass.backward(
          name + " " + activation.label() + " backward",
          backend.activationBackward(dy, z, y, activation, dy, dBias),
          dy);
    }
    pass.release(z);
    if (y != z) {
      pass.release(y);
    }
    Matrix dWeight = pass.gradient(weight.parameter);
    pass.backward(name + " linear dW", backend.linearBackwardWeight(dy, x, dWeight), dWeight);
    if (pass.isInput(x)) {
      return dy;
    }
    Matrix dx = pass.take(weight.columns);
    pass.backward(
        name + " linear dx", backend.linearBackwardInput(dy, weight.parameter.value(), dx), dx);
    pass.release(dy);
    return dx;
  }
}
