package dev.evenkeel.backend.cuda;

/**
 * How rows, or groups of a row's neighbours, are given to threads where each has sums of its own: a
 * team of {@code lanes} threads has one of them. It depends on the shape alone, and with it the
 * order of every sum.
 */
record Teams(int lanes, int blocks) {

  private static final int WARP = 32;

  /** Vectors that a thread keeps in registers, as {@code kernels/teams.cuh} has it. */
  private static final int VECTORS_HELD = 4;

  /** Enough blocks to give every processor of a large GPU one or two. */
  private static final int BLOCKS = 256;

  /**
   * A warp at most, but for units that it can't hold, or too few to keep a GPU busy.
   *
   * @param units rows, or groups of all rows
   * @param length elements of a unit
   * @param width elements to a vector
   */
  static Teams of(int units, int length, int width) {
    int vectors = Panels.divideUp(length, width);
    int lanes = Panels.powerOfTwo(vectors, WARP);
    while (lanes < Math.min(vectors, Panels.THREADS)
        && (vectors > lanes * VECTORS_HELD || blocks(units, lanes) < BLOCKS)) {
      lanes *= 2;
    }
    return new Teams(lanes, blocks(units, lanes));
  }

  private static int blocks(int units, int lanes) {
    return Panels.divideUp(units, Panels.THREADS / lanes);
  }

  CudaDriver.Grid grid() {
    return CudaDriver.Grid.of(blocks, Panels.THREADS);
  }
}
