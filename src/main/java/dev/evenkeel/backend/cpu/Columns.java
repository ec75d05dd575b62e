package dev.evenkeel.backend.cpu;

import dev.evenkeel.tensor.Matrix;

/**
 * An operation whose columns are independent of each other: workers take columns, and walk them in
 * panels narrow enough for a panel's rows to stay in the second-level cache between passes.
 */
abstract class Columns extends ParallelOperation {

  final int rows;
  final int columns;
  private final Scratch[] scratch;

  Columns(Scratch[] scratch, Workers workers, Matrix x, double nanosecondsPerElement) {
    super(workers, x.size() * nanosecondsPerElement);
    this.rows = x.rows();
    this.columns = x.columns();
    this.scratch = scratch;
  }

  @Override
  public final void run(int worker, int workers) {
    int end = begin(columns, worker + 1, workers);
    for (int from = begin(columns, worker, workers); from < end; from += Scratch.WIDTH) {
      panel(scratch[worker], from, Math.min(Scratch.WIDTH, end - from));
    }
  }

  /** Works on all rows of the columns from … from + width − 1. */
  abstract void panel(Scratch scratch, int from, int width);

  /** Copies the piece of a row that belongs to a panel. */
  final void load(float[] x, int offset, int row, int from, float[] piece, int width) {
    System.arraycopy(x, offset + row * columns + from, piece, 0, width);
  }

  final void store(float[] piece, float[] x, int offset, int row, int from, int width) {
    System.arraycopy(piece, 0, x, offset + row * columns + from, width);
  }

  /** total += partial, and partial := 0. */
  static void flush(float[] partial, double[] total, int width) {
    for (int j = 0; j < width; j++) {
      total[j] += partial[j];
      partial[j] = 0;
    }
  }
}
