package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.Spool;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A file of comma-separated values (or by tabs, semicolons or runs of spaces), held by columns:
 * numbers as they are, texts as codes into the column's levels.
 *
 * <p>In a file without a header, the columns are called by their number, from 1.
 */
public final class Table {

  /** Whether the first line names the columns. */
  public enum Header {
    /** It does when no field of it is a number. */
    AUTO,
    PRESENT,
    ABSENT
  }

  /**
   * How to read a file.
   *
   * @param delimiter detected where empty; a space stands for a run of spaces
   * @param categorical columns that hold categories even if they look like numbers
   */
  public record Options(Header header, Optional<Character> delimiter, Set<String> categorical) {

    public static final Options DETECT = new Options(Header.AUTO, Optional.empty(), Set.of());

    public Options {
      categorical = Set.copyOf(categorical);
    }

    public Options withHeader(Header header) {
      return new Options(header, delimiter, categorical);
    }

    public Options withDelimiter(char delimiter) {
      return new Options(header, Optional.of(delimiter), categorical);
    }

    public Options withCategorical(Set<String> categorical) {
      return new Options(header, delimiter, categorical);
    }
  }

  private final String name;
  private final List<Column> columns;
  private final int[] lines;
  private final Optional<String> remark;

  Table(String name, List<Column> columns, int[] lines, Optional<String> remark) {
    this.name = name;
    this.columns = List.copyOf(columns);
    this.lines = lines;
    this.remark = remark;
  }

  public static Table read(Path path) {
    return read(path, Options.DETECT);
  }

  public static Table read(Path path, Options options) {
    try (Spool spool = Spool.of(path)) {
      return new TableReader(path, options).read();
    }
  }

  /** The file it came from. */
  public String name() {
    return name;
  }

  /** What the reader decided that the user should hear of, a sentence. */
  public Optional<String> remark() {
    return remark;
  }

  public int rows() {
    return lines.length;
  }

  public List<Column> columns() {
    return columns;
  }

  public List<String> columnNames() {
    return columns.stream().map(Column::name).toList();
  }

  /** The line of the file at which a row starts, from 1. */
  public int line(int row) {
    return lines[row];
  }

  public Optional<Column> find(String column) {
    return columns.stream().filter(c -> c.name().equals(column)).findFirst();
  }

  /**
   * The column of this name or, where none is called so, of this number: 1 is the first column, −1
   * the last.
   */
  public Column column(String nameOrNumber) {
    return find(nameOrNumber)
        .or(() -> numbered(nameOrNumber))
        .orElseThrow(
            () ->
                new EvenkeelException(
                    "%s has no column \"%s\". Its columns are: %s."
                        .formatted(name, nameOrNumber, String.join(", ", columnNames()))));
  }

  private Optional<Column> numbered(String number) {
    if (!number.matches("-?\\d{1,9}")) {
      return Optional.empty();
    }
    int n = Integer.parseInt(number);
    int index = n < 0 ? columns.size() + n : n - 1;
    return index >= 0 && index < columns.size()
        ? Optional.of(columns.get(index))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return "%s: %s, columns %s".formatted(name, Words.counted(rows(), "row"), columnNames());
  }
}
