package dev.evenkeel.lab;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * Ticks of a logarithmic axis: whole powers of ten, no more than fit; over a short range 1, 2 and 5
 * of each, since the charting library takes others there and rounds what it writes on them.
 */
record Ticks(List<Double> at, List<String> labels) {

  private static final int MOST_POWERS = 8;

  /** Powers of ten that are written out: 0.001 to 1000. */
  private static final int PLAIN = 3;

  private static final double ROUNDING = 1e-9;

  static Ticks between(double low, double high) {
    int first = (int) Math.ceil(Math.log10(low) - ROUNDING);
    int last = (int) Math.floor(Math.log10(high) + ROUNDING);
    boolean few = last - first < 1;
    int every = Math.max(0, last - first) / MOST_POWERS + 1;
    Ticks ticks = new Ticks(new ArrayList<>(), new ArrayList<>());
    for (int power = few ? first - 1 : first; power <= last; power += every) {
      for (int digit : few ? new int[] {1, 2, 5} : new int[] {1}) {
        double tick = digit * Math.pow(10, power);
        if (tick >= low * (1 - ROUNDING) && tick <= high * (1 + ROUNDING)) {
          ticks.at.add(tick);
          ticks.labels.add(label(digit, power));
        }
      }
    }
    return ticks;
  }

  private static String label(int digit, int power) {
    if (Math.abs(power) <= PLAIN) {
      return new BigDecimal(BigInteger.valueOf(digit), -power).toPlainString();
    }
    StringBuilder text = new StringBuilder(digit == 1 ? "10" : digit + "·10");
    for (char one : Integer.toString(power).toCharArray()) {
      text.append(one == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(one - '0'));
    }
    return text.toString();
  }
}
