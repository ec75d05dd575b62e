package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A column while it is read: of numbers, by decimal points or else commas, until a text turns up
 * that is neither.
 */
final class ColumnDraft {

  /** A column with at least this share of numbers is one of numbers: texts in it are mistakes. */
  private static final double MOSTLY = 0.95;

  private static final double[] NONE = {};

  final String name;
  private final TableFormat format;
  private final MissingWords missing;
  private final boolean commas;
  private final boolean checked;
  private final boolean forced;

  private long numbers;
  private boolean points;
  private boolean plain = true;
  private final Found withComma = new Found();
  private final Found text = new Found();
  private double[] values = new double[1024];
  private int[] codes = {};
  private final Map<String, Integer> levels = new HashMap<>();
  private final List<String> levelsInOrder = new ArrayList<>();

  /** What was seen of a kind: how often, and where first. */
  private static final class Found {
    private long count;
    private String first = "";
    private int line;

    void add(String text, int where) {
      if (count++ == 0) {
        first = text;
        line = where;
      }
    }
  }

  /**
   * @param forced whether it holds texts, whatever they look like
   * @param checked whether a few texts among numbers are mistakes
   */
  ColumnDraft(
      String name,
      TableFormat format,
      MissingWords missing,
      boolean commas,
      boolean forced,
      boolean checked) {
    this.name = name;
    this.format = format;
    this.missing = missing;
    this.commas = commas;
    this.forced = forced;
    this.checked = checked && !forced;
    if (forced) {
      values = NONE;
    }
  }

  void addNumber(int row, int line, String cell) {
    if (forced) {
      return;
    }
    double value =
        missing.haveNumbers() && missing.anywhere(cell) ? Double.NaN : number(cell, line);
    if (text.count > 0) {
      values = NONE;
      return;
    }
    if (row == values.length) {
      values = Arrays.copyOf(values, row * 2);
    }
    values[row] = value;
  }

  private double number(String cell, int line) {
    double value = Cells.number(cell);
    if (!Double.isNaN(value)) {
      numbers++;
      if (plain && !Cells.isPlain(cell)) {
        plain = false;
      }
      points = points || !plain && cell.indexOf('.') >= 0;
      return value;
    }
    if (missing.amongNumbers(cell)) {
      return Double.NaN;
    }
    double byComma = commas ? Cells.commaNumber(cell) : Double.NaN;
    if (Double.isNaN(byComma)) {
      text.add(cell, line);
    } else {
      withComma.add(cell, line);
    }
    return byComma;
  }

  /** Points and commas in one column: neither stands for the decimals of all. */
  private boolean isMixed() {
    return points && (withComma.count > 0 || format.decimal().equals(","));
  }

  boolean isTextual() {
    return forced || text.count > 0 || isMixed();
  }

  /** Whether its commas were taken for decimal points. */
  boolean hasCommas() {
    return withComma.count > 0 && !isTextual();
  }

  String firstComma() {
    return withComma.first;
  }

  /** Whether it holds numbers that are not written as {@link Cells#text} writes them. */
  boolean isRespelled() {
    return !isTextual() && (!plain || withComma.count > 0);
  }

  void requireClean(Path path, int firstLine) {
    boolean commaIsWrong = isMixed() && withComma.count > 0;
    Found wrong = text.count > 0 || !commaIsWrong ? text : withComma;
    long fine = numbers + (commaIsWrong ? 0 : withComma.count);
    long filled = numbers + withComma.count + text.count;
    if (!checked || wrong.count == 0 || fine < MOSTLY * filled) {
      return;
    }
    throw new EvenkeelException(
        "%s, line %d, column \"%s\": %s is not a finite number, but %d of the column's %d values are numbers. help: %scorrect it, leave it empty if it is missing or name it with --missing, leave the column out with --drop %s, or train with --categorical %s, which takes the column for categories"
            .formatted(
                path,
                wrong.line,
                name,
                Cells.quoted(wrong.first),
                fine,
                filled,
                wrong.line == firstLine ? "if that line names the columns, --header; or " : "",
                name,
                name));
  }

  /** Only for columns of texts. */
  void addText(int row, int rows, String cell) {
    if (codes.length == 0) {
      codes = new int[rows];
    }
    Integer code = missing.anywhere(cell) ? Integer.valueOf(-1) : levels.get(cell);
    if (code == null) {
      code = levels.size();
      levels.put(cell, code);
      levelsInOrder.add(cell);
    }
    codes[row] = code;
  }

  Column finish(int rows) {
    return isTextual()
        ? new Column.Categorical(name, Arrays.copyOf(codes, rows), List.copyOf(levelsInOrder))
        : new Column.Numeric(name, Arrays.copyOf(values, rows));
  }
}
