package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A column while it is read: of numbers, by decimal points or else commas, or of vectors, until a
 * text turns up that is neither. One that begins with texts has them coded at once; of others the
 * texts are coded in a second reading.
 */
final class ColumnDraft {

  /** A column with at least this share of numbers is one of numbers: texts in it are mistakes. */
  private static final double MOSTLY = 0.95;

  final String name;
  private final TableFormat format;
  private final MissingWords missing;
  private final boolean commas;
  private final boolean checked;
  private final boolean forced;

  private final Found numbers = new Found();
  private boolean points;
  private boolean plain = true;

  /** In how many digits all of its numbers are written; 0 before the first, −1 if they differ. */
  private int digits;

  /** The first number with a zero in front of so many digits. */
  private String padded = "";

  private final Found withComma = new Found();
  private final Found text = new Found();

  /** Numbers; of a column that is coded, codes. */
  private final Doubles values = new Doubles();

  /** Lists of numbers, by how many they hold; vectors, where that is the same. */
  private final Map<Integer, Found> lists = new HashMap<>();

  /** Of each place in a vector its numbers. */
  private final List<Doubles> parts = new ArrayList<>();

  /** Null for plain numbers; of a file for a model known before, else found among texts. */
  private AmountForm amounts;

  private boolean found;

  private boolean coded;
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
    amounts = format.amounts().get(name);
    coded = forced;
  }

  /** Rows come in order. */
  void add(int row, int line, String cell) {
    if (forced) {
      addText(cell);
      return;
    }
    boolean list = cell.startsWith("[") && !missing.amongNumbers(cell);
    double[] vector = list && checked ? Cells.vector(cell) : null;
    double value = Double.NaN;
    if (vector != null) {
      lists.computeIfAbsent(vector.length, unseen -> new Found()).add(cell, line);
    } else if (list && !checked) {
      plain = false; // nobody uses it, so nothing is kept
    } else if (!missing.haveNumbers() || !missing.anywhere(cell)) {
      value = number(cell, line);
    }
    coded = coded || row == 0 && text.count > 0;
    if (coded) {
      addText(cell);
    } else if (isTextual()) {
      startTexts();
    } else if (lists.isEmpty()) {
      values.add(value);
    } else {
      addVector(vector, row);
    }
  }

  /**
   * @param vector null where it is missing
   */
  private void addVector(double[] vector, int row) {
    if (parts.isEmpty()) {
      values.clear();
      for (int k = 0; k < vector.length; k++) {
        parts.add(new Doubles());
        parts.get(k).addMissing(row);
      }
    }
    for (int k = 0; k < parts.size(); k++) {
      parts.get(k).add(vector == null ? Double.NaN : vector[k]);
    }
  }

  private double number(String cell, int line) {
    double value = amounts == null ? Cells.number(cell) : amounts.value(cell);
    if (amounts != null && !Double.isNaN(value)) {
      plain = false;
      numbers.add(cell, line);
      return value;
    }
    if (!Double.isNaN(value)) {
      numbers.add(cell, line);
      if (plain && !Cells.isPlain(cell)) {
        plain = false;
      }
      if (digits >= 0) {
        countDigits(cell);
      }
      points = points || !plain && cell.indexOf('.') >= 0;
      return value;
    }
    if (missing.amongNumbers(cell)) {
      return Double.NaN;
    }
    double byComma = commas && amounts == null ? Cells.commaNumber(cell) : Double.NaN;
    if (Double.isNaN(byComma)) {
      text.add(cell, line);
    } else {
      withComma.add(cell, line);
    }
    return byComma;
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

  /** An example of numbers that zeros in front make equally long, as codes are; "" of others. */
  String padded() {
    return isTextual() || found || digits < 0 ? "" : padded;
  }

  /** Points and commas in one column: neither stands for the decimals of all. */
  private boolean isMixed() {
    return points && (withComma.count > 0 || format.decimal().equals(","));
  }

  boolean isTextual() {
    boolean numbersAndLists = !lists.isEmpty() && numbers.count + withComma.count > 0;
    boolean texts = text.count > 0 || isMixed() || lists.size() > 1 || numbersAndLists;
    return forced || texts && !found;
  }

  /** Whether it holds texts whose codes are not known yet. */
  boolean wantsTexts() {
    return isTextual() && !coded;
  }

  /** Whether its commas were taken for decimal points. */
  boolean hasCommas() {
    return withComma.count > 0 && !isTextual() && !found;
  }

  String firstComma() {
    return withComma.first;
  }

  /** Whether it holds numbers that are not written as {@link Cells#text} writes them. */
  boolean isRespelled() {
    return !isTextual() && (!plain || withComma.count > 0 || !parts.isEmpty() || found);
  }

  /** Whether its texts, which are still to be read, may be numbers with units or the like. */
  boolean mayHoldAmounts() {
    String first = text.count > 0 ? text.first : withComma.first;
    return isTextual()
        && checked
        && amounts == null
        && lists.isEmpty()
        && AmountForm.of(List.of(first), format.decimal()).isPresent();
  }

  /** Takes texts that all are numbers of one form for these. */
  void findAmounts() {
    List<String> texts =
        levelsInOrder.stream().filter(text -> !missing.amongNumbers(text)).toList();
    amounts = AmountForm.of(texts, format.decimal()).orElse(null);
    found = amounts != null;
  }

  /** The form of numbers that are no plain ones. */
  Optional<AmountForm> amounts() {
    return Optional.ofNullable(amounts);
  }

  /** Of these the first, and what it was read as. */
  String amountShown() {
    return levelsInOrder.stream()
        .filter(text -> Double.isNaN(Cells.number(text)) && !missing.amongNumbers(text))
        .findFirst()
        .map(text -> Cells.quoted(text) + " is " + Cells.text(amounts.value(text)))
        .orElseThrow();
  }

  /**
   * @param later whether it is of a file for a model, whose columns are chosen
   */
  void requireClean(Records records, int firstLine, boolean later) {
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
    if (!checked || wrong.isEmpty() || fine < MOSTLY * filled) {
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

  /** Forgets the numbers: from the first row to the last, its texts follow. */
  void startTexts() {
    values.clear();
    parts.clear();
  }

  void addText(String cell) {
    Integer code = levels.get(cell);
    if (code == null && missing.anywhere(cell)) {
      code = -1;
    } else if (code == null) {
      code = levels.size();
      levels.put(cell, code);
      levelsInOrder.add(cell);
    }
    values.add(code);
  }

  /** Lets go what was read, so that columns finished one by one are held but once. */
  Column finish() {
    if (!isTextual() && !parts.isEmpty()) {
      return new Column.Vector(
          name, parts.stream().map(part -> new Column.Numeric(name, part.take())).toList());
    }
    double[] all = values.take();
    if (found) {
      double[] ofTexts = levelsInOrder.stream().mapToDouble(amounts::value).toArray();
      Arrays.setAll(all, row -> all[row] < 0 ? Double.NaN : ofTexts[(int) all[row]]);
    }
    return isTextual()
        ? new Column.Categorical(
            name,
            Arrays.stream(all).mapToInt(code -> (int) code).toArray(),
            List.copyOf(levelsInOrder))
        : new Column.Numeric(name, all);
  }
}
