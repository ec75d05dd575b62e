package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Splits for k-fold cross-validation: each row tests in exactly one of them. Each class is dealt
 * out by itself, one row after the other, and the next class goes on where the last one ended: so
 * neither the folds' sizes nor any class's share of them differ by more than one row. The same seed
 * gives the same folds everywhere.
 */
public final class Folds {

  private Folds() {}

  /**
   * @param labels the class index of every row; all 0 where there are no classes
   * @param validFraction of the rows that don't test, set aside in each fold to validate on
   */
  public static List<Split> of(int[] labels, int count, double validFraction, long seed) {
    requireSeveral(count, labels.length, "row");
    int[] fold = new int[labels.length];
    Philox random = Split.random(seed);
    int next = 0;
    for (int[] members : Split.rowsOfClasses(labels)) {
      random.shuffle(members);
      for (int row : members) {
        fold[row] = next++ % count;
      }
    }
    return splits(
        fold,
        count,
        seed,
        (others, own) -> Split.stratified(pick(labels, others), validFraction, 0, own));
  }

  /**
   * The same by groups, whose rows stay together: from the largest on, each goes whole to the fold
   * with the fewest rows, so that folds differ by no more than the largest group. Classes fall as
   * they may.
   *
   * @param groups the group of every row, from 0
   */
  public static List<Split> grouped(int[] groups, int count, double validFraction, long seed) {
    List<int[]> members = Split.shuffledGroups(groups, Split.random(seed));
    requireSeveral(count, members.size(), "group");
    members.sort(Comparator.comparingInt(rows -> -rows.length));
    int[] fold = new int[groups.length];
    int[] sizes = new int[count];
    for (int[] rows : members) {
      int smallest =
          IntStream.range(0, count).reduce((a, b) -> sizes[b] < sizes[a] ? b : a).orElseThrow();
      IntStream.of(rows).forEach(row -> fold[row] = smallest);
      sizes[smallest] += rows.length;
    }
    return splits(
        fold,
        count,
        seed,
        (others, own) -> Split.grouped(pick(groups, others), validFraction, 0, own));
  }

  private static void requireSeveral(int count, int units, String unit) {
    if (count < 2 || count > units) {
      throw new EvenkeelException(
          "%s can't be parted into %s. help: a number of folds from 2 to %,d"
              .formatted(
                  Words.counted(units, unit), Words.counted(count, "fold"), Math.max(2, units)));
    }
  }

  /**
   * @param inner parts the rows that don't test, by a stream of random numbers that is the fold's
   *     own: by the same one, rows in the same places would validate in all folds
   */
  private static List<Split> splits(
      int[] fold, int count, long seed, BiFunction<int[], Philox, Split> inner) {
    List<Split> splits = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      int testing = k;
      int[] others = rows(fold.length, row -> fold[row] != testing);
      Split left = inner.apply(others, new Philox(seed, Split.STREAM - 1 - k));
      splits.add(
          new Split(
              pick(others, left.train()),
              pick(others, left.valid()),
              rows(fold.length, row -> fold[row] == testing)));
    }
    return splits;
  }

  private static int[] rows(int count, IntPredicate wanted) {
    return IntStream.range(0, count).filter(wanted).toArray();
  }

  private static int[] pick(int[] values, int[] positions) {
    return IntStream.of(positions).map(i -> values[i]).toArray();
  }
}
