package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Required;
import dev.evenkeel.Words;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Rows of another program as records, by the texts of their values. Above them stand, as a header,
 * the names that the first row has: sorted, since many maps have an order that changes from run to
 * run.
 *
 * @param options tell in which columns it matters what values are
 */
record MapRows(String name, Iterable<? extends Map<String, ?>> rows, Table.Options options)
    implements Records {

  /** Of the header: before all rows. */
  private static final int ABOVE = -1;

  MapRows {
    Required.there(rows, name, "rows: maps from the names of columns to values");
  }

  @Override
  public void forEach(Receiver receiver) {
    WrittenNumbers written = new WrittenNumbers(options.format());
    List<String> columns = null;
    int number = 0;
    Iterator<? extends Map<String, ?>> iterator = iterator();
    while (iterator.hasNext()) {
      Map<String, ?> row = iterator.next();
      number++;
      if (row == null) {
        throw new EvenkeelException("%s is null. help: leave it out".formatted(at(number)));
      }
      if (columns == null) {
        if (row.isEmpty() || row.keySet().stream().anyMatch(Objects::isNull)) {
          throw new EvenkeelException(
              "%s has %s. help: values by the names of their columns"
                  .formatted(at(number), row.isEmpty() ? "no columns" : "a column without a name"));
        }
        columns = row.keySet().stream().sorted().toList();
        receiver.accept(ABOVE, columns);
      }
      receiver.accept(number, texts(row, number, columns, written));
    }
    if (columns == null) {
      throw new EvenkeelException("%s is empty: give at least one row.".formatted(name));
    }
  }

  private Iterator<? extends Map<String, ?>> iterator() {
    try {
      return rows.iterator();
    } catch (IllegalStateException e) {
      throw new EvenkeelException(
          "%s: its rows can be gone through only once, but a column of texts wants a second time (%s). help: give a List, or an Iterable that begins anew each time"
              .formatted(name, e.getMessage()),
          e);
    }
  }

  private List<String> texts(
      Map<String, ?> row, int number, List<String> columns, WrittenNumbers written) {
    List<String> texts = new ArrayList<>(columns.size());
    for (int c = 0; c < columns.size(); c++) {
      String column = columns.get(c);
      Object value = row.get(column);
      if (value == null && !row.containsKey(column)) {
        throw new EvenkeelException(
            "%s has no column \"%s\", which row 1 has. help: give \"\" or null where the value is missing"
                .formatted(at(number), column));
      }
      String text = ValueText.of(value);
      if (text == null && options.checks(column, columns)) {
        throw ValueText.refusal("%s, column \"%s\"".formatted(at(number), column), value);
      }
      boolean typed = ValueText.number(value).isPresent();
      texts.add(text == null ? "" : typed ? written.text(column, text) : text);
    }
    if (row.size() > columns.size()) {
      List<String> more = new ArrayList<>(row.keySet());
      more.removeAll(columns);
      throw new EvenkeelException(
          "%s has %s that row 1 does not have: %s. Every row needs the same."
              .formatted(at(number), Words.counted(more.size(), "column"), Cells.quoted(more)));
    }
    return texts;
  }

  @Override
  public String at(int line) {
    return line == ABOVE ? name : "%s, row %d".formatted(name, line);
  }
}
