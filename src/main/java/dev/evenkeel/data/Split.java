package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.tensor.Philox;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which rows train, which validate and which test: three sets of row numbers, each in ascending
 * order, that together are all rows. The same seed gives the same split everywhere.
 */
public record Split(int[] train, int[] valid, int[] test) {

  /** What decides where a row goes. */
  public enum Order {
    RANDOM,
    /** The first rows train, those after them validate, the last ones test. */
    ORDERED
  }

  /** Philox's stream for splits, apart from those of weights, dropout and row order. */
  static final long STREAM = -1;

  static Philox random(long seed) {
    return new Philox(seed, STREAM);
  }

  /** Stratified for a classification, else purely random. */
  public static Split of(Dataset data, double validFraction, double testFraction, long seed) {
    return stratified(data.strata(), validFraction, testFraction, seed);
  }

  public static Split of(int rows, double validFraction, double testFraction, long seed) {
    return stratified(new int[rows], validFraction, testFraction, seed);
  }

  /**
   * Splits every class by itself, so that each part has nearly the same share of every class: the
   * rows that don't divide evenly go where the remainder is largest. At least one row of every
   * class trains.
   *
   * <p>Many small classes all round the same way: of classes of 5 none would validate a tenth.
   * Where a part would so be off its share by more than half, what one class leaves over counts for
   * the next.
   *
   * @param labels the class index of every row
   */
  public static Split stratified(
      int[] labels, double validFraction, double testFraction, long seed) {
    return stratified(labels, validFraction, testFraction, random(seed));
  }

  static Split stratified(int[] labels, double validFraction, double testFraction, Philox random) {
    double[] fractions = fractions(validFraction, testFraction);
    int[] part = new int[labels.length];
    int[][] classes = rowsOfClasses(labels);
    int[][] countsOf = countsOfClasses(classes, fractions);
    for (int k = 0; k < classes.length; k++) {
      int[] members = classes[k];
      random.shuffle(members);
      int[] counts = countsOf[k];
      for (int i = 0; i < members.length; i++) {
        part[members[i]] = i < counts[0] ? 0 : i < counts[0] + counts[1] ? 1 : 2;
      }
    }
    Split split = new Split(rowsOf(part, 0), rowsOf(part, 1), rowsOf(part, 2));
    split.requireRows(fractions, labels);
    return split;
  }

  /**
   * Keeps the rows of a group together: each group, in random order, goes whole to the part that
   * lacks most rows. Those that are larger than the smallest part is to be go first, the largest at
   * the head, or else a giant that comes last would be all that tests. No part is empty that is
   * asked for, and classes fall as they may.
   *
   * @param groups the group of every row, from 0
   */
  public static Split grouped(int[] groups, double validFraction, double testFraction, long seed) {
    return grouped(groups, validFraction, testFraction, random(seed));
  }

  static Split grouped(int[] groups, double validFraction, double testFraction, Philox random) {
    double[] fractions = fractions(validFraction, testFraction);
    double[] lack = Arrays.stream(fractions).map(fraction -> fraction * groups.length).toArray();
    int[] asked = IntStream.range(0, 3).filter(k -> fractions[k] > 0).toArray();
    double smallest = IntStream.of(asked).mapToDouble(k -> lack[k]).min().orElseThrow();
    List<int[]> members = shuffledGroups(groups, random);
    if (members.size() < asked.length) {
      throw new EvenkeelException(
          "%s can't be parted into %d: the rows of a group stay together, so each part needs a group of its own. help: another column, or --valid 0 or --test 0"
              .formatted(Words.counted(members.size(), "group"), asked.length));
    }
    members.sort(Comparator.comparingDouble(rows -> -Math.max(rows.length, smallest)));
    int[] part = new int[groups.length];
    int[] sizes = new int[3];
    for (int i = 0; i < members.size(); i++) {
      long empty = IntStream.of(asked).filter(k -> sizes[k] == 0).count();
      boolean mustFill = members.size() - i == empty;
      int chosen =
          IntStream.of(asked)
              .filter(k -> !mustFill || sizes[k] == 0)
              .reduce((a, b) -> lack[b] > lack[a] ? b : a)
              .orElseThrow();
      int[] rows = members.get(i);
      IntStream.of(rows).forEach(row -> part[row] = chosen);
      sizes[chosen] += rows.length;
      lack[chosen] -= rows.length;
    }
    return new Split(rowsOf(part, 0), rowsOf(part, 1), rowsOf(part, 2));
  }

  /** The rows of each group that has some, the groups in random order. */
  static List<int[]> shuffledGroups(int[] groups, Philox random) {
    int[][] members = rowsOfClasses(groups);
    int[] order = IntStream.range(0, members.length).filter(g -> members[g].length > 0).toArray();
    random.shuffle(order);
    return IntStream.of(order).mapToObj(g -> members[g]).collect(Collectors.toList());
  }

  /** For rows in the order of time: the first train, those after them validate, the last test. */
  public static Split ordered(int rows, double validFraction, double testFraction) {
    double[] fractions = fractions(validFraction, testFraction);
    int[] counts = largestRemainder(rows, fractions);
    int valid = counts[0] + counts[1];
    Split split =
        new Split(
            IntStream.range(0, counts[0]).toArray(),
            IntStream.range(counts[0], valid).toArray(),
            IntStream.range(valid, rows).toArray());
    split.requireRows(fractions, new int[rows]);
    return split;
  }

  private static double[] fractions(double valid, double test) {
    if (!(valid >= 0 && test >= 0 && valid + test < 1)) {
      throw new EvenkeelException(
          "Cannot split off %s for validation and %s for testing: the fractions must not be negative and must sum to less than 1."
              .formatted(valid, test));
    }
    return new double[] {1 - valid - test, valid, test};
  }

  /** How many rows of each class go to each part. */
  private static int[][] countsOfClasses(int[][] classes, double[] fractions) {
    int[][] counts = new int[classes.length][];
    Arrays.setAll(counts, k -> largestRemainder(classes[k].length, fractions));
    double rows = Arrays.stream(classes).mapToInt(members -> members.length).sum();
    for (int p = 0; p < fractions.length; p++) {
      int part = p;
      int given = Arrays.stream(counts).mapToInt(one -> one[part]).sum();
      double off = Math.abs(given - rows * fractions[part]);
      if (off >= 1 && off > rows * fractions[part] / 2) {
        double[] over = new double[fractions.length];
        Arrays.setAll(counts, k -> largestRemainder(classes[k].length, fractions, over));
        return counts;
      }
    }
    return counts;
  }

  /** Shares out {@code rows} by fractions; the first part gets at least one. */
  static int[] largestRemainder(int rows, double[] fractions) {
    return largestRemainder(rows, fractions, new double[fractions.length]);
  }

  /**
   * @param over rows that each part lacks from before, and then those that it lacks after this
   */
  private static int[] largestRemainder(int rows, double[] fractions, double[] over) {
    int[] counts = new int[fractions.length];
    double[] remainders = new double[fractions.length];
    for (int k = 0; k < fractions.length; k++) {
      double share = rows * fractions[k] + over[k];
      counts[k] = Math.max(0, (int) Math.floor(share + 1e-9));
      remainders[k] = share - counts[k];
    }
    for (int left = rows - IntStream.of(counts).sum(); left > 0; left--) {
      int largest = 0;
      for (int k = 1; k < fractions.length; k++) {
        largest = remainders[k] > remainders[largest] + 1e-9 ? k : largest;
      }
      counts[largest]++;
      remainders[largest] -= 1;
    }
    if (counts[0] == 0 && rows > 0) {
      counts[0]++;
      counts[counts[1] >= counts[2] ? 1 : 2]--;
    }
    for (int k = 0; k < fractions.length; k++) {
      over[k] += rows * fractions[k] - counts[k];
    }
    return counts;
  }

  static int[][] rowsOfClasses(int[] labels) {
    int classes = Arrays.stream(labels).max().orElse(-1) + 1;
    int[] sizes = new int[classes];
    for (int label : labels) {
      if (label < 0) {
        throw new EvenkeelException(
            "Cannot split by class label %d: labels are 0 or greater.".formatted(label));
      }
      sizes[label]++;
    }
    int[][] members = new int[classes][];
    Arrays.setAll(members, k -> new int[sizes[k]]);
    int[] filled = new int[classes];
    for (int row = 0; row < labels.length; row++) {
      members[labels[row]][filled[labels[row]]++] = row;
    }
    return members;
  }

  private static int[] rowsOf(int[] part, int wanted) {
    return IntStream.range(0, part.length).filter(row -> part[row] == wanted).toArray();
  }

  private void requireRows(double[] fractions, int[] labels) {
    requireRows("validation", valid, fractions[1], labels);
    requireRows("testing", test, fractions[2], labels);
    requireRows("training", train, fractions[0], labels);
  }

  private static void requireRows(String use, int[] rows, double fraction, int[] labels) {
    if (fraction > 0 && rows.length == 0) {
      long classes = Arrays.stream(labels).distinct().count();
      throw new EvenkeelException(
          "From %s%s no fraction of %s can be set aside for %s: no row is left for it. Choose another fraction or give more rows."
              .formatted(
                  Words.counted(labels.length, "row"),
                  classes > 1 ? " in %d classes".formatted(classes) : "",
                  fraction,
                  use));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Split s
        && Arrays.equals(train, s.train)
        && Arrays.equals(valid, s.valid)
        && Arrays.equals(test, s.test);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(train) + 31 * (Arrays.hashCode(valid) + 31 * Arrays.hashCode(test));
  }

  @Override
  public String toString() {
    return "%d training, %d validation and %d test rows"
        .formatted(train.length, valid.length, test.length);
  }
}
