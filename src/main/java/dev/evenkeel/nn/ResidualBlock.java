package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;
import java.util.List;

/** y = x + blocks(x). The way back forks where the forward walk joined. */
final class ResidualBlock implements Block {

  private final String name;
  private final List<Block> blocks;

  ResidualBlock(String name, List<Block> blocks) {
    this.name = name;
    this.blocks = blocks;
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    Backend backend = pass.backend();
    Matrix[] skipped = new Matrix[1];
    pass.onTheWayBack(
        dInner -> {
          if (!pass.isInput(x)) {
            pass.backward(
                name + " residual backward",
                backend.add(dInner, skipped[0], skipped[0]),
                skipped[0]);
          }
          pass.release(dInner);
          return skipped[0];
        });
    if (!pass.training()) {
      pass.retain(x);
    }
    Matrix inner = x;
    for (Block block : blocks) {
      inner = block.append(pass, inner);
    }
    Matrix y = pass.training() || inner == x ? pass.take(x.columns()) : inner;
    pass.forward(name + " residual", backend.add(inner, x, y), y);
    if (pass.training()) {
      pass.spare(y);
    } else {
      pass.letGo(x);
    }
    pass.onTheWayBack(
        dy -> {
          pass.releaseSpare(y);
          skipped[0] = pass.take(dy.columns());
          pass.backward(name + " residual copy", backend.copy(dy, skipped[0]), skipped[0]);
          return dy;
        });
    return y;
  }
}
