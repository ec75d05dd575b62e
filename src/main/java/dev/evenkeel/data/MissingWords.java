package dev.evenkeel.data;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The texts that stand for a missing value, in any case. Some do so everywhere; others, such as
 * "none" or "-", only where numbers or dates are expected: among texts they may well be a category.
 */
final class MissingWords {

  private static final List<String> ANYWHERE =
      List.of("", "?", "na", "nan", "null", "n/a", "#n/a", "#na", "<na>", "n.a.");
  private static final Set<String> AMONG_NUMBERS = Set.of("none", "nil", "missing", "-", "--", "–");

  private final Set<String> anywhere = new HashSet<>(ANYWHERE);
  private final int longest;
  private final boolean numbers;

  MissingWords(TableFormat format) {
    format.missing().forEach(word -> anywhere.add(word.strip().toLowerCase(Locale.ROOT)));
    longest =
        Stream.concat(anywhere.stream(), AMONG_NUMBERS.stream())
            .mapToInt(String::length)
            .max()
            .orElseThrow();
    numbers =
        format.missing().stream()
            .map(String::strip)
            .anyMatch(word -> !Double.isNaN(Cells.number(word)) || AmountText.isLike(word));
  }

  /**
   * Whether numbers, such as −999 or $0, are among the words, so that every cell must be looked at.
   */
  boolean haveNumbers() {
    return numbers;
  }

  boolean anywhere(String text) {
    return text.length() <= longest && anywhere.contains(text.toLowerCase(Locale.ROOT));
  }

  /** Where a number, a vector or a date is expected; an empty list is none either. */
  boolean amongNumbers(String text) {
    return text.length() <= longest
            && (anywhere.contains(text.toLowerCase(Locale.ROOT))
                || AMONG_NUMBERS.contains(text.toLowerCase(Locale.ROOT)))
        || text.startsWith("[")
            && text.endsWith("]")
            && text.substring(1, text.length() - 1).isBlank();
  }
}
