package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which rows of a table belong together, as those of one customer do: what is learned of some of
 * them would flatter any measure of the others.
 *
 * @param column that says so
 * @param names of the groups, in the order of the file
 * @param ofRow the index of each row's group
 */
public record Groups(String column, List<String> names, int[] ofRow) {

  /** Beyond it a double no longer tells every whole number from the next. */
  private static final double EXACT = 1L << 53;

  public static Groups of(Table table, String nameOrNumber) {
    String name = table.column(nameOrNumber).name();
    Column column = table.spelled(Set.of(name)).column(name);
    AmountForm amounts =
        column instanceof Column.Categorical texts
            ? AmountTrial.of(texts.levels(), "").orElse(null)
            : null;
    Map<String, Integer> indexes = new HashMap<>();
    List<String> names = new ArrayList<>();
    int[] ofRow = new int[table.rows()];
    for (int row = 0; row < ofRow.length; row++) {
      if (column.missing(row)) {
        throw new EvenkeelException(
            "%s: the group \"%s\" is missing, so that nobody knows which rows it goes with. Fill it in or remove the row."
                .formatted(table.at(row), name));
      }
      String group = canonical(column.text(row), amounts);
      ofRow[row] = indexes.computeIfAbsent(group, unseen -> names.size());
      if (ofRow[row] == names.size()) {
        names.add(group);
      }
    }
    return new Groups(name, List.copyOf(names), ofRow);
  }

  /** 17, 17.0 and 017 are one customer: taken for one too few, nothing leaks. */
  private static String canonical(String text, AmountForm amounts) {
    double number = amounts == null ? Cells.number(text) : amounts.value(text);
    return Math.abs(number) < EXACT ? Cells.text(number) : text;
  }
}
