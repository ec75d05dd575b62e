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
final class TellingColumns {

  /** Fewer rows than these may agree by chance. */
  private static final int FEW = 50;

  /** Looked at first, since most columns tell nothing. */
  private static final int SOME = 1000;

  private static final double ALIKE = 0.9999;

  private final double[] target;
  private final boolean classes;

  private TellingColumns(double[] target, boolean classes) {
    this.target = target;
    this.classes = classes;
  }

  /**
   * Their names.
   *
   * @param classes whether the target holds classes, and not numbers
   */
  static List<String> in(
      Table table, List<Feature> features, String target, boolean classes, int[] trainRows) {
    if (trainRows.length < FEW) {
      return List.of();
    }
    TellingColumns telling = new TellingColumns(numbers(table.column(target)), classes);
    int[] some = Arrays.copyOf(trainRows, Math.min(SOME, trainRows.length));
    return features.stream()
        .flatMap(feature -> feature.column().stream())
        .map(table::column)
        .filter(column -> telling.tells(column, some) && telling.tells(column, trainRows))
        .map(Column::name)
        .toList();
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
    int[] there = IntStream.of(rows).filter(row -> !Double.isNaN(values[row])).toArray();
    if (2 * there.length < rows.length) {
      return false;
    }
    return inOrder(values, there) || !classes && Math.abs(correlation(values, there)) > ALIKE;
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

  /**
   * Whether the target only rises with the column, or only falls, and is one where the column is;
   * or whether each class has a part of the column's range to itself.
   */
  private boolean inOrder(double[] values, int[] rows) {
    int[] sorted =
        IntStream.of(rows)
            .boxed()
            .sorted((a, b) -> Double.compare(values[a], values[b]))
            .mapToInt(row -> row)
            .toArray();
    boolean rises = true;
    boolean falls = true;
    int changes = 0;
    for (int i = 1; i < sorted.length; i++) {
      double before = target[sorted[i - 1]];
      double now = target[sorted[i]];
      if (before != now && values[sorted[i - 1]] == values[sorted[i]]) {
        return false;
      }
      rises &= now >= before;
      falls &= now <= before;
      changes += now == before ? 0 : 1;
    }
    long different = IntStream.of(rows).mapToDouble(row -> target[row]).distinct().count();
    return different > 1 && (classes ? changes == different - 1 : rises || falls);
  }

  private double correlation(double[] values, int[] rows) {
    double x = IntStream.of(rows).mapToDouble(row -> values[row]).average().orElse(0);
    double y = IntStream.of(rows).mapToDouble(row -> target[row]).average().orElse(0);
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int row : rows) {
      xy += (values[row] - x) * (target[row] - y);
      xx += (values[row] - x) * (values[row] - x);
      yy += (target[row] - y) * (target[row] - y);
    }
    return xy / Math.sqrt(xx * yy);
  }
}
