package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/**
 * An operation whose columns are independent of each other: workers take columns, and walk them in
 * panels. A panel is read in pieces of as many of its rows as fit into a scratch array, so that
 * loops are long even where rows are short; per-column vectors are repeated for each row of a
 * piece.
 */
abstract class Columns extends ParallelOperation {

  /**
   * Additions to a partial sum in float, before it is added up in double: more of one sign, beside
   * an outlier, would show in the seventh digit.
   */
  private static final int SLAB = 32;

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

  /** How many rows of a panel make a piece. */
  final int rowsPerPiece(int width) {
    return rowsPerPiece(width, rows);
  }

  /** The same where the work is on some of the rows. */
  static int rowsPerPiece(int width, int rows) {
    return Math.min(rows, Scratch.WIDTH / width);
  }

  /** Whether the partial sums of the pieces up to this one, since row 0, are to be flushed. */
  static boolean endsSlab(int row, int rowsPerPiece) {
    return row / rowsPerPiece % SLAB == SLAB - 1;
  }

  /** Copies a piece: {@code count} rows of a panel, one after the other; returns its length. */
  final int load(float[] x, int offset, int row, int count, int from, int width, float[] piece) {
    int at = offset + row * columns + from;
    if (width == columns) {
      System.arraycopy(x, at, piece, 0, count * width);
    } else {
      for (int i = 0; i < count; i++) {
        System.arraycopy(x, at + i * columns, piece, i * width, width);
      }
    }
    return count * width;
  }

  final void store(float[] piece, float[] x, int offset, int row, int count, int from, int width) {
    int at = offset + row * columns + from;
    if (width == columns) {
      System.arraycopy(piece, 0, x, at, count * width);
    } else {
      for (int i = 0; i < count; i++) {
        System.arraycopy(piece, i * width, x, at + i * columns, width);
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
  static void repeat(float[] vector, int width, int rowsPerPiece) {
    for (int i = 1; i < rowsPerPiece; i++) {
      System.arraycopy(vector, 0, vector, i * width, width);
    }
  }

  /** total += the partial sums of all rows of a piece, which become 0. */
  static void flush(float[] partial, double[] total, int width, int rowsPerPiece) {
    for (int i = 0; i < rowsPerPiece; i++) {
      for (int j = 0; j < width; j++) {
        total[j] += partial[i * width + j];
      }
    }
    Arrays.fill(partial, 0, width * rowsPerPiece, 0f);
  }
}
