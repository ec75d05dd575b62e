package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Masking;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** Dropout as an operation of its own. */
final class Dropout extends Flat {

  private final Scratch[] scratch;
  private final float[] x;
  private final int xOffset;
  private final float[] y;
  private final int yOffset;
  private final Drops drops;

  Dropout(Scratch[] scratch, Workers workers, Matrix x, Masking masking, Matrix y) {
    super(workers, x.size(), 2);
    this.scratch = scratch;
    this.x = data(x);
    this.xOffset = (int) x.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.drops = new Drops(masking);
  }

  @Override
  void prepare() {
    drops.prepare();
  }

  @Override
  void range(int worker, int from, int to) {
    float[] piece = scratch[worker].pieces[0];
    for (int i = from; i < to; i += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, to - i);
      System.arraycopy(x, xOffset + i, piece, 0, n);
      drops.apply(scratch[worker], piece, 0, n, i);
      System.arraycopy(piece, 0, y, yOffset + i, n);
    }
  }
}
