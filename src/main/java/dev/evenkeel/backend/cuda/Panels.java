package dev.evenkeel.backend.cuda;

/**
 * How a matrix is cut for a kernel: panels of columns side by side, slabs of rows one below the
 * other, a block of {@link #THREADS} threads to each. A thread has one vector of columns, {@code
 * lanes} of them lie beside each other in a block.
 *
 * <p>It depends on the shape alone: sums are merged slab by slab, so they don't depend on the GPU.
 */
record Panels(int lanes, int panels, int slabs, int rowsPerSlab) {

  /** Of every block, as {@code kernels/common.cuh} has it. */
  static final int THREADS = 256;

  static final int WARP = 32;

  /** Rows that a thread asks memory for at once. */
  private static final int ROWS_AT_ONCE = 8;

  /** Two to each processor of a large GPU: a small matrix is rather cut into as many. */
  private static final int BLOCKS_AT_ONCE = 256;

  /** Of sums: all at once, and few partial sums to merge. */
  private static final int BLOCKS_OF_SUMS = BLOCKS_AT_ONCE;

  /** One block merges a panel's slabs while all others are done: better many panels, few slabs. */
  private static final int PANELS_OF_SUMS = 32;

  /** Where that makes a panel narrower, it stays as wide as what the caches keep together. */
  private static final int LINE_BYTES = 128;

  /** More blocks than run at a time, so that all processors end together. */
  private static final int BLOCKS_OF_ROWS = 8192;

  /** Blocks that keep a large GPU's processors busy where each has all rows of its columns. */
  private static final int BLOCKS_OF_PANELS = 128;

  /** Memory is read in pieces of 64 bytes: a panel is not narrower. */
  private static final int NARROWEST_BYTES = 64;

  /**
   * For work on elements. Few of them are rather spread over all processors than given to a thread
   * eight at once.
   *
   * @param width elements to a vector
   */
  static Panels ofElements(int rows, int columns, int width) {
    long each = (long) rows * vectors(columns, width) / ((long) THREADS * BLOCKS_AT_ONCE);
    return ofElements(rows, columns, width, (int) Math.max(1, Math.min(ROWS_AT_ONCE, each)));
  }

  /** The same, where a thread first looks up what its columns are scaled by: for eight rows. */
  static Panels ofScaledElements(int rows, int columns, int width) {
    return ofElements(rows, columns, width, ROWS_AT_ONCE);
  }

  private static Panels ofElements(int rows, int columns, int width, int rowsAtOnce) {
    int lanes = Math.min(powerOfTwo(vectors(columns, width)), THREADS / powerOfTwo(rows, 8));
    return cut(rows, columns, width, lanes, rowsAtOnce, BLOCKS_OF_ROWS);
  }

  /** For sums over the rows, or over all: a warp's lanes at most beside each other. */
  static Panels ofSums(int rows, int columns, int width, int elementBytes) {
    int vectors = vectors(columns, width);
    int narrowest = Math.min(WARP, LINE_BYTES / (width * elementBytes));
    int lanes = powerOfTwo(vectors, WARP);
    while (lanes > narrowest && divideUp(vectors, lanes) < PANELS_OF_SUMS) {
      lanes /= 2;
    }
    return cut(rows, columns, width, lanes, ROWS_AT_ONCE, BLOCKS_OF_SUMS);
  }

  /** One slab: each block has all rows of its columns. */
  static Panels ofWholeColumns(int rows, int columns, int width, int elementBytes) {
    int vectors = vectors(columns, width);
    int narrowest = Math.max(1, NARROWEST_BYTES / (width * elementBytes));
    int lanes = powerOfTwo(vectors, WARP);
    while (lanes > narrowest && divideUp(vectors, lanes) < BLOCKS_OF_PANELS) {
      lanes /= 2;
    }
    return new Panels(lanes, divideUp(vectors, lanes), 1, rows);
  }

  /**
   * Each block has all rows of its columns in one group of rows after another: {@code rowsPerSlab}
   * counts groups here. Few rows have many columns beside them, so that no thread is idle.
   */
  static Panels ofGroups(int rows, int groups, int columns, int width, int elementBytes) {
    int vectors = vectors(columns, width);
    int narrowest = Math.max(1, NARROWEST_BYTES / (width * elementBytes));
    int longest = divideUp(rows, groups);
    int lanes = powerOfTwo(vectors, WARP);
    while (lanes > narrowest
        && THREADS / lanes < longest
        && (long) divideUp(vectors, lanes) * groups < BLOCKS_OF_PANELS) {
      lanes /= 2;
    }
    int panels = divideUp(vectors, lanes);
    int perSlab = divideUp(groups, Math.max(1, BLOCKS_OF_SUMS / panels));
    return new Panels(lanes, panels, divideUp(groups, perSlab), perSlab);
  }

  CudaDriver.Grid grid() {
    return new CudaDriver.Grid(panels, slabs, THREADS, 1);
  }

  private static Panels cut(
      int rows, int columns, int width, int lanes, int rowsAtOnce, int blocks) {
    int down = THREADS / lanes;
    int panels = divideUp(vectors(columns, width), lanes);
    int most = Math.max(1, blocks / panels);
    int wanted = Math.min(divideUp(rows, down * rowsAtOnce), most);
    int rowsPerSlab = divideUp(divideUp(rows, wanted), down) * down;
    return new Panels(lanes, panels, divideUp(rows, rowsPerSlab), rowsPerSlab);
  }

  static int divideUp(int count, int by) {
    return (int) (((long) count + by - 1) / by);
  }

  private static int vectors(int columns, int width) {
    return divideUp(columns, width);
  }

  /** The smallest power of two that is no less than {@code count}, or {@code limit}. */
  static int powerOfTwo(int count, int limit) {
    int power = 1;
    while (power < count && power < limit) {
      power *= 2;
    }
    return power;
  }

  private static int powerOfTwo(int count) {
    return powerOfTwo(count, THREADS);
  }
}
