package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Recipe;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which metrics are shown, and how. */
final class Evaluation {

  private static final Set<String> SHARES = Set.of("accuracy", "balanced-accuracy", "f1");

  /** For the help of commands. */
  static final String NAMES =
      "of classes: " + Metric.OF_CLASSES + "; of numbers: " + Metric.OF_NUMBERS;

  /** From here on five digits are whole, and an exponent would say the same in another form. */
  private static final double WHOLE = 1e4;

  private static final double LONGEST = 1e12;

  private Evaluation() {}

  /** The recipe's metrics, and always the one that the task is known by. */
  static Set<String> metrics(Recipe recipe, boolean classes) {
    Set<String> names = new LinkedHashSet<>(List.of(classes ? "accuracy" : "rmse"));
    names.addAll(recipe.metrics());
    return names;
  }

  /** Refuses a metric of classes for numbers, and one of numbers for classes or flags. */
  static void requireFit(String option, Collection<String> names, Task task) {
    boolean classification = task.hasProbabilities();
    for (String name : names) {
      Flag.of(option, () -> Metric.named(name));
      if (task instanceof Task.Flags && name.startsWith("top")) {
        throw new EvenkeelException(
            "%s %s looks for one class among several, but flags may be true together. help: %s"
                .formatted(option, name, Metric.OF_FLAGS));
      }
      if (Metric.isOfNumbers(name) == classification) {
        throw new EvenkeelException(
            classification
                ? "%s %s measures numbers, but the target holds %s. help: %s"
                    .formatted(
                        option,
                        name,
                        task instanceof Task.Flags ? "flags" : "classes",
                        task instanceof Task.Flags ? Metric.OF_FLAGS : Metric.OF_CLASSES)
                : "%s %s measures classes, but the target holds numbers. help: %s"
                    .formatted(option, name, Metric.OF_NUMBERS));
      }
    }
  }

  /** Whether a metric is a share, shown in percent. */
  static boolean isShare(String name) {
    return SHARES.contains(name) || name.startsWith("top");
  }

  /** "accuracy 97.50 %", "rmse 0.12345", "rmse 412345". */
  static String format(String name, double value) {
    return name + " " + shown(name, value);
  }

  private static String shown(String name, double value) {
    return isShare(name) ? "%.2f %%".formatted(100 * value) : number(value);
  }

  /** The recipe's metrics of these answers, as they are shown, or why there is none. */
  static Map<String, String> shown(Recipe recipe, Task task, Predictions predictions) {
    Map<String, String> shown = new LinkedHashMap<>();
    for (String name : metrics(recipe, task.hasProbabilities())) {
      try {
        shown.put(name, shown(name, Evaluator.value(Metric.named(name), task, predictions)));
      } catch (EvenkeelException e) {
        shown.put(name, e.getMessage()); // a class has no rows here, say
      }
    }
    return shown;
  }

  /** "0.12345", "412345". */
  static String number(double value) {
    boolean whole = Math.abs(value) >= WHOLE && Math.abs(value) < LONGEST;
    return (whole ? "%.0f" : "%.5g").formatted(value);
  }
}
