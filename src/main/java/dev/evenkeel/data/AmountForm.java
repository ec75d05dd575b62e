package dev.evenkeel.data;

import java.util.Currency;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How a column writes numbers that have more to them than digits: a currency, a percent sign,
 * thousands apart, a minus of its own or brackets instead, as in $1,200.50, 1.200,50 €, 45 % or
 * (1'200). They stand for what they say: 45 % for 45.
 *
 * @param unit "%", or how the currency is written, which may be left out then; "" for none
 * @param comma whether a comma is in front of decimals, and not a point
 */
public record AmountForm(String unit, boolean comma) {

  private static final String PERCENT = "%";
  private static final Set<String> CURRENCIES =
      Currency.getAvailableCurrencies().stream()
          .map(Currency::getCurrencyCode)
          .collect(Collectors.toUnmodifiableSet());

  private static final Pattern SHAPE =
      Pattern.compile(
          "(?<open>\\()?(?<sign>[-+−]?)(?<before>\\p{Sc}|[A-Z]{3})?\\p{Zs}?(?<inner>[-+−]?)(?<number>[0-9.,](?:[0-9.,'’\\p{Zs}]*[0-9])?)\\p{Zs}?(?<behind>%|\\p{Sc}|[A-Z]{3})?(?<close>\\))?");
  private static final Pattern WITH_POINT = number("\\.", ",");
  private static final Pattern WITH_COMMA = number(",", "\\.");

  /** Thousands apart, or a minus or brackets that are none of Java's. */
  private static final Pattern MORE = Pattern.compile("[.'’\\p{Zs}−()]|,.*,|,[0-9]{3}$");

  /**
   * The whole part in one piece or in threes, all with the same between them. With a zero in front
   * it is no amount, but a code: PEN001.
   */
  private static Pattern number(String decimal, String thousands) {
    return Pattern.compile(
        "(?<whole>0|[1-9][0-9]*|[1-9][0-9]{0,2}(?<apart>['’\\p{Zs}]|%s)[0-9]{3}(?:\\k<apart>[0-9]{3})*)?(?:%s(?<part>[0-9]+))?"
            .formatted(thousands, decimal));
  }

  /**
   * The one that all texts have, of which some are no plain numbers. Where a comma or point could
   * be either, as in $1,200 or 1.200 €, it parts thousands; but of points only if some amount has
   * none, and in no percents.
   *
   * @param decimal "." or "," where that is known
   */
  static Optional<AmountForm> of(List<String> texts, String decimal) {
    String unit = texts.isEmpty() ? "" : unit(texts);
    AmountForm point = new AmountForm(unit, false);
    AmountForm comma = new AmountForm(unit, true);
    boolean byPoint = !decimal.equals(",") && point.isOf(texts);
    boolean byComma = !decimal.equals(".") && comma.isOf(texts);
    if (unit.isEmpty() && texts.stream().noneMatch(text -> MORE.matcher(text).find())) {
      return Optional.empty(); // decimal commas alone are not for this class to judge
    }
    if (byPoint && byComma) {
      boolean parts = texts.stream().anyMatch(text -> text.indexOf('.') >= 0);
      boolean whole = texts.stream().anyMatch(text -> text.indexOf('.') < 0);
      return Optional.of(parts && whole && !unit.equals(PERCENT) ? comma : point);
    }
    return byPoint ? Optional.of(point) : byComma ? Optional.of(comma) : Optional.empty();
  }

  /** Of the first text that has one. */
  private static String unit(List<String> texts) {
    for (String text : texts) {
      Matcher shape = SHAPE.matcher(text);
      if (!shape.matches()) {
        return "";
      } else if (shape.group("before") != null || shape.group("behind") != null) {
        return shape.group(shape.group("before") != null ? "before" : "behind");
      }
    }
    return "";
  }

  private boolean isOf(List<String> texts) {
    boolean money = unit.isEmpty() || unit.equals(PERCENT) || isCurrency();
    return money && !texts.isEmpty() && texts.stream().noneMatch(text -> Double.isNaN(value(text)));
  }

  private boolean isCurrency() {
    return CURRENCIES.contains(unit)
        || Character.getType(unit.charAt(0)) == Character.CURRENCY_SYMBOL;
  }

  /** The number that a text of this form stands for; NaN of others. */
  double value(String text) {
    Matcher shape = SHAPE.matcher(text);
    if (!shape.matches() || !has(shape.group("before"), shape.group("behind"))) {
      return Double.NaN;
    }
    boolean brackets = shape.group("open") != null;
    String signs = shape.group("sign") + shape.group("inner");
    if (brackets != (shape.group("close") != null) || signs.length() > (brackets ? 0 : 1)) {
      return Double.NaN;
    }
    Matcher number = (comma ? WITH_COMMA : WITH_POINT).matcher(shape.group("number"));
    if (!number.matches()) {
      return Double.NaN;
    }
    String whole = number.group("whole") == null ? "" : number.group("whole");
    String part = number.group("part") == null ? "" : "." + number.group("part");
    double value = Cells.number(whole.replaceAll("[^0-9]", "") + part);
    return brackets || signs.equals("-") || signs.equals("−") ? -value : value;
  }

  private boolean has(String before, String behind) {
    if (before == null && behind == null) {
      return !unit.equals(PERCENT);
    }
    return before == null ? behind.equals(unit) : behind == null && before.equals(unit);
  }

  /** An example for messages. */
  String example() {
    String number = comma ? "1.200,5" : "1,200.5";
    return unit.equals(PERCENT)
        ? (comma ? "4,5%" : "4.5%")
        : unit.isEmpty() ? number : unit + " " + number;
  }
}
