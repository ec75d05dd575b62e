package dev.evenkeel.data;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Columns that tell the target by themselves: mostly the target written another way, or something
 * that is known only after it. A model that may look at them learns nothing else.
 */
record TellingColumns(double[] target, boolean classes) {

  /** So many rows of other targets than the most frequent one don't agree by chance. */
  private static final int ENOUGH = 10;

  /**
   * Looked at first, since most columns tell nothing: of the most frequent target, and of others.
   */
  private static final int SOME = 500;

  /** Rises and falls with fewer steps may be a coincidence. */
  private static final int STEPS = 20;

  /**
   * Their names.
   *
   * @param classes whether the target holds classes, and not numbers
   */
  static List<String> in(
      Table table, List<Feature> features, String target, boolean classes, int[] trainRows) {
    TellingColumns telling = new TellingColumns(numbers(table.column(target)), classes);
    double most = telling.mostFrequent(trainRows);
    int[] same = IntStream.of(trainRows).filter(row -> telling.target[row] == most).toArray();
    int[] others = IntStream.of(trainRows).filter(row -> telling.target[row] != most).toArray();
    if (same.length < ENOUGH && classes || others.length < ENOUGH) {
      return List.of();
    }
    int[] some = IntStream.concat(spread(same), spread(others)).toArray();
    return features.stream()
        .flatMap(feature -> feature.column().stream())
        .map(table::column)
        .filter(
            column ->
                parts(column).stream()
                    .anyMatch(part -> telling.tells(part, some) && telling.tells(part, trainRows)))
        .map(Column::name)
        .toList();
  }

  private static List<? extends Column> parts(Column column) {
    return column instanceof Column.Vector vectors ? vectors.parts() : List.of(column);
  }

  /** At most some of them, from all over the file. */
  private static IntStream spread(int[] rows) {
    int count = Math.min(SOME, rows.length);
    return IntStream.range(0, count).map(i -> rows[(int) ((long) i * rows.length / count)]);
  }

  private double mostFrequent(int[] rows) {
    double[] sorted = IntStream.of(rows).mapToDouble(row -> target[row]).sorted().toArray();
    int best = 0;
    int most = 0;
    for (int i = 0, from = 0; i < sorted.length; i++) {
      from = sorted[i] == sorted[from] ? from : i;
      if (i - from + 1 > most) {
        most = i - from + 1;
        best = i;
      }
    }
    return sorted[best];
  }

  /** Texts by their codes; what is missing is NaN, or a code as any other. */
  private static double[] numbers(Column column) {
    return column instanceof Column.Categorical texts
        ? Arrays.stream(texts.codes()).asDoubleStream().toArray()
        : ((Column.Numeric) column).values();
  }

  private boolean tells(Column column, int[] rows) {
    double[] values = numbers(column);
    if (column instanceof Column.Categorical) {
      return classes && byText(values, rows);
    }
    int[] sorted =
        IntStream.of(rows)
            .filter(row -> !Double.isNaN(values[row]))
            .boxed()
            .sorted((a, b) -> Double.compare(values[a], values[b]))
            .mapToInt(row -> row)
            .toArray();
    if (2 * sorted.length < rows.length) {
      return false;
    }
    return classes
        ? inRanges(values, sorted)
        : throughout(values, sorted, 1) || throughout(values, sorted, -1);
  }

  /** Whether all rows of a text are of one class, and texts are few. */
  private boolean byText(double[] values, int[] rows) {
    Map<Double, Double> classOf = new HashMap<>();
    for (int row : rows) {
      double before = classOf.computeIfAbsent(values[row], unseen -> target[row]);
      if (before != target[row]) {
        return false;
      }
    }
    return 5 * classOf.size() <= rows.length && classOf.values().stream().distinct().count() > 1;
  }

  /** Whether each class has a part of the column's range to itself. */
  private boolean inRanges(double[] values, int[] sorted) {
    int changes = 0;
    for (int i = 1; i < sorted.length; i++) {
      boolean change = target[sorted[i - 1]] != target[sorted[i]];
      if (change && values[sorted[i - 1]] == values[sorted[i]]) {
        return false;
      }
      changes += change ? 1 : 0;
    }
    long different = IntStream.of(sorted).mapToDouble(row -> target[row]).distinct().count();
    return different > 1 && changes == different - 1;
  }

  /**
   * Whether the target rises (or falls: times −1) from each value of the column to the next; rows
   * of one value may differ, as where the column is the target rounded.
   */
  private boolean throughout(double[] values, int[] sorted, int sign) {
    double before = Double.NEGATIVE_INFINITY;
    double highest = Double.NEGATIVE_INFINITY;
    int steps = 0;
    for (int i = 0; i < sorted.length; i++) {
      double now = sign * target[sorted[i]];
      if (i > 0 && values[sorted[i]] != values[sorted[i - 1]]) {
        steps += highest > before ? 1 : 0;
        before = highest;
      }
      if (now < before) {
        return false;
      }
      highest = Math.max(highest, now);
    }
    return steps >= STEPS;
  }
}
