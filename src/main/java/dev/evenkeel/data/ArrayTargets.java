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
    boolean whole = true;
    for (float value : targets.values()) {
      whole &= value == Math.rint(value) && value >= 0 && value <= TargetChoice.MOST_CLASSES;
    }
    if (!whole || targets.columns() != 1) {
      return false;
    }
    long distinct =
        IntStream.range(0, targets.rows().count())
            .map(row -> (int) targets.values()[row])
            .distinct()
            .count();
    return distinct <= TargetChoice.MOST_CLASSES && distinct < targets.rows().count() / 2.0;
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
    int[] labels = new int[targets.values().length];
    for (int row = 0; row < labels.length; row++) {
      float value = targets.values()[row];
      if (value < 0 || value != Math.rint(value) || value >= 1 << 20) {
        throw new EvenkeelException(
            "%s, row %d (from 0): %s is not a class index. Classes are whole numbers from 0."
                .formatted(targets.name(), row, value));
      }
      labels[row] = (int) value;
    }
    return labels;
  }

  static List<String> classes(ArrayFile targets) {
    if (targets.holdsTexts()) {
      return targets.classes();
    }
    float largest = 0;
    for (float value : targets.values()) {
      largest = Math.max(largest, value);
    }
    return IntStream.rangeClosed(0, (int) largest).mapToObj(Integer::toString).toList();
  }

  static List<String> names(int count) {
    String[] names = new String[count];
    Arrays.setAll(names, k -> count == 1 ? "target" : "target " + (k + 1));
    return List.of(names);
  }
}
