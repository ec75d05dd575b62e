package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/**
 * An operation on the elements of a matrix that may sum over its rows, or over each of its groups
 * of rows, and work on with the sums: panel of columns by panel, in phases, in each of which
 * workers take blocks of rows. What a phase sums is added up between it and the next, block by
 * block, so that results are the same bits for any number of workers.
 *
 * <p>A panel is read in pieces of as many of its rows as fit into a scratch array, so that loops
 * are long even where rows are short; per-column vectors are repeated for each row of a piece.
 *
 * <p>Workers take rows, since rows lie apart in memory: of a matrix that was shared by columns,
 * what the processor fetches ahead is the next worker's, who then has to fetch it back (measured
 * with halves of 1 kB: six times as long).
 */
abstract class RowBlocks extends ParallelOperation {

  /**
   * Additions to a partial sum in float, before it is added up in double: more of one sign, beside
   * an outlier, would show in the seventh digit.
   */
  private static final int SLAB = 32;

  final int rows;
  final int columns;
  final int groups;
  private final int blocksPerGroup;
  private final int firstPhase;
  private final int phases;
  private final int stride;
  private final Scratch[] scratch;
  private int phase;
  private int from;
  private int width;

  /**
   * @param phases are counted from {@code firstPhase} on
   */
  RowBlocks(
      Scratch[] scratch,
      Workers workers,
      Matrix x,
      int groups,
      int firstPhase,
      int phases,
      double nanosecondsPerElement) {
    super(workers, x.size() * nanosecondsPerElement);
    this.scratch = scratch;
    this.rows = x.rows();
    this.columns = x.columns();
    this.groups = groups;
    this.firstPhase = firstPhase;
    this.phases = phases;
    this.blocksPerGroup =
        isWorthSplitting(x.size() * nanosecondsPerElement)
            ? Math.max(1, blocks(rows / groups) / groups)
            : 1;
    this.stride = Math.min(columns, Scratch.WIDTH);
    scratch[0].reserveTotals(groups * blocksPerGroup * stride);
  }

  /** A power of 2, so that two workers, or four, have as many: 8 rows and more, or 32 of many. */
  private static int blocks(int rows) {
    return Integer.highestOneBit(
        Math.max(1, Math.max(Math.min(rows / 8, 16), Math.min(rows / 32, 64))));
  }

  @Override
  final void runParts() {
    scratch[0].totals(); // made by one thread, for all
    for (from = 0; from < columns; from += Scratch.WIDTH) {
      width = Math.min(Scratch.WIDTH, columns - from);
      for (phase = firstPhase; phase < phases; phase++) {
        if (groups * blocksPerGroup == 1) {
          run(0, 1); // one has all of it, so the caller
        } else {
          super.runParts();
        }
        between(phase, from, width);
      }
    }
  }

  @Override
  public final void run(int worker, int workers) {
    int blocks = groups * blocksPerGroup;
    int end = share(blocks, worker + 1, workers);
    int loaded = -1;
    for (int block = share(blocks, worker, workers); block < end; block++) {
      int group = block / blocksPerGroup;
      if (group != loaded) {
        load(scratch[worker], phase, group, from, width);
        loaded = group;
      }
      int part = block % blocksPerGroup;
      int first = firstRow(group);
      int count = firstRow(group + 1) - first;
      int begin = first + share(count, part, blocksPerGroup);
      int rowsOfBlock = first + share(count, part + 1, blocksPerGroup) - begin;
      block(scratch[worker], phase, block, begin, rowsOfBlock, from, width);
    }
  }

  /** Where the share of a part begins. */
  static int share(int count, int part, int parts) {
    return (int) ((long) count * part / parts);
  }

  final int firstRow(int group) {
    return BatchNormMemory.firstRow(group, groups, rows);
  }

  /** Takes the vectors that a phase needs of a group for these columns. */
  abstract void load(Scratch scratch, int phase, int group, int from, int width);

  /** A phase's work on {@code count} rows from one on. */
  abstract void block(
      Scratch scratch, int phase, int block, int row, int count, int from, int width);

  /** On the caller's thread, when all blocks of a phase are done. */
  abstract void between(int phase, int from, int width);

  /**
   * Where a block's own totals are kept until they are added up: two arrays, of which the block has
   * the values from {@link #cleared} on.
   */
  final double[][] totals() {
    return scratch[0].totals();
  }

  /** total := the sum of a group's blocks. */
  final void addUp(double[] totals, int group, double[] total, int width) {
    Arrays.fill(total, 0, width, 0);
    for (int part = 0; part < blocksPerGroup; part++) {
      int at = place(group * blocksPerGroup + part);
      for (int j = 0; j < width; j++) {
        total[j] += totals[at + j];
      }
    }
  }

  /** Where {@link #totals} has a group's first block. */
  final int placeOf(int group) {
    return place(group * blocksPerGroup);
  }

  private int place(int block) {
    return block * stride;
  }

  /** Sets a block's own totals to 0, and says where they are. */
  final int cleared(int block, int width) {
    int place = place(block);
    for (double[] totals : totals()) {
      Arrays.fill(totals, place, place + width, 0);
    }
    return place;
  }

  /** The caller's own arrays, between phases. */
  final Scratch own() {
    return scratch[0];
  }

  static int rowsPerPiece(int width) {
    return Scratch.WIDTH / width;
  }

  /** Whether the partial sums of the pieces up to this one, since row 0, are to be flushed. */
  static boolean endsSlab(int row, int width) {
    return row / rowsPerPiece(width) % SLAB == SLAB - 1;
  }

  /** Copies a piece: {@code count} rows of a panel, one after the other; returns its length. */
  final int load(Floats x, int row, int count, int from, int width, float[] piece) {
    int at = row * columns + from;
    if (width == columns) {
      x.read(at, piece, count * width);
    } else {
      for (int i = 0; i < count; i++) {
        System.arraycopy(x.array(), x.start() + at + i * columns, piece, i * width, width);
      }
    }
    return count * width;
  }

  final void store(float[] piece, Floats x, int row, int count, int from, int width) {
    int at = row * columns + from;
    if (width == columns) {
      x.write(piece, at, count * width);
    } else {
      for (int i = 0; i < count; i++) {
        System.arraycopy(piece, i * width, x.array(), x.start() + at + i * columns, width);
      }
    }
  }

  /** Dropout of a piece. */
  final void drop(
      Drops drops, Scratch scratch, float[] piece, int row, int count, int from, int width) {
    long first = (long) row * columns + from;
    if (width == columns) {
      drops.apply(scratch, piece, 0, count * width, first);
    } else {
      for (int i = 0; i < count; i++) {
        drops.apply(scratch, piece, i * width, width, first + (long) i * columns);
      }
    }
  }

  /** Repeats the first {@code width} values for each row of a piece. */
  static void repeat(float[] vector, int width) {
    for (int i = 1; i < rowsPerPiece(width); i++) {
      System.arraycopy(vector, 0, vector, i * width, width);
    }
  }

  /** total += the partial sums of all rows of a piece, which become 0. */
  static void flush(float[] partial, double[] total, int at, int width) {
    for (int i = 0; i < rowsPerPiece(width); i++) {
      for (int j = 0; j < width; j++) {
        total[at + j] += partial[i * width + j];
      }
    }
    Arrays.fill(partial, 0f);
  }
}
