package dev.evenkeel.data;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * The targets of all rows of a table, in their own units.
 *
 * @param classes the class index of every row; 0 where there are none
 * @param columns numbers or flags of every row; none where there are classes
 * @param there whether the rows have targets
 */
record TargetRows(Target target, int[] classes, List<double[]> columns, boolean there) {

  /** Of rows that are to be answered. */
  static TargetRows none(Table table, Target target) {
    return new TargetRows(target, new int[table.rows()], List.of(), false);
  }

  /**
   * @param columnOf a target's column in this table
   */
  static TargetRows of(Table table, Target target, UnaryOperator<String> columnOf) {
    int[] none = new int[table.rows()];
    if (target instanceof Target.Labels labels) {
      String column = columnOf.apply(labels.name());
      int[] classes = TargetChoice.labels(table, column, labels.classes());
      return new TargetRows(target, classes, List.of(), true);
    }
    if (target instanceof Target.Flags of) {
      return new TargetRows(
          target,
          none,
          of.flags().stream()
              .map(one -> FlagColumn.values(table, table.column(columnOf.apply(one.name())), one))
              .toList(),
          true);
    }
    int[] all = IntStream.range(0, table.rows()).toArray();
    return new TargetRows(
        target,
        none,
        target.names().stream()
            .map(name -> TargetChoice.numbers(table, table.column(columnOf.apply(name)), all))
            .toList(),
        true);
  }

  /** What a row tells of its texts, each an input; of two classes one tells the other. */
  List<IntToDoubleFunction> told() {
    if (target instanceof Target.Labels labels) {
      int count = labels.classes().size();
      return IntStream.range(count == 2 ? 1 : 0, count)
          .mapToObj(k -> (IntToDoubleFunction) row -> classes[row] == k ? 1 : 0)
          .toList();
    }
    return columns.stream().map(of -> (IntToDoubleFunction) row -> of[row]).toList();
  }

  /** As a network learns them. */
  float[] prepared(int[] rows) {
    if (!there) {
      return new float[0];
    }
    if (target instanceof Target.Quantities quantities) {
      return quantities.scale().apply(columns, rows);
    }
    boolean labels = target instanceof Target.Labels;
    int width = labels ? 1 : columns.size();
    float[] some = new float[Math.multiplyExact(rows.length, width)];
    for (int i = 0; i < some.length; i++) {
      int row = rows[i / width];
      some[i] = labels ? classes[row] : (float) columns.get(i % width)[row];
    }
    return some;
  }
}
