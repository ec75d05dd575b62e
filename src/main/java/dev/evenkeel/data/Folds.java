package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.List;
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
    if (count < 2 || count > labels.length) {
      throw new EvenkeelException(
          "%s can't be parted into %s. help: a number of folds from 2 to %,d"
              .formatted(
                  Words.counted(labels.length, "row"),
                  Words.counted(count, "fold"),
                  Math.max(2, labels.length)));
    }
    int[] fold = new int[labels.length];
    Philox random = new Philox(seed, Split.STREAM);
    int next = 0;
    for (int[] members : Split.rowsOfClasses(labels)) {
      random.shuffle(members);
      for (int row : members) {
        fold[row] = next++ % count;
      }
    }
    List<Split> splits = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      int testing = k;
      int[] test = rows(labels.length, row -> fold[row] == testing);
      int[] others = rows(labels.length, row -> fold[row] != testing);
      int[] left = IntStream.of(others).map(row -> labels[row]).toArray();
      Split inner = Split.stratified(left, validFraction, 0, seed);
      splits.add(new Split(pick(others, inner.train()), pick(others, inner.valid()), test));
    }
    return splits;
  }

  private static int[] rows(int count, IntPredicate wanted) {
    return IntStream.range(0, count).filter(wanted).toArray();
  }

  private static int[] pick(int[] rows, int[] positions) {
    return IntStream.of(positions).map(i -> rows[i]).toArray();
  }
}
