package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.JsonObjects;
import dev.evenkeel.io.Spool;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;

/**
 * A file of comma-separated values (or by tabs, semicolons or runs of spaces), or rows in memory,
 * held by columns: numbers as they are, texts as codes into the column's levels.
 *
 * <p>In a file without a header, the columns are called by their number, from 1.
 */
public final class Table {

  /** Whether the first line names the columns. */
  public enum Header {
    /** It does when it looks unlike the lines below: texts above numbers, say. */
    AUTO,
    PRESENT,
    ABSENT
  }

  /**
   * How to read a file.
   *
   * @param categorical columns that hold categories even if they look like numbers
   * @param texts the same, of those that are there
   * @param dropped columns, by name or number, that nobody will use: mistakes in them don't matter
   * @param used columns that are used, where no others are; empty where any may be
   */
  public record Options(
      TableFormat format,
      Set<String> categorical,
      Set<String> texts,
      Set<String> dropped,
      Set<String> used) {

    public static final Options DETECT =
        new Options(TableFormat.DETECT, Set.of(), Set.of(), Set.of(), Set.of());

    public Options {
      categorical = Set.copyOf(categorical);
      texts = Set.copyOf(texts);
      dropped = Set.copyOf(dropped);
      used = Set.copyOf(used);
    }

    public Options withFormat(TableFormat format) {
      return new Options(format, categorical, texts, dropped, used);
    }

    public Options withHeader(Header header) {
      return withFormat(format.withHeader(header));
    }

    public Options withCategorical(Set<String> categorical) {
      return new Options(format, categorical, texts, dropped, used);
    }

    public Options withTexts(Set<String> texts) {
      return new Options(format, categorical, texts, dropped, used);
    }

    public Options withDropped(Set<String> dropped) {
      return new Options(format, categorical, texts, dropped, used);
    }

    public Options withUsed(Set<String> used) {
      return new Options(format, categorical, texts, dropped, used);
    }

    /** Whether a mistake in one of these columns matters, of which some are dropped. */
    boolean checks(String name, List<String> columns) {
      Set<String> left = Set.copyOf(ColumnNames.parted(dropped, Set.copyOf(columns)));
      return withDropped(left).checks(name, columns.indexOf(name) + 1, columns.size());
    }

    /** Whether a mistake in a column, the {@code number}-th of {@code count}, matters. */
    boolean checks(String name, int number, int count) {
      return (used.isEmpty() || used.contains(name))
          && !dropped.contains(name)
          && !dropped.contains(Integer.toString(number))
          && !dropped.contains(Integer.toString(number - count - 1));
    }
  }

  private final Records records;
  private final Options options;
  private final TableFormat format;
  private final List<Column> columns;
  private final Map<String, Column> byName = new HashMap<>();
  private final Set<String> respelled;
  private final Map<String, String> padded;
  private final int[] lines;
  private final List<String> remarks;

  /**
   * @param format as it was found out
   * @param respelled columns of numbers whose texts were others than {@link Column#text} gives
   * @param padded of those, an example for each whose numbers are equally long by zeros in front
   */
  Table(
      Records records,
      Options options,
      TableFormat format,
      List<Column> columns,
      Set<String> respelled,
      Map<String, String> padded,
      int[] lines,
      List<String> remarks) {
    this.records = records;
    this.options = options;
    this.format = format;
    this.columns = List.copyOf(columns);
    columns.forEach(column -> byName.put(column.name(), column));
    this.respelled = Set.copyOf(respelled);
    this.padded = Map.copyOf(padded);
    this.lines = lines;
    this.remarks = List.copyOf(remarks);
  }

  public static Table read(Path path) {
    return read(path, Options.DETECT);
  }

  public static Table read(Path path, Options options) {
    try (Spool spool = Spool.of(path)) {
      BinaryFile.requireNone(path);
      if (JsonObjects.matches(path)) {
        return read(JsonRecords.of(path, options), options.withFormat(options.format().ofJson()));
      }
      return read(CsvFile.of(path, options.format()), options);
    }
  }

  /**
   * Of rows that a program has, from a database, say: the values of each by the names of its
   * columns, as texts, numbers, or whatever writes itself as a file would hold it. Null is missing.
   * They are read as the same texts in a file would be, its columns sorted by name.
   *
   * @param name what messages call them
   * @param rows gone through twice where a column holds texts, and again where they are needed as
   *     they were written
   */
  public static Table of(String name, Iterable<? extends Map<String, ?>> rows) {
    return of(name, rows, Options.DETECT);
  }

  public static Table of(String name, Iterable<? extends Map<String, ?>> rows, Options options) {
    return read(new MapRows(name, rows, options), options.withHeader(Header.PRESENT));
  }

  private static Table read(Records records, Options options) {
    return new TableReader(records, options).read();
  }

  /** What it is called: the file that it came from, or the name of rows in memory. */
  public String name() {
    return records.name();
  }

  /** What it was read from, to be gone through as it was. */
  Records records() {
    return records.as(format);
  }

  /** What the reader decided that the user should hear of, a sentence each. */
  public List<String> remarks() {
    return remarks;
  }

  /** How it was read: as asked, and as was found out where nothing was asked. */
  public TableFormat format() {
    return format;
  }

  Options options() {
    return options;
  }

  /**
   * With these columns as they are written, "01067" and not 1067, where they were read as numbers.
   * The file is read again, but only where that makes a difference.
   */
  Table spelled(Set<String> names) {
    if (names.stream().noneMatch(respelled::contains)) {
      return this;
    }
    Set<String> texts = new HashSet<>(options.texts());
    texts.addAll(names);
    requireReopening();
    return again(records, options.withHeader(format.header()).withTexts(texts), rows());
  }

  /** How a column writes one of its numbers, if zeros in front make all of them equally long. */
  Optional<String> padded(String column) {
    return Optional.ofNullable(padded.get(column));
  }

  private void requireReopening() {
    if (!records.canReopen()) {
      throw new EvenkeelException(
          "%s can be read only once, but some of its columns are wanted as they are written, or some of its rows. help: read it with Preparation.options(), or from a file"
              .formatted(name()));
    }
  }

  /** Read once more, which must give so many rows; amounts as before, whatever is left of them. */
  private Table again(Records records, Options how, int rows) {
    TableFormat found = how.format().withAmounts(format.amounts());
    Table again = read(records.as(found), how.withFormat(found));
    if (again.rows() != rows || !again.columnNames().equals(columnNames())) {
      throw new EvenkeelException(
          "%s changed while it was used: it had %s, and now it has %,d. help: start again"
              .formatted(name(), Words.counted(rows, "row"), again.rows()));
    }
    return again;
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

  /** The same without these columns, which are named or numbered. */
  public Table without(List<String> columns) {
    List<Column> dropped = columns.stream().map(this::column).toList();
    List<Column> left = this.columns.stream().filter(c -> !dropped.contains(c)).toList();
    return new Table(records, options, format, left, respelled, padded, lines, remarks);
  }

  /**
   * As it would have been read without the rows in which one of these columns, the targets, is
   * missing. So it is read again where there are some.
   *
   * @param notes hears how many are left out, if any
   */
  public Table whereKnown(List<String> names, Consumer<String> notes) {
    List<Column> targets = names.stream().map(this::column).toList();
    BitSet left = new BitSet();
    for (int row = 0; row < rows(); row++) {
      if (anyMissing(targets, row)) {
        left.set(lines[row]);
      }
    }
    if (left.isEmpty()) {
      return this;
    }
    if (left.cardinality() == rows()) {
      throw new EvenkeelException(
          "%s: no row has %s, so there is nothing to learn from or to measure by. help: train --target names another column; predict needs none"
              .formatted(
                  name(), (targets.size() == 1 ? "" : "all of ") + Cells.quoted(names(targets))));
    }
    Records known = new SomeRecords(records(), left);
    requireReopening();
    noteLeftOut(targets, left, notes);
    return again(known, options.withHeader(format.header()), rows() - left.cardinality());
  }

  private static boolean anyMissing(List<Column> columns, int row) {
    return columns.stream().anyMatch(column -> column.missing(row));
  }

  private static List<String> names(List<Column> columns) {
    return columns.stream().map(Column::name).toList();
  }

  private void noteLeftOut(List<Column> targets, BitSet left, Consumer<String> notes) {
    int first = 0;
    while (!anyMissing(targets, first)) {
      first++;
    }
    int row = first;
    Column target = targets.stream().filter(one -> one.missing(row)).findFirst().orElseThrow();
    int count = left.cardinality();
    String others =
        count == 1
            ? ""
            : "; so %s %s of %,d"
                .formatted(count == 2 ? "is" : "are", Words.counted(count - 1, "other"), rows());
    Set<String> words = mayHoldClasses(target) ? wordsForMissing(targets, left) : Set.of();
    notes.accept(
        "%s: the target \"%s\" is missing, so the row is left out%s.%s"
            .formatted(
                at(first),
                target.name(),
                others,
                words.isEmpty()
                    ? ""
                    : " Missing is what says %s. help: where that is a class, write it otherwise"
                        .formatted(Cells.quoted(List.copyOf(words)))));
  }

  private static boolean mayHoldClasses(Column column) {
    return !(column instanceof Column.Numeric numbers)
        || DoubleStream.of(numbers.values())
                .filter(value -> !Double.isNaN(value))
                .distinct()
                .limit(TargetChoice.MOST_CLASSES + 1)
                .count()
            <= TargetChoice.MOST_CLASSES;
  }

  /** What stands in the rows that are left out in place of a target, such as NA. */
  private Set<String> wordsForMissing(List<Column> targets, BitSet left) {
    MissingWords missing = new MissingWords(format);
    List<Integer> places = targets.stream().map(columns::indexOf).toList();
    Set<String> words = new TreeSet<>();
    records()
        .forEach(
            (line, fields) -> {
              if (line >= 0 && left.get(line)) {
                places.stream()
                    .map(place -> fields.get(place).strip())
                    .filter(text -> !text.isEmpty() && missing.amongNumbers(text))
                    .forEach(words::add);
              }
            });
    return words;
  }

  /** The line of the file at which a row starts, from 1; of rows in memory their number. */
  public int line(int row) {
    return lines[row];
  }

  /** Where a row stands, for messages: "homes.csv, line 7". */
  public String at(int row) {
    return records.at(lines[row]);
  }

  public Optional<Column> find(String column) {
    return Optional.ofNullable(byName.get(column));
  }

  /**
   * The column of this name or, where none is called so, of this number: 1 is the first column, −1
   * the last.
   */
  public Column column(String nameOrNumber) {
    return findAny(nameOrNumber)
        .orElseThrow(
            () ->
                new EvenkeelException(
                    "%s has no column \"%s\". Its columns are: %s."
                        .formatted(name(), nameOrNumber, ColumnNames.listed(columnNames()))));
  }

  /** The same, empty where there is none. */
  public Optional<Column> findAny(String nameOrNumber) {
    return find(nameOrNumber).or(() -> numbered(nameOrNumber));
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
    return "%s: %s, columns %s".formatted(name(), Words.counted(rows(), "row"), columnNames());
  }
}
