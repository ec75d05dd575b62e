package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Masking;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** Dropout as an operation of its own. */
final class Dropout extends Flat {

  private final Scratch[] scratch;
  private final Floats x;
  private final Floats y;
  private final Drops drops;

  Dropout(Scratch[] scratch, Workers workers, Matrix x, Masking masking, Matrix y) {
    super(workers, x.size(), 2);
    this.scratch = scratch;
    this.x = Floats.of(x);
    this.y = Floats.of(y);
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
      x.read(i, piece, n);
      drops.apply(scratch[worker], piece, 0, n, i);
      y.write(piece, i, n);
    }
  }
}
