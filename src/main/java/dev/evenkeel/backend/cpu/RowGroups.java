package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.RowNormMemory;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/**
 * An operation over groups of neighbouring features of one row: workers take rows. What is worked
 * on at once is as many whole groups as fit into a scratch array, of several rows where rows are
 * short, so that loops are long; or one group, in chunks, where it is longer than that.
 *
 * <p>A matrix has no gaps: group g of row i is group i · groups + g of all, and begins at that many
 * lengths.
 */
abstract class RowGroups extends ParallelOperation {

  final Scratch[] scratch;
  final int rows;
  final int columns;
  final int groups;
  final int length;
  private final int rowsAtOnce;
  private final int groupsAtOnce;
  private final int chunks;
  private final Floats gamma;
  private final Floats beta;

  RowGroups(
      Scratch[] scratch,
      Workers workers,
      Matrix x,
      RowNormMemory norm,
      double nanosecondsPerElement) {
    super(workers, x.size() * nanosecondsPerElement);
    this.scratch = scratch;
    this.rows = x.rows();
    this.columns = x.columns();
    this.groups = norm.groups();
    this.length = columns / groups;
    this.rowsAtOnce = Math.max(1, Math.min(rows, Scratch.WIDTH / columns));
    this.groupsAtOnce =
        columns <= Scratch.WIDTH ? groups : Math.min(groups, Math.max(1, Scratch.WIDTH / length));
    this.chunks = (length + Scratch.WIDTH - 1) / Scratch.WIDTH;
    this.gamma = Floats.of(norm.gamma());
    this.beta = Floats.of(norm.beta());
  }

  /** The pieces that a row's features lie in: several groups each, or a chunk of one. */
  final int[] columnOfPieces() {
    int[] columnOf = new int[(groups + groupsAtOnce - 1) / groupsAtOnce * chunks];
    for (int i = 0; i < columnOf.length; i++) {
      columnOf[i] = i / chunks * groupsAtOnce * length + i % chunks * Scratch.WIDTH;
    }
    return columnOf;
  }

  /** The piece of a group's first feature. */
  final int pieceOf(int group) {
    return group % groups / groupsAtOnce * chunks;
  }

  @Override
  public final void run(int worker, int workers) {
    begin(worker);
    if (columns <= Scratch.WIDTH) {
      loadAffine(scratch[worker], 0, rowsAtOnce * columns);
    }
    int end = begin(rows, worker + 1, workers);
    for (int row = begin(rows, worker, workers); row < end; row += rowsAtOnce) {
      int count = Math.min(rowsAtOnce, end - row);
      for (int group = 0; group < groups; group += groupsAtOnce) {
        work(worker, row * groups + group, count * Math.min(groupsAtOnce, groups - group));
      }
      endRows(worker);
    }
    end(worker);
  }

  /** Works on {@code count} groups from the given one on, counted over all rows. */
  abstract void work(int worker, int group, int count);

  void begin(int worker) {}

  /** After one row, or as many as are worked on at once. */
  void endRows(int worker) {}

  void end(int worker) {}

  /**
   * Fills a scratch's vectors 3 and 4 with the γ and β that belong to n elements from a column on;
   * {@link #work} must do so where a row is longer than a scratch array.
   */
  final void loadAffine(Scratch own, int column, int n) {
    loadFeatures(gamma, column, n, own.vectors[3], 1);
    loadFeatures(beta, column, n, own.vectors[4], 0);
  }

  /** {@code otherwise} where there are no values. */
  private void loadFeatures(Floats values, int column, int n, float[] vector, float otherwise) {
    if (values.isNone()) {
      Arrays.fill(vector, 0, n, otherwise);
    } else {
      int width = Math.min(n, columns - column);
      values.read(column, vector, width);
      for (int from = width; from < n; from += columns) {
        System.arraycopy(values.array(), values.start(), vector, from, Math.min(columns, n - from));
      }
    }
  }

  /** One value for each element of group k of those at hand, as far as a vector goes. */
  final void expand(float value, int k, float[] vector) {
    Arrays.fill(vector, k * length, Math.min((k + 1) * length, Scratch.WIDTH), value);
  }
}
