package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Columns of a table as the texts that stand there, such as the numbers by which rows are known
 * elsewhere. It is read again, row by row: a {@link Table} keeps no texts of numbers.
 */
public final class InputColumns {

  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][-+]?\\d{1,3})?");

  private final Records records;
  private final MissingWords missing;
  private final List<Column> columns;
  private final Set<String> codes;
  private final List<String> names;
  private final int[] indexes;
  private final int firstLine;
  private final int rows;

  private InputColumns(Table table, List<String> names) {
    this.records = table.records();
    this.missing = new MissingWords(table.format());
    this.columns = names.stream().map(table::column).toList();
    this.codes =
        names.stream()
            .filter(
                name ->
                    table.padded(name).isPresent() || table.format().amounts().containsKey(name))
            .collect(Collectors.toSet());
    this.names = names;
    this.indexes = names.stream().mapToInt(table.columnNames()::indexOf).toArray();
    this.firstLine = table.line(0);
    this.rows = table.rows();
  }

  /**
   * @param columns by name or number, several between commas; all where there are none
   */
  public static InputColumns of(Table table, List<String> columns) {
    return new InputColumns(
        table,
        columns.isEmpty()
            ? table.columnNames()
            : ColumnNames.parted(columns, Set.copyOf(table.columnNames())).stream()
                .map(column -> table.column(column).name())
                .distinct()
                .toList());
  }

  public List<String> names() {
    return names;
  }

  /**
   * What one of these columns' texts is in JSON: of a column of numbers, but for codes such as
   * "01067" and amounts, a number with all its digits where it is written as one there, of one of
   * vectors a {@code double[]}, and null where it is missing; of one of texts the text itself, and
   * null where it is empty.
   */
  public Object value(int column, String text) {
    String word = text.strip();
    if (columns.get(column) instanceof Column.Categorical || codes.contains(names.get(column))) {
      return word.isEmpty() ? null : text;
    } else if (missing.amongNumbers(word)) {
      return null;
    } else if (NUMBER.matcher(word).matches()) {
      return new BigDecimal(word);
    }
    double[] vector = Cells.vector(word);
    return vector == null ? text : vector;
  }

  /** The texts of each row, in the order of the table's rows. */
  public void forEachRow(Consumer<List<String>> receiver) {
    int[] seen = new int[1];
    records.forEach(
        (line, fields) -> {
          if (line < firstLine) {
            return;
          }
          requireRows(++seen[0] <= rows, seen[0]);
          String[] texts = new String[indexes.length];
          for (int i = 0; i < texts.length; i++) {
            texts[i] = indexes[i] < fields.size() ? fields.get(indexes[i]) : "";
          }
          receiver.accept(List.of(texts));
        });
    requireRows(seen[0] == rows, seen[0]);
  }

  private void requireRows(boolean same, int seen) {
    if (!same) {
      throw new EvenkeelException(
          "%s changed while it was read: it had %s at first, and then %s. help: start again when it no longer changes"
              .formatted(
                  records.name(),
                  Words.counted(rows, "row"),
                  seen > rows ? "more" : "%,d".formatted(seen)));
    }
  }
}
