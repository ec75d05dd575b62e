package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;

/** Dropout in training, nothing at inference. */
final class DropoutBlock implements Block {

  private final double probability;
  private final int stream;

  DropoutBlock(double probability, int stream) {
    this.probability = probability;
    this.stream = stream;
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    if (!pass.training() || probability == 0) {
      return x;
    }
    Backend backend = pass.backend();
    Matrix y = pass.take(x.columns());
    pass.forward(
        "dropout", backend.dropout(x, probability, pass.seed(), stream, pass.step(), y), y);
    pass.onTheWayBack(
        dy -> {
          pass.backward(
              "dropout backward",
              backend.dropout(dy, probability, pass.seed(), stream, pass.step(), dy));
          pass.release(y);
          return dy;
        });
    return y;
  }
}
