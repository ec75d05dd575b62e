package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** norm := ‖g‖ and min(1, limit / ‖g‖), with partial sums of fixed blocks in double. */
final class ClipScale extends ParallelOperation {
  private static final int BLOCK = 4096;

  private final Floats gradients;
  private final int size;
  private final double limit;
  private final Floats norm;
  private final double[] blocks;

  ClipScale(Workers workers, Matrix gradients, double limit, Matrix norm) {
    super(workers, gradients.size() * 0.4);
    this.gradients = Floats.of(gradients);
    this.size = (int) gradients.size();
    this.limit = limit;
    this.norm = Floats.of(norm);
    this.blocks = new double[(size + BLOCK - 1) / BLOCK];
  }

  @Override
  public void run(int worker, int workers) {
    int offset = gradients.start();
    int end = begin(blocks.length, worker + 1, workers);
    for (int block = begin(blocks.length, worker, workers); block < end; block++) {
      int from = offset + block * BLOCK;
      blocks[block] = squares(gradients.array(), from, Math.min(from + BLOCK, offset + size));
    }
  }

  private static double squares(float[] g, int from, int to) {
    double a = 0;
    double b = 0;
    int i = from;
    for (; i + 1 < to; i += 2) {
      a += (double) g[i] * g[i];
      b += (double) g[i + 1] * g[i + 1];
    }
    return i < to ? a + b + (double) g[i] * g[i] : a + b;
  }

  @Override
  void finish() {
    double sum = 0;
    for (double block : blocks) {
      sum += block;
    }
    double length = Math.sqrt(sum);
    norm.set(0, length);
    norm.set(1, Math.min(1, limit / length));
  }
}
