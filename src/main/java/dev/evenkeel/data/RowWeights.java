package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.List;

/** A column of a table that says how much each row counts. */
public final class RowWeights {

  private RowWeights() {}

  /**
   * @param nameOrNumber as {@link Table#column} takes it
   */
  public static float[] of(Table table, String nameOrNumber) {
    Column column = table.column(nameOrNumber);
    TargetChoice.requireSingle(table, column, "weight", "--weights names another column");
    if (!(column instanceof Column.Numeric numbers)) {
      throw new EvenkeelException(
          "%s: column \"%s\" can't weigh the rows: it holds texts, such as %s. help: --weights names a column of numbers, 0 or more"
              .formatted(table.name(), column.name(), Cells.quoted(text(column))));
    }
    float[] weights = new float[table.rows()];
    for (int row = 0; row < weights.length; row++) {
      double weight = numbers.values()[row];
      if (!(weight >= 0 && weight <= Float.MAX_VALUE)) {
        throw new EvenkeelException(
            "%s: the weight \"%s\" is %s, but a row counts 0 or more, up to 3.4e38. help: correct it, or remove the row"
                .formatted(
                    table.at(row),
                    column.name(),
                    column.missing(row) ? "missing" : column.text(row)));
      }
      weights[row] = (float) weight;
    }
    return weights;
  }

  /** One that is no number, where there is one. */
  private static String text(Column column) {
    List<String> texts = ((Column.Categorical) column).levels();
    return texts.stream()
        .filter(level -> Double.isNaN(Cells.number(level)))
        .findFirst()
        .orElse(texts.isEmpty() ? "" : texts.get(0));
  }
}
