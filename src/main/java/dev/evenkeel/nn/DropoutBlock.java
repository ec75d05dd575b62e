package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Dropping;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.tensor.Matrix;

/** Dropout in training, nothing at inference; the batch norm in front of it takes it in. */
final class DropoutBlock implements Block {

  private final Dropping dropping;
  private final int stream;

  DropoutBlock(Dropping dropping, int stream) {
    this.dropping = dropping;
    this.stream = stream;
  }

  /** What an operation that takes this block in is told. */
  Masking masking(Pass pass) {
    return new Masking(dropping, pass.seed(), stream, pass.step());
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    if (!pass.training() || dropping.probability() == 0) {
      return x;
    }
    Backend backend = pass.backend();
    Matrix y = pass.take(x.columns());
    pass.forward("dropout", backend.dropout(x, dropping, pass.seed(), stream, pass.step(), y), y);
    pass.spare(y);
    pass.onTheWayBack(
        dy -> {
          pass.backward(
              "dropout backward",
              backend.dropout(dy, dropping.backward(), pass.seed(), stream, pass.step(), dy),
              dy);
          pass.releaseSpare(y);
          return dy;
        });
    return y;
  }
}
