package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds out whether all texts of a column are amounts of one form, and what they are. They are read
 * with decimal points and with decimal commas, as long as both go.
 */
final class AmountTrial {

  private final AmountText amount = new AmountText();
  private final List<Reading> readings = new ArrayList<>();
  private String unit = "";
  private boolean units = true;

  /** Of the text that is read. */
  private String own = "";

  /** Whether some text other than 0 has no unit. */
  private boolean bare;

  private boolean points;
  private boolean pointless;
  private boolean commas;
  private String example = "";
  private boolean either;

  /** With decimals after one of the two, and what speaks for it. */
  private final class Reading {
    final boolean comma;
    final Doubles values = new Doubles();
    boolean decimals;
    boolean signed;
    boolean brackets;
    boolean shortGroups;
    int fewest = Integer.MAX_VALUE;
    int most;

    Reading(boolean comma) {
      this.comma = comma;
    }

    /** Whether the text can be read so. */
    boolean add(String text) {
      if (!amount.read(text, comma)) {
        double plain = hasExponent(text) ? Cells.number(text) : Double.NaN;
        values.add(plain);
        return !Double.isNaN(plain);
      }
      values.add(amount.value);
      own = amount.unit;
      decimals |= amount.decimals;
      signed |= amount.signed;
      brackets |= amount.brackets;
      shortGroups |= amount.groups > 0 && amount.firstDigits < 3;
      fewest = Math.min(fewest, amount.groups);
      most = Math.max(most, amount.groups);
      return true;
    }

    /**
     * Whether it is more than chance: codes, telephone numbers and versions look like amounts, too,
     * but all alike.
     */
    boolean isSure() {
      if (unit.equals(AmountText.PERCENT)) {
        return !bare;
      } else if (!unit.isEmpty()) {
        return AmountText.isSymbol(unit) || most > 0 || decimals;
      }
      boolean parted = shortGroups && (fewest < most || decimals);
      return !brackets && (parted || signed && most == 0);
    }
  }

  /**
   * @param decimal "." or "," where that is known
   */
  AmountTrial(String decimal) {
    for (boolean comma : new boolean[] {false, true}) {
      if (!decimal.equals(comma ? "." : ",")) {
        readings.add(new Reading(comma));
      }
    }
  }

  private static boolean hasExponent(String text) {
    return text.indexOf('e') >= 0 || text.indexOf('E') >= 0;
  }

  void addMissing() {
    readings.forEach(reading -> reading.values.add(Double.NaN));
  }

  void add(String text) {
    own = "";
    readings.removeIf(reading -> !reading.add(text));
    if (readings.isEmpty()) {
      return;
    }
    unit = unit.isEmpty() ? own : unit;
    bare |= own.isEmpty() && Cells.number(text) != 0;
    units &= own.isEmpty() || own.equals(unit);
    points |= text.indexOf('.') >= 0;
    pointless |= text.indexOf('.') < 0;
    commas |= text.indexOf(',') >= 0;
    if (example.isEmpty() && AmountText.isLike(text)
        || !either && readings.size() == 2 && isEither(text)) {
      example = text;
      either = isEither(text);
    }
  }

  /** Whether a comma or point of it could part decimals or thousands. */
  private boolean isEither(String text) {
    if (!amount.read(text, false)) {
      return false;
    }
    double byPoint = amount.value;
    return amount.read(text, true) && amount.value != byPoint;
  }

  /**
   * Where a comma or point could be either, as in $1,200 or 1.200 €, it parts thousands; but of
   * points only of a currency, if some amount has none.
   *
   * @param elsewhere whether decimals have commas elsewhere in the file
   */
  Optional<AmountForm> form(boolean elsewhere) {
    return reading(elsewhere).map(reading -> new AmountForm(unit, reading.comma));
  }

  private Optional<Reading> reading(boolean elsewhere) {
    List<Reading> sure =
        example.isEmpty() || !units
            ? List.of()
            : readings.stream().filter(Reading::isSure).toList();
    boolean money = !unit.isEmpty() && !unit.equals(AmountText.PERCENT);
    boolean byComma = elsewhere || money && points && pointless && !commas;
    return sure.stream()
        .filter(reading -> sure.size() == 1 || reading.comma == byComma)
        .findFirst();
  }

  /** Its numbers, once. */
  double[] take(AmountForm form) {
    return readings.stream()
        .filter(reading -> reading.comma == form.comma())
        .findFirst()
        .orElseThrow()
        .values
        .take();
  }

  /** One of its texts, and what it was read as; where it might be another number, how. */
  String shown(AmountForm form) {
    AmountForm other = form.withComma(!form.comma());
    double otherwise = other.value(example);
    String text = Cells.quoted(example) + " is " + Cells.text(form.value(example));
    return readings.size() == 2 && either
        ? "%s; with --decimal %s it is %s"
            .formatted(text, other.comma() ? "," : ".", Cells.text(otherwise))
        : text;
  }

  /** The form of these texts. */
  static Optional<AmountForm> of(List<String> texts, String decimal) {
    AmountTrial trial = new AmountTrial(decimal);
    texts.forEach(trial::add);
    return trial.form(decimal.equals(","));
  }
}
