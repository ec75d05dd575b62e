package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FoldsTest {

  /** 103 rows in three classes of very different sizes. */
  private static final int[] LABELS =
      IntStream.range(0, 103).map(i -> i % 10 == 3 ? 2 : i % 3 == 0 ? 1 : 0).toArray();

  @Test
  void everyRowTestsOnceAndIsInOnePartOfEachFold() {
    int[] tested = new int[LABELS.length];
    for (Split fold : Folds.of(LABELS, 5, 0.2, 7)) {
      int[] seen = new int[LABELS.length];
      for (int[] part : List.of(fold.train(), fold.valid(), fold.test())) {
        Arrays.stream(part).forEach(row -> seen[row]++);
      }
      assertTrue(Arrays.stream(seen).allMatch(n -> n == 1), Arrays.toString(seen));
      assertTrue(fold.valid().length > 0);
      Arrays.stream(fold.test()).forEach(row -> tested[row]++);
    }
    assertTrue(Arrays.stream(tested).allMatch(n -> n == 1), Arrays.toString(tested));
  }

  @Test
  void foldsDifferByOneRowAtMostInSizeAndInEveryClass() {
    List<Split> folds = Folds.of(LABELS, 6, 0, 7);
    assertSpread(folds, row -> true);
    for (int label = 0; label < 3; label++) {
      int wanted = label;
      assertSpread(folds, row -> LABELS[row] == wanted);
    }
  }

  private static void assertSpread(List<Split> folds, java.util.function.IntPredicate counted) {
    var counts =
        folds.stream()
            .mapToLong(fold -> Arrays.stream(fold.test()).filter(counted).count())
            .summaryStatistics();
    assertTrue(counts.getMin() > 0, counts::toString);
    assertTrue(counts.getMax() - counts.getMin() <= 1, counts::toString);
  }

  /** Rows would else validate again and again, for no other reason than where they stand. */
  @Test
  void eachFoldDrawsItsValidationRowsAnew() {
    int[] ofGroups = IntStream.range(0, 1000).map(row -> row / 2).toArray();
    assertDrawnAnew(Folds.of(new int[500], 5, 0.1, 7));
    assertDrawnAnew(Folds.grouped(ofGroups, 5, 0.1, 7));
  }

  /** By places among the rows that don't test: the same draws would lead to the same places. */
  private static void assertDrawnAnew(List<Split> folds) {
    Set<List<Integer>> places = new HashSet<>();
    for (Split fold : folds) {
      int[] others =
          IntStream.concat(IntStream.of(fold.train()), IntStream.of(fold.valid()))
              .sorted()
              .toArray();
      places.add(
          IntStream.of(fold.valid()).map(row -> Arrays.binarySearch(others, row)).boxed().toList());
    }
    assertEquals(folds.size(), places.size());
  }

  @Test
  void theSeedDecidesThem() {
    assertEquals(Folds.of(LABELS, 5, 0.1, 7), Folds.of(LABELS, 5, 0.1, 7));
    assertNotEquals(Folds.of(LABELS, 5, 0.1, 7), Folds.of(LABELS, 5, 0.1, 8));
  }

  @Test
  void tooFewRowsAreRefused() {
    String message =
        assertThrows(EvenkeelException.class, () -> Folds.of(new int[4], 5, 0, 1)).getMessage();
    assertTrue(message.contains("4 rows can't be parted into 5 folds. help: "), message);
  }
}
