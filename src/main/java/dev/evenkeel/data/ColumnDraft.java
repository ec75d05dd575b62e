package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A column while it is read: numbers or vectors, until a text turns up that is neither. One that
 * begins with texts has them coded at once; of others the texts are coded in a second reading, and
 * may turn out to be numbers with more to them than digits.
 */
final class ColumnDraft {

  private static final int FEWEST_CODES = 3;

  final String name;
  private final TableFormat format;
  private final MissingWords missing;
  private final boolean forced;
  private final boolean checked;
  private final SeenCells seen;

  /** Numbers; of texts their codes. */
  private final Doubles values = new Doubles();

  /** Of each place in a vector its numbers. */
  private final List<Doubles> parts = new ArrayList<>();

  private boolean coded;
  private final Map<String, Integer> levels = new HashMap<>();
  private final List<String> levelsInOrder = new ArrayList<>();

  /** Whether one of the missing texts is NA. */
  private boolean na;

  /** Whether all texts are amounts, and what they are; none where that doesn't matter. */
  private final Optional<AmountTrial> trial;

  private Optional<AmountForm> found = Optional.empty();

  /**
   * @param trial finds amounts among texts, where they are looked for
   * @param forced whether it holds texts, whatever they look like
   * @param checked whether a few texts among numbers are mistakes
   */
  ColumnDraft(
      String name,
      TableFormat format,
      MissingWords missing,
      boolean commas,
      Optional<AmountTrial> trial,
      boolean forced,
      boolean checked) {
    this.name = name;
    this.format = format;
    this.missing = missing;
    this.forced = forced;
    this.checked = checked && !forced;
    seen = new SeenCells(format, missing, commas, format.amounts().get(name));
    this.trial = trial.filter(any -> this.checked);
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
      seen.list(cell, line, vector.length);
    } else if (list && !checked) {
      seen.unusedList();
    } else if (!missing.haveNumbers() || !missing.anywhere(cell)) {
      value = seen.number(cell, line);
    }
    coded = coded || row == 0 && seen.anyText() && !mayBeAmounts();
    if (coded) {
      addText(cell);
    } else if (seen.areTexts()) {
      startTexts();
    } else if (seen.anyList()) {
      addVector(vector, row);
    } else {
      values.add(value);
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

  /** Forgets the numbers: from the first row to the last, its texts follow. */
  void startTexts() {
    values.clear();
    parts.clear();
  }

  void addText(String cell) {
    Integer code = levels.get(cell);
    if (code == null && missing.anywhere(cell)) {
      code = -1;
      na = na || cell.equals("NA");
    } else if (code == null) {
      code = levels.size();
      levels.put(cell, code);
      levelsInOrder.add(cell);
    }
    values.add(code);
  }

  boolean isTextual() {
    return forced || seen.areTexts() && found.isEmpty();
  }

  /** Whether it holds texts whose codes are not known yet. */
  boolean wantsTexts() {
    return isTextual() && !coded;
  }

  private boolean mayBeAmounts() {
    return trial.isPresent() && seen.areLikeAmounts();
  }

  /** Whether its texts, which are still to be read, may be numbers with units or the like. */
  boolean mayHoldAmounts() {
    return wantsTexts() && mayBeAmounts();
  }

  /** Of a column that may hold them, from the first row to the last. */
  void addAmount(String cell) {
    if (missing.amongNumbers(cell)) {
      trial.orElseThrow().addMissing();
    } else {
      trial.orElseThrow().add(cell);
    }
  }

  /** What the column tells of the file's decimals. */
  AmountTrial.Decimals tells() {
    return mayHoldAmounts()
        ? trial.orElseThrow().tells()
        : new AmountTrial.Decimals(!isTextual() && seen.anyPoint(), firstComma().isPresent());
  }

  /** Takes texts that all are amounts of one form for these. */
  void settle(AmountTrial.Decimals told) {
    found = trial.orElseThrow().form(told);
  }

  /** The form of texts that turned out to be numbers. */
  Optional<AmountForm> amounts() {
    return found;
  }

  /** One of these, and what it was read as. */
  String amountShown() {
    return trial.orElseThrow().shown(found.orElseThrow());
  }

  /** Whether NA may be a text, too: the others are of two capital letters, as countries' are. */
  boolean mayMeanNa() {
    return na
        && isTextual()
        && levelsInOrder.size() >= FEWEST_CODES
        && levelsInOrder.stream().allMatch(text -> text.matches("[A-Z]{2}"));
  }

  /** The first of numbers whose commas were taken for decimal points. */
  Optional<String> firstComma() {
    return seen.areTexts() || forced ? Optional.empty() : seen.firstComma();
  }

  /** Whether it holds numbers that are not written as {@link Cells#text} writes them. */
  boolean isRespelled() {
    return !isTextual() && (found.isPresent() || !seen.arePlain());
  }

  /** An example of numbers that zeros in front make equally long, as codes are; "" of others. */
  String padded() {
    return seen.areTexts() ? "" : seen.padded();
  }

  /**
   * Refuses what {@link SeenCells} does, where it matters.
   *
   * @param later whether it is of a file for a model, whose columns are chosen
   */
  void requireClean(Records records, int firstLine, boolean later) {
    if (checked) {
      seen.requireClean(name, records, firstLine, later);
    }
  }

  /** Lets go what was read, so that columns finished one by one are held but once. */
  Column finish() {
    if (!isTextual() && !parts.isEmpty()) {
      return new Column.Vector(
          name, parts.stream().map(part -> new Column.Numeric(name, part.take())).toList());
    }
    if (found.isPresent()) {
      return new Column.Numeric(name, trial.orElseThrow().take(found.get()));
    }
    double[] all = values.take();
    if (isTextual()) {
      int[] codes = Arrays.stream(all).mapToInt(code -> (int) code).toArray();
      return new Column.Categorical(name, codes, List.copyOf(levelsInOrder));
    }
    return new Column.Numeric(name, all);
  }
}
