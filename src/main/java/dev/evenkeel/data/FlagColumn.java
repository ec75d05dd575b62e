package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.Arrays;
import java.util.List;

/** A column of two values: 0 and 1, or two texts. */
final class FlagColumn {

  private FlagColumn() {}

  static boolean is(Column column) {
    if (column instanceof Column.Categorical texts) {
      return texts.levels().size() == 2;
    }
    return Arrays.stream(((Column.Numeric) column).values())
        .allMatch(value -> value == 0 || value == 1 || Double.isNaN(value));
  }

  /** What the values of a flag's column mean, of which the second in natural order is 1. */
  static Target.Flag flag(Column column) {
    if (column instanceof Column.Categorical texts) {
      List<String> both = texts.levels().stream().sorted(NaturalOrder.INSTANCE).toList();
      return new Target.Flag(column.name(), both.get(0), both.get(1));
    }
    return Target.Flag.of(column.name());
  }

  /** 0 or 1 of every row of the table. */
  static double[] values(Table table, Column column, Target.Flag flag) {
    double[] flags = new double[table.rows()];
    for (int row = 0; row < flags.length; row++) {
      TargetChoice.requireTargets(table, column, new int[] {row});
      String text = column.text(row);
      if (!text.equals(flag.yes()) && !text.equals(flag.no())) {
        throw new EvenkeelException(
            "%s: the target \"%s\" is %s, but a flag that was trained on is %s or %s. help: correct it, or leave the row out"
                .formatted(
                    table.at(row), column.name(), Cells.quoted(text), flag.no(), flag.yes()));
      }
      flags[row] = text.equals(flag.yes()) ? 1 : 0;
    }
    return flags;
  }
}
