package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/**
 * Mean and variance of columns over each group of rows, right at any ratio of mean to deviation:
 * two passes over deviations, the second one corrected (Chan, Golub and LeVeque 1983).
 *
 * <p>Pass 1 sums deviations from the first row, which are exact where it matters: a large mean
 * cancels before anything is rounded, and a constant column gives exactly 0. Pass 2 sums deviations
 * d from that mean, and the rounding error of the mean itself is Σd/N. Partial sums of a few dozen
 * rows are float, and are added up in double.
 *
 * <p>The mean is left as two floats, shift + delta: a single one would lose x̂ where the mean is
 * 10⁵ deviations away from 0.
 */
abstract class ColumnMoments extends RowBlocks {

  private static final int MEAN = 0;
  private static final int SQUARES = 1;

  /** The phase after those of the moments. */
  static final int AFTER = 2;

  private final Floats x;
  private final Floats kept;

  /**
   * @param kept takes for group g shift and delta at 3g and 3g + 1 times the columns
   * @param firstPhase {@link #AFTER} leaves the moments out
   */
  ColumnMoments(
      Scratch[] scratch,
      Workers workers,
      Matrix x,
      int groups,
      Floats kept,
      int firstPhase,
      int phases,
      double nanosecondsPerElement) {
    super(scratch, workers, x, groups, firstPhase, phases, nanosecondsPerElement);
    this.x = Floats.of(x);
    this.kept = kept;
  }

  /** Where what is kept of a group has one of its three rows. */
  final int keptAt(int group, int row, int from) {
    return (3 * group + row) * columns + from;
  }

  @Override
  void load(Scratch scratch, int phase, int group, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    if (phase == MEAN) {
      x.read(firstRow(group) * columns + from, shift, width);
    } else {
      kept.read(keptAt(group, 0, from), shift, width);
      kept.read(keptAt(group, 1, from), delta, width);
      repeat(delta, width);
    }
    repeat(shift, width);
  }

  @Override
  void block(Scratch scratch, int phase, int block, int row, int count, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    float[] piece = scratch.pieces[0];
    float[] sum = scratch.pieces[1];
    float[] squares = scratch.pieces[2];
    double[] total = totals()[0];
    double[] totalSquares = totals()[1];
    int at = cleared(block, width);
    Arrays.fill(sum, 0f);
    Arrays.fill(squares, 0f);
    int perPiece = rowsPerPiece(width);
    for (int done = 0; done < count; done += perPiece) {
      int some = Math.min(perPiece, count - done);
      int n = load(x, row + done, some, from, width, piece);
      if (phase == MEAN) {
        addDeviations(piece, shift, sum, n);
      } else {
        addSquares(piece, shift, delta, sum, squares, n);
      }
      if (endsSlab(done, width) || done + some == count) {
        flush(sum, total, at, width);
        if (phase == SQUARES) {
          flush(squares, totalSquares, at, width);
        }
      }
    }
  }

  @Override
  void between(int phase, int from, int width) {
    if (phase >= AFTER) {
      return;
    }
    double[] total = own().sums[0];
    double[] squares = own().sums[1];
    for (int group = 0; group < groups; group++) {
      int first = firstRow(group);
      int count = firstRow(group + 1) - first;
      int shift = keptAt(group, 0, from);
      int delta = keptAt(group, 1, from);
      double share = 1.0 / count;
      addUp(totals()[0], group, total, width);
      if (phase == MEAN) {
        for (int j = 0; j < width; j++) {
          double mean = x.get(first * columns + from + j) + total[j] * share;
          kept.set(shift + j, mean);
          kept.set(delta + j, mean - kept.get(shift + j));
        }
      } else {
        addUp(totals()[1], group, squares, width);
        for (int j = 0; j < width; j++) {
          double correction = total[j] * share;
          squares[j] = Math.max(0, squares[j] * share - correction * correction);
          kept.set(delta + j, kept.get(delta + j) + (float) correction);
        }
        take(group, count, from, width, squares);
      }
    }
  }

  /** Once mean and variance of a group are known, in order of the groups. */
  abstract void take(int group, int count, int from, int width, double[] variance);

  private static void addDeviations(float[] x, float[] shift, float[] sum, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += x[i] - shift[i];
    }
  }

  private static void addSquares(
      float[] x, float[] shift, float[] delta, float[] sum, float[] squares, int n) {
    for (int i = 0; i < n; i++) {
      float d = x[i] - shift[i] - delta[i];
      sum[i] += d;
      squares[i] += d * d;
    }
  }
}
