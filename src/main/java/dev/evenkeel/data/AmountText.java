package dev.evenkeel.data;

import java.util.Currency;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A text taken apart as an amount: a sign or brackets, a currency or a percent sign in front or
 * behind, digits in one piece or in threes, decimals. One object serves many texts.
 */
final class AmountText {

  static final String PERCENT = "%";

  private static final Set<String> CURRENCIES =
      Currency.getAvailableCurrencies().stream()
          .map(Currency::getCurrencyCode)
          .filter(code -> !code.startsWith("X")) // metals, funds, tests
          .collect(Collectors.toUnmodifiableSet());

  private String text;
  private int at;
  private int end;

  /** "" where there is none. */
  String unit;

  double value;

  /** Whether a minus is one of typesetters, or brackets. */
  boolean signed;

  boolean brackets;

  /** Groups of three digits behind the first of at most three. */
  int groups;

  int firstDigits;

  /** What is between them; 0 where there are none. */
  char between;

  boolean decimals;

  /** Whether a text may be an amount, but is no plain number. */
  static boolean isLike(String text) {
    AmountText amount = new AmountText();
    return Double.isNaN(Cells.number(text))
        && (amount.read(text, false) || amount.read(text, true));
  }

  /** Whether it has a unit, too. */
  static boolean hasUnit(String text) {
    AmountText amount = new AmountText();
    return (amount.read(text, false) || amount.read(text, true)) && !amount.unit.isEmpty();
  }

  static boolean isSymbol(String unit) {
    return unit.length() == 1 && !unit.equals(PERCENT);
  }

  /**
   * @param comma whether decimals follow a comma, and not a point
   */
  boolean read(String cell, boolean comma) {
    text = cell;
    at = 0;
    end = cell.length();
    unit = "";
    groups = 0;
    brackets = end > 1 && text.charAt(0) == '(' && text.charAt(end - 1) == ')';
    if (brackets) {
      at++;
      end--;
    }
    char sign = sign();
    front();
    if (sign == 0) {
      sign = sign();
    }
    behind();
    if (at >= end || brackets && sign != 0 || !number(comma)) {
      return false;
    }
    signed = brackets || sign == '−';
    value = brackets || sign == '-' || sign == '−' ? -value : value;
    return true;
  }

  /** 0 where there is none. */
  private char sign() {
    boolean any = at < end && "-+−".indexOf(text.charAt(at)) >= 0;
    return any ? text.charAt(at++) : 0;
  }

  private void front() {
    if (at < end && isCurrencySign(text.charAt(at))) {
      unit = text.substring(at, ++at);
    } else if (end - at > 3 && isCurrency(at)) {
      unit = text.substring(at, at + 3);
      at += 3;
    } else {
      return;
    }
    while (at < end && isBlank(text.charAt(at))) {
      at++;
    }
  }

  private void behind() {
    if (!unit.isEmpty() || at >= end) {
      return;
    }
    char last = text.charAt(end - 1);
    if (last == '%' || isCurrencySign(last)) {
      unit = text.substring(--end, end + 1);
    } else if (end - at > 3 && isCurrency(end - 3)) {
      end -= 3;
      unit = text.substring(end, end + 3);
    }
    while (at < end && isBlank(text.charAt(end - 1))) {
      end--;
    }
  }

  private static boolean isCurrencySign(char c) {
    return Character.getType(c) == Character.CURRENCY_SYMBOL;
  }

  private boolean isCurrency(int from) {
    return CURRENCIES.contains(text.substring(from, from + 3));
  }

  private static boolean isBlank(char c) {
    return Character.isSpaceChar(c);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Digits, and all of the rest. A zero in front of others makes a code: PEN001. */
  private boolean number(boolean comma) {
    StringBuilder digits = new StringBuilder(end - at);
    firstDigits = digits(digits);
    between = 0;
    while (at < end && text.charAt(at) != (comma ? ',' : '.')) {
      char c = text.charAt(at++);
      boolean parts = c == (comma ? '.' : ',') || c == '\'' || c == '’' || isBlank(c);
      if (!parts || between != 0 && c != between || firstDigits == 0 || firstDigits > 3) {
        return false;
      }
      between = c;
      if (digits(digits) != 3) {
        return false;
      }
      groups++;
    }
    if (digits.length() > 1 && digits.charAt(0) == '0') {
      return false;
    }
    decimals = at < end;
    if (decimals) {
      at++;
      digits.append('.');
      if (digits(digits) == 0) {
        return false;
      }
    }
    value = Cells.number(digits.toString());
    return at == end && !Double.isNaN(value);
  }

  private int digits(StringBuilder taken) {
    int from = at;
    while (at < end && isDigit(text.charAt(at))) {
      taken.append(text.charAt(at++));
    }
    return at - from;
  }
}
