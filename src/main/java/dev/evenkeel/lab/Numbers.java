package dev.evenkeel.lab;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Numbers as people read them. */
public final class Numbers {

  private static final int DIGITS = 4;

  private Numbers() {}

  /** Four digits: "0.0123", "1234", "1.9e7", "5.6e-12"; whole numbers below a million in full. */
  public static String text(double value) {
    return text(value, DIGITS);
  }

  static String text(double value, int digits) {
    if (Double.isNaN(value)) {
      return "–";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "−∞";
    }
    double size = Math.abs(value);
    if (value == Math.rint(value) && size < 1e6) {
      return Long.toString((long) value);
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits)).stripTrailingZeros();
    if (size >= 1e-3 && size < 1e6) {
      return rounded.toPlainString();
    }
    String[] parts =
        String.format(Locale.ROOT, "%." + Math.min(2, digits - 1) + "e", value).split("e");
    String mantissa = new BigDecimal(parts[0]).stripTrailingZeros().toPlainString();
    return mantissa + "e" + Integer.parseInt(parts[1]);
  }
}
