package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Metric;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Areas under curves are undefined where a class has no row: said before anything is trained. */
public final class EveryClass {

  private EveryClass() {}

  /**
   * Refuses a metric that needs rows of every class where one has none that counts.
   *
   * @param what the rows are, for messages: "test row"
   */
  public static void require(Collection<String> names, Dataset rows, String what) {
    Optional<String> asks =
        names.stream().filter(name -> Metric.named(name).needsEveryClass()).findFirst();
    if (asks.isPresent() && rows.task() instanceof Task.Flags flags) {
      requireBothValues(asks.get(), rows, flags.targets(), what);
    }
    if (asks.isEmpty() || !(rows.task() instanceof Task.Classification known)) {
      return;
    }
    List<String> absent = new ArrayList<>(known.classes());
    for (int row = 0; row < rows.rows(); row++) {
      if (!rows.isWeighted() || rows.weights()[row] > 0) {
        absent.set((int) rows.targets()[row], null);
      }
    }
    absent.removeIf(Objects::isNull);
    if (!absent.isEmpty()) {
      throw new EvenkeelException(
          "%s needs rows of every class, but of %s none is of class \"%s\". help: more rows, or other metrics"
              .formatted(asks.get(), Words.counted(rows.rows(), what), absent.get(0)));
    }
  }

  private static void requireBothValues(
      String metric, Dataset rows, List<String> flags, String what) {
    for (int k = 0; k < flags.size(); k++) {
      boolean[] seen = new boolean[2];
      for (int row = 0; row < rows.rows(); row++) {
        if (!rows.isWeighted() || rows.weights()[row] > 0) {
          seen[(int) rows.targets()[row * flags.size() + k]] = true;
        }
      }
      if (!seen[0] || !seen[1]) {
        throw new EvenkeelException(
            "%s needs rows of both values of a flag, but \"%s\" is the same in all %s. help: more rows, or other metrics"
                .formatted(metric, flags.get(k), Words.counted(rows.rows(), what)));
      }
    }
  }
}
