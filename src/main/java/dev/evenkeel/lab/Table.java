package dev.evenkeel.lab;

import de.siegmar.fastcsv.writer.CsvWriter;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.report.Html;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Numbers in rows: a table of the report, and a CSV file. A cell is a text, a number, or a {@link
 * Spread}, which takes two columns in the file: the mean, and the deviation.
 */
public final class Table {

  private final String name;
  private final String caption;
  private final List<String> columns;
  private final List<List<Object>> rows = new ArrayList<>();

  private Table(String name, String caption, List<String> columns) {
    this.name = name;
    this.caption = caption;
    this.columns = columns;
  }

  /**
   * @param name of the CSV file, without its ending
   * @param columns with their units, as in "accuracy (%)"
   */
  public static Table of(String name, String caption, String... columns) {
    return new Table(name, caption, List.of(columns));
  }

  public Table row(Object... cells) {
    if (cells.length != columns.size()) {
      throw new EvenkeelException(
          "Table %s: a row of %d cells was given for the %d columns %s"
              .formatted(name, cells.length, columns.size(), columns));
    }
    rows.add(List.of(cells));
    return this;
  }

  public String name() {
    return name;
  }

  public List<List<Object>> rows() {
    return List.copyOf(rows);
  }

  String html() {
    StringBuilder html = new StringBuilder("<table><caption>" + Html.text(caption) + "</caption>");
    html.append("<thead><tr>");
    columns.forEach(column -> html.append("<th>").append(Html.text(column)).append("</th>"));
    html.append("</tr></thead><tbody>");
    for (List<Object> row : rows) {
      html.append("<tr>");
      for (Object cell : row) {
        html.append(cell instanceof String ? "<td>" : "<td class=\"number\">");
        html.append(Html.text(text(cell))).append("</td>");
      }
      html.append("</tr>");
    }
    return html.append("</tbody></table>").toString();
  }

  private static String text(Object cell) {
    return cell instanceof Number number ? Numbers.text(number.doubleValue()) : cell.toString();
  }

  /** Its numbers in full, for a CSV file. */
  public String csv() {
    StringWriter text = new StringWriter();
    CsvWriter csv = CsvWriter.builder().build(text);
    List<String> header = new ArrayList<>();
    for (int c = 0; c < columns.size(); c++) {
      header.add(columns.get(c));
      if (hasSpread(c)) {
        header.add(columns.get(c) + " sd");
      }
    }
    csv.writeRecord(header);
    for (List<Object> row : rows) {
      List<String> cells = new ArrayList<>();
      for (int c = 0; c < row.size(); c++) {
        Object cell = row.get(c);
        Spread spread = cell instanceof Spread given ? given : null;
        cells.add(spread == null ? cell.toString() : Double.toString(spread.mean()));
        if (hasSpread(c)) {
          cells.add(spread == null ? "" : Double.toString(spread.sd()));
        }
      }
      csv.writeRecord(cells);
    }
    flush(csv);
    return text.toString();
  }

  private static void flush(CsvWriter csv) {
    try {
      csv.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // none: it is written to memory
    }
  }

  private boolean hasSpread(int column) {
    return rows.stream().anyMatch(row -> row.get(column) instanceof Spread);
  }
}
