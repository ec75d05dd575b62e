package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Whether a file's first line names its columns. It does when none of its fields is a value: a
 * number, a date, a word for missing. With numbers in it, as data frames write them ("0,1,label"),
 * it must be unlike the lines below: texts above columns of numbers, and numbers that count the
 * columns or lie apart from those below. A text above a column of texts says nothing: rows without
 * a header look so, too.
 */
final class HeaderRule {

  /** How many lines are looked at. */
  static final int SAMPLE = 100;

  private static final int FEWEST_ROWS = 5;
  private static final Set<String> NAMES = Set.of("missing", "none", "nil");

  private enum Kind {
    EMPTY,
    NUMBER,
    VECTOR,
    DATE,
    MISSING,
    TEXT
  }

  private final MissingWords missing;
  private final boolean commas;
  private final List<String> first;
  private final List<Kind> kinds;
  private final List<List<String>> below;

  /**
   * @param lines the first ones, at least one
   * @param commas whether decimals may follow a comma
   */
  HeaderRule(List<List<String>> lines, MissingWords missing, boolean commas) {
    this.missing = missing;
    this.commas = commas;
    this.first = stripped(lines.get(0));
    this.kinds = first.stream().map(this::kind).toList();
    this.below = lines.stream().skip(1).map(HeaderRule::stripped).toList();
  }

  private static List<String> stripped(List<String> fields) {
    return fields.stream().map(String::strip).toList();
  }

  private double number(String text) {
    double value = Cells.number(text);
    return Double.isNaN(value) && commas ? Cells.commaNumber(text) : value;
  }

  private Kind kind(String text) {
    if (text.isEmpty()) {
      return Kind.EMPTY;
    } else if (!Double.isNaN(number(text))) {
      return Kind.NUMBER;
    } else if (missing.amongNumbers(text)) {
      return Kind.MISSING;
    } else if (Cells.vector(text) != null) {
      return Kind.VECTOR;
    }
    return DateForm.isDate(text) ? Kind.DATE : Kind.TEXT;
  }

  /** A header without a doubt, of texts alone. */
  boolean isPlain() {
    boolean dates = columns(Kind.DATE).anyMatch(c -> all(c, Kind.DATE));
    boolean amounts =
        columns(Kind.TEXT).anyMatch(this::holdsAmounts)
            && columns(Kind.TEXT).allMatch(c -> holdsAmounts(c) || comesAgain(c));
    return !blocked()
        && !dates
        && !amounts
        && count(Kind.NUMBER) == 0
        && count(Kind.EMPTY) < first.size();
  }

  /** With units, in the first line and in those below. */
  private boolean holdsAmounts(int column) {
    return AmountText.hasUnit(first.get(column))
        && !below.isEmpty()
        && below.stream()
            .filter(row -> column < row.size() && !missing.amongNumbers(row.get(column)))
            .allMatch(row -> AmountText.hasUnit(row.get(column)));
  }

  private boolean comesAgain(int column) {
    return below.stream()
        .anyMatch(row -> column < row.size() && row.get(column).equals(first.get(column)));
  }

  /** Whether the first line might name columns at all: a text in it does not come again below. */
  boolean isPossible() {
    return columns(Kind.TEXT).anyMatch(c -> !comesAgain(c));
  }

  /** A header with numbers in it; worth a word to the user. */
  boolean isLikely() {
    if (blocked() || below.isEmpty() || below.stream().anyMatch(r -> r.size() != first.size())) {
      return false;
    }
    boolean aboveVectors =
        IntStream.range(0, first.size())
            .anyMatch(c -> kinds.get(c) != Kind.EMPTY && all(c, Kind.VECTOR));
    if (aboveVectors) {
      return true;
    }
    int numbers = count(Kind.NUMBER);
    int filled = first.size() - count(Kind.EMPTY);
    long above =
        IntStream.range(0, first.size())
            .filter(c -> kinds.get(c) == Kind.TEXT || kinds.get(c) == Kind.DATE)
            .filter(c -> all(c, Kind.NUMBER))
            .count();
    if (above > 0 && (2 * above > filled || numbersAreNames())) {
      return true;
    }
    boolean counted = countFrom(0) && numbers >= 2;
    if (counted && numbers == filled) {
      return numbers >= 3 && below.size() > 1 && columns(Kind.NUMBER).allMatch(this::hasFractions);
    }
    return counted
        && below.size() >= FEWEST_ROWS
        && numbers + count(Kind.TEXT) == filled
        && columns(Kind.TEXT).allMatch(this::isNoCategory);
  }

  /** A name may be "missing", but hardly "?" or "[1, 2]". */
  private boolean blocked() {
    return columns(Kind.VECTOR).anyMatch(c -> below.isEmpty() || any(c, Kind.VECTOR))
        || columns(Kind.MISSING)
            .anyMatch(c -> !NAMES.contains(first.get(c).toLowerCase(java.util.Locale.ROOT)));
  }

  private IntStream columns(Kind kind) {
    return IntStream.range(0, first.size()).filter(c -> kinds.get(c) == kind);
  }

  private int count(Kind kind) {
    return (int) columns(kind).count();
  }

  /** Whether all that the lines below have in a column is of a kind; something must be. */
  private boolean all(int column, Kind wanted) {
    boolean any = false;
    for (List<String> row : below) {
      Kind kind = column < row.size() ? kind(row.get(column)) : Kind.EMPTY;
      if (kind == wanted) {
        any = true;
      } else if (kind != Kind.EMPTY && kind != Kind.MISSING) {
        return false;
      }
    }
    return any;
  }

  private boolean any(int column, Kind wanted) {
    return below.stream().anyMatch(row -> column < row.size() && kind(row.get(column)) == wanted);
  }

  private boolean numbersAreNames() {
    return countFrom(0)
        || countFrom(1)
        || columns(Kind.NUMBER).allMatch(c -> isWhole(c) && isApart(c));
  }

  private boolean isWhole(int column) {
    return Cells.isPlain(first.get(column)) && !first.get(column).startsWith("-");
  }

  /** Whether the numbers are their columns' places; a nameless index may be in front. */
  private boolean countFrom(int start) {
    int shift = start - (kinds.get(0) == Kind.EMPTY ? 1 : 0);
    return columns(Kind.NUMBER).allMatch(c -> isWhole(c) && number(first.get(c)) == c + shift);
  }

  private boolean isApart(int column) {
    double own = number(first.get(column));
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (List<String> row : below) {
      double value = number(row.get(column));
      least = value < least ? value : least;
      most = value > most ? value : most;
    }
    return own < least - (most - least) || own > most + (most - least);
  }

  private boolean hasFractions(int column) {
    return below.stream().anyMatch(row -> number(row.get(column)) % 1 != 0);
  }

  /** Texts below come again and again, and this one never. */
  private boolean isNoCategory(int column) {
    List<String> texts = new ArrayList<>();
    below.forEach(row -> texts.add(row.get(column)));
    return !texts.contains(first.get(column)) && 2 * new HashSet<>(texts).size() <= texts.size();
  }
}
