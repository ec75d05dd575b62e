package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a column's cells were, as far as it was read: numbers, with decimal points or commas, lists
 * of them, or texts; how many of each, and where the first stands. So it tells what the column
 * holds, and which of its cells is a mistake.
 */
final class SeenCells {

  /** A column with at least this share of numbers is one of numbers: texts in it are mistakes. */
  private static final double MOSTLY = 0.95;

  private final TableFormat format;
  private final MissingWords missing;
  private final boolean commas;

  /** Null where numbers are plain ones. */
  private final AmountForm amounts;

  private final Found numbers = new Found();
  private final Found withComma = new Found();
  private final Found text = new Found();

  /** Lists of numbers, by how many they hold; vectors, where that is the same. */
  private final Map<Integer, Found> lists = new HashMap<>();

  /** Whether all that are no plain numbers look like amounts. */
  private boolean likeAmounts = true;

  private boolean points;
  private boolean plain = true;

  /** In how many digits all of its numbers are written; 0 before the first, −1 if they differ. */
  private int digits;

  /** The first number with a zero in front of so many digits. */
  private String padded = "";

  /** How many cells are of a kind, and the first of them. */
  private static final class Found {
    private long count;
    private String first = "";
    private int line;

    void add(String cell, int where) {
      if (count++ == 0) {
        first = cell;
        line = where;
      }
    }
  }

  /**
   * @param amounts the form of the column's numbers, known from an earlier file; null for plain
   *     ones
   */
  SeenCells(TableFormat format, MissingWords missing, boolean commas, AmountForm amounts) {
    this.format = format;
    this.missing = missing;
    this.commas = commas;
    this.amounts = amounts;
  }

  /** The number that a cell is; NaN where it is missing, or a text. */
  double number(String cell, int line) {
    double value = amounts == null ? Cells.number(cell) : amounts.value(cell);
    if (!Double.isNaN(value)) {
      numbers.add(cell, line);
      noteSpelling(cell);
      return value;
    }
    if (missing.amongNumbers(cell)) {
      return Double.NaN;
    }
    likeAmounts = likeAmounts && AmountText.isLike(cell);
    double byComma = commas && amounts == null ? Cells.commaNumber(cell) : Double.NaN;
    (Double.isNaN(byComma) ? text : withComma).add(cell, line);
    return byComma;
  }

  private void noteSpelling(String cell) {
    plain = plain && amounts == null && Cells.isPlain(cell);
    if (digits >= 0) {
      countDigits(cell);
    }
    points = points || !plain && amounts == null && cell.indexOf('.') >= 0;
  }

  private void countDigits(String cell) {
    boolean same = cell.length() > 1 && (digits == 0 || cell.length() == digits);
    for (int i = 0; same && i < cell.length(); i++) {
      same = cell.charAt(i) >= '0' && cell.charAt(i) <= '9';
    }
    digits = same ? cell.length() : -1;
    if (same && padded.isEmpty() && cell.charAt(0) == '0') {
      padded = cell;
    }
  }

  /** A list of so many numbers. */
  void list(String cell, int line, int length) {
    lists.computeIfAbsent(length, unseen -> new Found()).add(cell, line);
  }

  /** A list that nobody uses. */
  void unusedList() {
    plain = false;
  }

  boolean anyText() {
    return text.count > 0;
  }

  boolean anyPoint() {
    return points;
  }

  boolean anyList() {
    return !lists.isEmpty();
  }

  /** Whether the column holds neither numbers nor vectors. */
  boolean areTexts() {
    boolean numbersAndLists = anyList() && numbers.count + withComma.count > 0;
    return anyText() || isMixed() || lists.size() > 1 || numbersAndLists;
  }

  /** Points and commas in one column: neither stands for the decimals of all. */
  private boolean isMixed() {
    return points && (withComma.count > 0 || format.decimal().equals(","));
  }

  /** Whether all texts may be numbers with units or the like. */
  boolean areLikeAmounts() {
    return likeAmounts && lists.isEmpty();
  }

  /** The first number with a decimal comma, if any has one. */
  Optional<String> firstComma() {
    return withComma.count > 0 ? Optional.of(withComma.first) : Optional.empty();
  }

  /** Whether numbers are written as {@link Cells#text} writes them. */
  boolean arePlain() {
    return plain && withComma.count == 0 && lists.isEmpty();
  }

  /** An example of numbers that zeros in front make equally long, as codes are; "" of others. */
  String padded() {
    return digits < 0 ? "" : padded;
  }

  /**
   * Refuses a few cells among others that are numbers, or vectors.
   *
   * @param later whether it is of a file for a model, whose columns are chosen
   */
  void requireClean(String name, Records records, int firstLine, boolean later) {
    boolean commaIsWrong = isMixed() && withComma.count > 0;
    long fine = numbers.count + (commaIsWrong ? 0 : withComma.count);
    long filled = numbers.count + withComma.count + text.count;
    String wanted = wanted(amounts);
    List<Found> others = new ArrayList<>(List.of(text));
    if (commaIsWrong && text.count == 0) {
      others.add(withComma);
    }
    Found most = null;
    for (Map.Entry<Integer, Found> list : lists.entrySet()) {
      filled += list.getValue().count;
      others.add(list.getValue());
      if (list.getValue().count > fine) {
        most = list.getValue();
        fine = most.count;
        wanted = "a vector of " + Words.counted(list.getKey(), "finite number");
      }
    }
    if (most != null) {
      others.addAll(List.of(numbers, withComma));
      others.remove(most);
    }
    Optional<Found> wrong =
        others.stream()
            .filter(found -> found.count > 0)
            .min(Comparator.comparingInt(found -> found.line));
    if (wrong.isEmpty() || fine < MOSTLY * filled) {
      return;
    }
    String first = wrong.get().first;
    int line = wrong.get().line;
    throw new EvenkeelException(
        "%s, column \"%s\": %s is not %s, but %d of the column's %d values are%s. help: %scorrect it, leave it empty if it is missing%s%s"
            .formatted(
                records.at(line),
                name,
                Cells.shown(first),
                wanted,
                fine,
                filled,
                most == null ? " numbers" : "",
                line == firstLine ? "if that line names the columns, --header; or " : "",
                first.contains(",") ? "" : " or name it with --missing",
                later
                    ? ""
                    : "; of a column that is not the target, --drop %s leaves it out, and --categorical %s makes categories"
                        .formatted(ColumnNames.word(name), ColumnNames.word(name))));
  }

  /** For messages: what a column of numbers must hold. */
  static String wanted(AmountForm amounts) {
    return amounts == null
        ? "a finite number"
        : "a number such as " + Cells.quoted(amounts.example());
  }
}
