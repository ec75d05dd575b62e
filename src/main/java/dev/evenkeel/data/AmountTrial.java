package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds out whether all texts of a column are amounts of one form, and what they are. They are read
 * with decimal points and with decimal commas, as long as both go.
 */
final class AmountTrial {

  /** Fewer amounts among plain numbers are mistakes. */
  private static final double FEW = 0.05;

  private final AmountText amount = new AmountText();
  private final List<Reading> readings = new ArrayList<>();
  private final boolean typed;
  private String unit = "";
  private boolean units = true;

  /** Of the text that is read. */
  private String own = "";

  /** Whether some text other than 0 has no unit. */
  private boolean bare;

  private long count;
  private long withUnit;

  /** Plain numbers with a decimal point. */
  private long plainPoints;

  private boolean points;
  private boolean pointless;
  private boolean commas;
  private String example = "";
  private boolean either;

  /** With decimals after one of the two, and what speaks for it. */
  private final class Reading {
    final boolean comma;
    final Doubles values = new Doubles();
    double first = Double.NaN;
    boolean several;
    boolean decimals;
    boolean signed;
    boolean brackets;
    boolean shortGroups;
    boolean clearGroups;
    long grouped;
    int fewest = Integer.MAX_VALUE;
    int most;

    Reading(boolean comma) {
      this.comma = comma;
    }

    /** Whether the text can be read so. */
    boolean add(String text) {
      double plain = typed || hasExponent(text) ? Cells.number(text) : Double.NaN;
      if (!Double.isNaN(plain) || !amount.read(text, comma)) {
        take(plain);
        return !Double.isNaN(plain);
      }
      take(amount.value);
      own = amount.unit;
      decimals |= amount.decimals;
      signed |= amount.signed;
      brackets |= amount.brackets;
      shortGroups |= amount.groups > 0 && amount.firstDigits < 3;
      clearGroups |= amount.between != 0 && ",'’".indexOf(amount.between) >= 0;
      grouped += amount.groups > 0 ? 1 : 0;
      fewest = Math.min(fewest, amount.groups);
      most = Math.max(most, amount.groups);
      return true;
    }

    private void take(double value) {
      values.add(value);
      several |= !Double.isNaN(first) && value != first;
      first = Double.isNaN(first) ? value : first;
    }

    /**
     * Whether it is more than chance, and more than a few mistakes among plain numbers: codes,
     * telephone numbers and versions look like amounts, too, but all alike.
     */
    boolean isSure() {
      boolean otherPoints = comma && plainPoints > count - plainPoints;
      if (!several || otherPoints) {
        return false;
      } else if (!unit.isEmpty()) {
        boolean symbol = AmountText.isSymbol(unit) || most > 0 || decimals;
        boolean percent = unit.equals(AmountText.PERCENT);
        return withUnit >= FEW * count && (percent ? !bare : symbol);
      }
      boolean differ = fewest < most && (clearGroups || count - grouped > 1);
      boolean mistakes = plainPoints > 0 && grouped < FEW * count;
      boolean parted = shortGroups && (decimals || differ) && !mistakes;
      return !brackets && (parted || signed && most == 0);
    }
  }

  /**
   * @param decimal "." or "," where that is known
   * @param typed whether plain numbers are what they are, whatever texts beside them mean
   */
  AmountTrial(String decimal, boolean typed) {
    this.typed = typed;
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
    count++;
    withUnit += own.isEmpty() ? 0 : 1;
    double plain = own.isEmpty() ? Cells.number(text) : Double.NaN;
    bare |= own.isEmpty() && plain != 0;
    plainPoints += !Double.isNaN(plain) && text.indexOf('.') >= 0 ? 1 : 0;
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

  /** What decimals have in front in a file, as far as its columns tell. */
  record Decimals(boolean points, boolean commas) {

    Decimals and(Decimals other) {
      return new Decimals(points || other.points, commas || other.commas);
    }
  }

  /** What this column tells of it: something where only one of the readings goes. */
  Decimals tells() {
    boolean one = readings.size() == 1 && readings.get(0).isSure();
    boolean decimals = one && readings.get(0).decimals;
    return new Decimals(decimals && !readings.get(0).comma, decimals && readings.get(0).comma);
  }

  /**
   * Where a comma or point could be either, as in $1,200 or 1.200 €, it parts thousands, unless the
   * other columns tell otherwise; but of points only of a currency, if some amount has none.
   */
  Optional<AmountForm> form(Decimals others) {
    return reading(others).map(reading -> new AmountForm(unit, reading.comma));
  }

  private Optional<Reading> reading(Decimals others) {
    List<Reading> sure =
        example.isEmpty() || !units
            ? List.of()
            : readings.stream().filter(Reading::isSure).toList();
    boolean money = !unit.isEmpty() && !unit.equals(AmountText.PERCENT);
    boolean thousands = money && points && pointless && !commas;
    boolean byComma = !others.points && (others.commas || thousands);
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
    AmountTrial trial = new AmountTrial(decimal, false);
    texts.forEach(trial::add);
    return trial.form(new Decimals(false, decimal.equals(",")));
  }
}
