package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.nn.RowNorm;
import java.util.List;
import java.util.Locale;

/**
 * What --norm names: "batch", "group:8".
 *
 * @param text as it was given
 * @param number behind the colon, or what stands for it
 */
record NormName(String text, String method, int number) {

  private static final List<String> PLAIN =
      List.of("none", "batch", "layer", "rms", "group", "weight", "normprop", "mean-only");
  private static final List<String> NUMBERED = List.of("group", "instance", "ghost");

  static NormName of(String text) {
    String[] parts = text.toLowerCase(Locale.ROOT).split(":", 2);
    if (parts.length == 1 && PLAIN.contains(parts[0])) {
      return new NormName(text, parts[0], RowNorm.DEFAULT_GROUPS);
    }
    if (parts.length == 2 && NUMBERED.contains(parts[0])) {
      return new NormName(text, parts[0], number(text, parts[1]));
    }
    throw new EvenkeelException(
        switch (parts[0]) {
          case "instance" ->
              "--norm instance needs the length of its groups: over a single feature each set has one element, so its deviation is 0 and every output would be β. help: --norm instance:L with an L that divides the widths in --hidden, such as instance:8";
          case "ghost" ->
              "--norm ghost needs the rows of its groups. help: --norm ghost:K, such as ghost:32";
          default ->
              "--norm %s is not known; there are: none, batch, layer, rms, group, group:G, instance:L, weight, normprop, ghost:K, mean-only"
                  .formatted(text);
        });
  }

  /** Refuses groups that no batch of so many rows fills: they would be plain batch norm. */
  void requireFilled(int rows) {
    if (method.equals("ghost") && number > rows) {
      throw new EvenkeelException(
          "--norm ghost:%d needs batches of at least %d rows, but these have %d: one group of them all is plain batch norm. help: smaller groups, such as ghost:32, a larger --batch, or --norm batch"
              .formatted(number, number, rows));
    }
  }

  private static int number(String text, String digits) {
    try {
      int number = Integer.parseInt(digits);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // falls through to the one message
    }
    throw new EvenkeelException(
        "--norm %s: '%s' is not a whole number above 0".formatted(text, digits));
  }
}
