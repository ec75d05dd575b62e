package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that belong together stay together, and rows in order stay in order. */
class GroupsTest {

  @TempDir Path folder;

  /** 60 groups of 1 to 40 rows, all mixed. */
  private static int[] groups(long seed) {
    Random random = new Random(seed);
    int[] groups =
        IntStream.range(0, 60)
            .flatMap(g -> IntStream.range(0, 1 + random.nextInt(40)).map(i -> g))
            .toArray();
    for (int i = groups.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = groups[i];
      groups[i] = groups[j];
      groups[j] = swapped;
    }
    return groups;
  }

  private static void assertEachRowOnce(int rows, Split split) {
    int[] all =
        Stream.of(split.train(), split.valid(), split.test())
            .flatMapToInt(Arrays::stream)
            .sorted()
            .toArray();
    assertArrayEquals(IntStream.range(0, rows).toArray(), all);
  }

  private static void assertNoGroupInTwo(int[] groups, Split split) {
    int[] part = new int[groups.length];
    Arrays.fill(part, -1);
    List<int[]> parts = List.of(split.train(), split.valid(), split.test());
    for (int k = 0; k < 3; k++) {
      for (int row : parts.get(k)) {
        int group = groups[row];
        assertTrue(part[group] < 0 || part[group] == k, "group " + group + " is in two parts");
        part[group] = k;
      }
    }
  }

  @Test
  void noGroupIsInTwoPartsAndSharesAreNear() {
    for (long seed = 0; seed < 200; seed++) {
      int[] groups = groups(seed);
      Split split = Split.grouped(groups, 0.1, 0.2, seed);
      assertEachRowOnce(groups.length, split);
      assertNoGroupInTwo(groups, split);
      assertEquals(0.1 * groups.length, split.valid().length, 40, "seed " + seed);
      assertEquals(0.2 * groups.length, split.test().length, 40, "seed " + seed);
      assertEquals(split, Split.grouped(groups, 0.1, 0.2, seed));
    }
    int[] groups = groups(1);
    assertNotEquals(Split.grouped(groups, 0.1, 0.2, 1), Split.grouped(groups, 0.1, 0.2, 2));
  }

  /** Drawn last, it would be all that validates. */
  @Test
  void aGiantTrains() {
    for (long seed = 0; seed < 200; seed++) {
      int[] groups = IntStream.range(0, 100).map(row -> Math.max(0, row - 60)).toArray();
      Split split = Split.grouped(groups, 0.1, 0.2, seed);
      assertNoGroupInTwo(groups, split);
      assertEquals(0, groups[split.train()[0]], "seed " + seed);
      assertEquals(10, split.valid().length, "seed " + seed);
      assertEquals(20, split.test().length, "seed " + seed);
    }
  }

  @Test
  void asManyGroupsAsPartsFillThemAll() {
    int[] groups = {0, 0, 0, 0, 0, 0, 1, 1, 2};
    for (long seed = 0; seed < 50; seed++) {
      Split split = Split.grouped(groups, 0.01, 0.01, seed);
      assertNoGroupInTwo(groups, split);
      assertTrue(split.valid().length > 0 && split.test().length > 0, split::toString);
    }
    Expect.failure(
        () -> Split.grouped(new int[] {0, 0, 1}, 0.1, 0.2, 1),
        "2 groups can't be parted into 3: the rows of a group stay together",
        "help: ");
    assertEquals(1, Split.grouped(new int[] {0, 0, 1}, 0, 0.4, 1).test().length);
  }

  /** Whatever the machine: a run must be resumed and evaluated on the rows that it began with. */
  @Test
  void theSplitIsThisOne() {
    int[] groups = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    Split split = Split.grouped(groups, 0.1, 0.2, 1);
    assertArrayEquals(new int[] {9, 19}, split.valid());
    assertArrayEquals(new int[] {1, 2, 11, 12}, split.test());
  }

  @Test
  void foldsAreOfWholeGroups() {
    for (long seed = 0; seed < 50; seed++) {
      int[] groups = groups(seed);
      int[] tested = new int[groups.length];
      int largest = 0;
      int smallest = groups.length;
      for (Split fold : Folds.grouped(groups, 5, 0.1, seed)) {
        assertEachRowOnce(groups.length, fold);
        assertNoGroupInTwo(groups, fold);
        assertTrue(fold.valid().length > 0);
        Arrays.stream(fold.test()).forEach(row -> tested[row]++);
        largest = Math.max(largest, fold.test().length);
        smallest = Math.min(smallest, fold.test().length);
      }
      assertTrue(Arrays.stream(tested).allMatch(n -> n == 1), Arrays.toString(tested));
      assertTrue(largest - smallest <= 40, smallest + " to " + largest);
    }
    Expect.failure(
        () -> Folds.grouped(new int[] {0, 0, 0, 1, 1, 2}, 5, 0, 1),
        "3 groups can't be parted into 5 folds. help: a number of folds from 2 to 3");
  }

  @Test
  void orderedIsAsTheRowsStand() {
    Split split = Split.ordered(10, 0.2, 0.3);
    assertArrayEquals(new int[] {0, 1, 2, 3, 4}, split.train());
    assertArrayEquals(new int[] {5, 6}, split.valid());
    assertArrayEquals(new int[] {7, 8, 9}, split.test());
    Expect.failure(() -> Split.ordered(3, 0.1, 0), "From 3 rows", "set aside for validation");
  }

  private Groups read(String... names) throws IOException {
    StringBuilder csv = new StringBuilder("who,x\n");
    for (String name : names) {
      csv.append(name).append(",1\n");
    }
    return Groups.of(Table.read(Files.writeString(folder.resolve("g.csv"), csv)), "who");
  }

  @Test
  void valuesAreToldApartAsWritten() throws IOException {
    assertEquals(List.of("b", "a"), read("b", "a", "b").names());
    assertArrayEquals(new int[] {0, 1, 0}, read("b", "a", "b").ofRow());
    assertArrayEquals(new int[] {0, 0, 0, 1}, read("17", "17.0", "017", "18").ofRow());
    assertArrayEquals(
        new int[] {0, 1}, read("12345678901234567890", "12345678901234567891").ofRow());
    Expect.failure(() -> read("a", "", "b"), "g.csv, line 3: the group \"who\" is missing");
  }
}
