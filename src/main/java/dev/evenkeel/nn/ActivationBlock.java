package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;

/** y = activation(x), where no layer in front of it could take it in. */
final class ActivationBlock implements Block {

  private final String name;
  private final Activation activation;

  ActivationBlock(String name, Activation activation) {
    this.name = name;
    this.activation = activation;
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    Backend backend = pass.backend();
    Matrix y = pass.training() ? pass.take(x.columns()) : pass.inPlace(x);
    pass.activationInput(name, activation, x);
    pass.forward(
        name + " " + activation.label(),
        backend.activationForward(x, Matrix.NONE, activation, y),
        y);
    pass.onTheWayBack(
        dy -> {
          pass.backward(
              name + " " + activation.label() + " backward",
              backend.activationBackward(dy, x, y, activation, dy, Matrix.NONE),
              dy);
          pass.release(y);
          return dy;
        });
    return y;
  }
}
