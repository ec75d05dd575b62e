package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;

/** y = (x − c₁) / c₂, the same in training and at inference. */
final class NormPropBlock implements Block {

  private final String name;
  private final NormProp.Moments moments;

  NormPropBlock(String name, NormProp description) {
    this.name = name;
    this.moments = description.moments();
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    Backend backend = pass.backend();
    double scale = 1 / moments.deviation();
    Matrix y = pass.training() ? pass.take(x.columns()) : pass.inPlace(x);
    pass.forward(name + " normprop", backend.scaleShift(x, scale, -moments.mean() * scale, y), y);
    pass.spare(y);
    pass.onTheWayBack(
        dy -> {
          pass.backward(name + " normprop backward", backend.scaleShift(dy, scale, 0, dy), dy);
          pass.releaseSpare(y);
          return dy;
        });
    return y;
  }
}
