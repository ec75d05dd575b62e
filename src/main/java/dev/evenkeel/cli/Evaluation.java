package dev.evenkeel.cli;

import dev.evenkeel.train.Recipe;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Which metrics are shown, and how. */
final class Evaluation {

  private Evaluation() {}

  /** The recipe's metrics, and always the one that the task is known by. */
  static Set<String> metrics(Recipe recipe, boolean classification) {
    Set<String> names = new LinkedHashSet<>(List.of(classification ? "accuracy" : "rmse"));
    names.addAll(recipe.metrics());
    return names;
  }

  /** "accuracy 97.50 %". */
  static String format(String name, double value) {
    return name.equals("accuracy") || name.startsWith("top")
        ? String.format(Locale.ROOT, "%s %.2f %%", name, 100 * value)
        : String.format(Locale.ROOT, "%s %.5g", name, value);
  }
}
