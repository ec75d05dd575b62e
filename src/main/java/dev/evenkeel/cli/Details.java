package dev.evenkeel.cli;

import java.util.List;
import java.util.Map;

/** What one number does not tell of a model's answers, by the kind of the task. */
abstract class Details {

  /** In a table; longer names are cut. */
  static final int LONGEST_NAME = 24;

  /** For {@code --json}. */
  abstract void put(Map<String, Object> result);

  /** For people. */
  abstract List<String> lines();

  /** "97.5 %", and a dash for a share of nothing. */
  static String percent(double share) {
    return Double.isNaN(share) ? "–" : "%.1f %%".formatted(100 * share);
  }

  /** JSON has no NaN. */
  static Double orNull(double value) {
    return Double.isNaN(value) ? null : (Double) value;
  }
}
