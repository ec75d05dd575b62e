package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Class indexes or target values in an array. The same rule as {@link TargetChoice}'s decides, but
 * a column of bytes always holds classes.
 */
final class ArrayTargets {

  /** Beyond it floats hold no odd numbers. */
  private static final float LARGEST = 1 << 24;

  private ArrayTargets() {}

  /** Of several columns, whether they hold 0 and 1 alone. */
  static boolean areFlags(ArrayFile targets, Optional<Task.Kind> forced) {
    if (targets.holdsTexts()) {
      requireClasses(targets, forced);
      return false;
    }
    boolean flags = targets.columns() > 1;
    for (float value : targets.values()) {
      flags &= value == 0 || value == 1;
    }
    return forced.map(kind -> kind == Task.Kind.FLAGS).orElse(flags);
  }

  static boolean areClasses(ArrayFile targets, Optional<Task.Kind> forced) {
    if (targets.holdsTexts()) {
      return true;
    }
    if (forced.isPresent()) {
      return forced.get() == Task.Kind.CLASSIFICATION;
    }
    if (targets.bytes()) {
      return targets.columns() == 1;
    }
    boolean whole = targets.columns() == 1;
    for (float value : targets.values()) {
      whole &= isWhole(value);
    }
    int distinct = whole ? distinct(targets).length : 0;
    return whole
        && distinct <= TargetChoice.MOST_CLASSES
        && distinct < targets.rows().count() / 2.0;
  }

  private static boolean isWhole(float value) {
    return value == Math.rint(value) && Math.abs(value) < LARGEST;
  }

  /** The different numbers that there are, of whole ones. */
  private static int[] distinct(ArrayFile targets) {
    int[] sorted = new int[targets.values().length];
    Arrays.setAll(sorted, i -> (int) targets.values()[i]);
    Arrays.sort(sorted);
    int count = 0;
    for (int number : sorted) {
      if (count == 0 || number != sorted[count - 1]) {
        sorted[count++] = number;
      }
    }
    return Arrays.copyOf(sorted, count);
  }

  private static void requireClasses(ArrayFile targets, Optional<Task.Kind> forced) {
    if (forced.isPresent() && forced.get() != Task.Kind.CLASSIFICATION) {
      throw new EvenkeelException(
          "%s holds texts, which are classes: they can't be predicted as %s."
              .formatted(targets.name(), forced.get() == Task.Kind.FLAGS ? "flags" : "numbers"));
    }
  }

  static int[] labels(ArrayFile targets) {
    if (targets.columns() != 1) {
      throw new EvenkeelException(
          "%s has %s, but a classification needs one class index for each row. Choose another file, or --task regression."
              .formatted(targets.name(), Words.counted(targets.columns(), "column")));
    }
    float[] values = targets.values();
    for (int row = 0; row < values.length; row++) {
      if (!isWhole(values[row])) {
        throw new EvenkeelException(
            "%s, row %d (from 0): %s is no class. Classes are texts, or whole numbers below %,.0f."
                .formatted(targets.name(), row, Cells.text(values[row]), LARGEST));
      }
    }
    if (targets.holdsTexts()) {
      return IntStream.range(0, values.length).map(row -> (int) values[row]).toArray();
    }
    int[] distinct = distinct(targets);
    int[] labels = new int[values.length];
    Arrays.setAll(labels, row -> Arrays.binarySearch(distinct, (int) values[row]));
    return labels;
  }

  /** Texts, or the numbers that there are. */
  static List<String> classes(ArrayFile targets) {
    return targets.holdsTexts()
        ? targets.classes()
        : IntStream.of(distinct(targets)).mapToObj(Integer::toString).toList();
  }

  static List<String> names(int count) {
    String[] names = new String[count];
    Arrays.setAll(names, k -> count == 1 ? "target" : "target " + (k + 1));
    return List.of(names);
  }
}
