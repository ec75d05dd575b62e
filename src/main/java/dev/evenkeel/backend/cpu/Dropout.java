package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Dropping;
import dev.evenkeel.backend.Step;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;

/**
 * Dropout. The word that decides over element e is word e mod 4 at position e / 4 of the Philox
 * stream (layer, step): no mask is stored, the backward pass draws the same words again.
 */
final class Dropout extends Flat {

  private final int[][] words;
  private final float[] x;
  private final int xOffset;
  private final float[] y;
  private final int yOffset;
  private final Dropping dropping;
  private final long seed;
  private final int stream;
  private final Step step;
  private long dropBelow;
  private float scale;
  private float shift;
  private float dropped;

  Dropout(
      Workers workers, Matrix x, Dropping dropping, long seed, int stream, Step step, Matrix y) {
    super(workers, x.size(), 6);
    this.words = new int[workers.count()][4];
    this.x = data(x);
    this.xOffset = (int) x.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.dropping = dropping;
    this.seed = seed;
    this.stream = stream;
    this.step = step;
  }

  /** By the probability of this step. */
  @Override
  void prepare() {
    double probability = dropping.probability(step);
    dropBelow = Dropping.dropBelow(probability);
    scale = (float) dropping.scale(probability);
    shift = (float) dropping.shift(probability);
    dropped = (float) dropping.dropped(probability);
  }

  @Override
  void range(int worker, int from, int to) {
    int[] own = words[worker];
    long counter = ((long) stream << 40) | step.number();
    for (int i = from; i < to; i++) {
      int lane = i & 3;
      if (lane == 0 || i == from) {
        Philox.block(seed, counter, i >>> 2, own);
      }
      boolean keep = (own[lane] & 0xFFFFFFFFL) >= dropBelow;
      y[yOffset + i] = keep ? x[xOffset + i] * scale + shift : dropped;
    }
  }
}
