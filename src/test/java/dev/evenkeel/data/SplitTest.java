package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.evenkeel.Expect;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitTest {

  private static long count(int[] rows, int[] labels, int label) {
    return Arrays.stream(rows).filter(row -> labels[row] == label).count();
  }

  @Test
  void everyRowIsInExactlyOnePart() {
    Split split = Split.of(1003, 0.2, 0.1, 7);
    int[] all = concat(split);
    Arrays.sort(all);
    assertArrayEquals(IntStream.range(0, 1003).toArray(), all);
    assertEquals(201, split.valid().length);
    assertEquals(100, split.test().length);
  }

  private static int[] concat(Split split) {
    return IntStream.concat(
            Arrays.stream(split.train()),
            IntStream.concat(Arrays.stream(split.valid()), Arrays.stream(split.test())))
        .toArray();
  }

  @Test
  void theSeedAloneDecides() {
    assertEquals(Split.of(100, 0.3, 0, 1), Split.of(100, 0.3, 0, 1));
    assertNotEquals(Split.of(100, 0.3, 0, 1), Split.of(100, 0.3, 0, 2));
    int[] first = IntStream.range(0, 70).toArray();
    assertNotEquals(Arrays.toString(first), Arrays.toString(Split.of(100, 0.3, 0, 1).train()));
  }

  @Test
  void everyClassIsSpreadByLargestRemainder() {
    int[] labels = new int[163];
    Arrays.fill(labels, 100, 150, 1);
    Arrays.fill(labels, 150, 162, 2);
    labels[162] = 3;
    Split split = Split.stratified(labels, 0.2, 0.1, 5);
    long[][] expected = {{70, 20, 10}, {35, 10, 5}, {9, 2, 1}, {1, 0, 0}};
    for (int label = 0; label < 4; label++) {
      assertEquals(expected[label][0], count(split.train(), labels, label), "class " + label);
      assertEquals(expected[label][1], count(split.valid(), labels, label), "class " + label);
      assertEquals(expected[label][2], count(split.test(), labels, label), "class " + label);
    }
  }

  /** Each class by itself would give no row to validate. */
  @Test
  void smallClassesTogetherFillEachPart() {
    int[] fives = IntStream.range(0, 100).map(row -> row / 5).toArray();
    Split split = Split.stratified(fives, 0.1, 0.2, 1);
    assertEquals(10, split.valid().length, 1);
    assertEquals(20, split.test().length, 1);
    for (int label = 0; label < 20; label++) {
      assertEquals(0.5, count(split.valid(), fives, label), 0.5, "class " + label);
      assertEquals(1, count(split.test(), fives, label), 1, "class " + label);
    }
  }

  /** Else the one large class alone would validate. */
  @Test
  void smallClassesValidateBesideALargeOne() {
    int[] labels = IntStream.range(0, 120).map(row -> row < 80 ? row / 4 : 20).toArray();
    Split split = Split.stratified(labels, 0.1, 0.2, 1);
    assertEquals(12, split.valid().length, 1);
    assertEquals(24, split.test().length, 1);
    assertEquals(4, count(split.valid(), labels, 20), 1);
  }

  @Test
  void everyClassTrainsHoweverSmall() {
    int[] labels = {0, 0, 1, 2, 2, 2};
    Split split = Split.stratified(labels, 0.45, 0.45, 3);
    for (int label = 0; label < 3; label++) {
      assertNotEquals(0, count(split.train(), labels, label), "class " + label);
    }
  }

  @Test
  void aSplitOfADatasetIsStratifiedForClasses() {
    int[] labels = IntStream.range(0, 100).map(i -> i % 10 == 0 ? 1 : 0).toArray();
    Dataset data = Dataset.classification("d", new float[100], 1, labels, List.of("no", "yes"));
    assertEquals(2, count(Split.of(data, 0.2, 0, 1).valid(), labels, 1));
    assertEquals(
        Split.of(100, 0.2, 0, 1), Split.of(Dataset.unlabelled("u", new float[100], 1), 0.2, 0, 1));
  }

  @Test
  void impossibleFractionsAreNamed() {
    Expect.failure(
        () -> Split.of(10, 0.6, 0.4, 1), "0.6 for validation and 0.4 for testing", "less than 1");
    Expect.failure(() -> Split.of(10, -0.1, 0, 1), "must not be negative");
    Expect.failure(() -> Split.of(10, Double.NaN, 0, 1), "NaN");
    Expect.failure(
        () -> Split.of(3, 0.1, 0, 1),
        "From 3 rows no fraction of",
        "0.1 can be set aside for validation");
    Expect.failure(() -> Split.of(0, 0, 0, 1), "From 0 rows no fraction of", "training");
    Expect.failure(() -> Split.stratified(new int[] {0, -1}, 0, 0, 1), "class label -1");
  }

  @Test
  void aTargetOfOneRowPerClassIsNamedAsTheReason() {
    int[] labels = IntStream.range(0, 50).toArray();
    Expect.failure(
        () -> Split.stratified(labels, 0.1, 0, 1), "From 50 rows in 50 classes no fraction of");
  }
}
