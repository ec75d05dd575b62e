package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import java.util.function.Supplier;

/** Judges the value of an option, and names the option in the message. */
final class Flag {

  private Flag() {}

  /** What the library makes of the value; its own message, where it refuses, follows the option. */
  static <T> T of(String option, Supplier<T> value) {
    try {
      return value.get();
    } catch (EvenkeelException e) {
      throw new EvenkeelException(option + ": " + e.getMessage(), e);
    }
  }

  static void atLeast(String option, long value, long least) {
    if (value < least) {
      throw new EvenkeelException("%s must be at least %d, not %d".formatted(option, least, value));
    }
  }

  static void between(String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw new EvenkeelException(
          "%s must be from %d to %d, not %d".formatted(option, least, most, value));
    }
  }

  /** The value, where it is one of those allowed. */
  static String choice(String option, String value, String... allowed) {
    for (String one : allowed) {
      if (one.equalsIgnoreCase(value)) {
        return one;
      }
    }
    throw new EvenkeelException(
        "%s %s is not known; there are: %s".formatted(option, value, String.join(", ", allowed)));
  }
}
