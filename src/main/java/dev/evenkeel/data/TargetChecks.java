package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import java.util.List;

/** What targets must be for something to be learned of them. */
final class TargetChecks {

  /** A target varies by so many steps of a float at least: then rounding is 3 % of it at most. */
  private static final double COARSEST = 10;

  private TargetChecks() {}

  /**
   * A network with one output for classes has two of them, so a single one would be answered
   * wrongly.
   */
  static void requireSeveral(String data, String target, List<String> classes) {
    if (classes.size() == 1) {
      throw new EvenkeelException(
          "%s: the target \"%s\" is %s in every row to train on, so there is nothing to learn. help: another target"
              .formatted(data, target, classes.get(0)));
    }
  }

  /** The target of a row. */
  @FunctionalInterface
  interface Targets {
    double of(int row, int target);
  }

  /** As for classes: targets that are all the same teach nothing. One among others may be. */
  static void requireChange(String data, List<String> names, int[] trainRows, Targets targets) {
    for (int row : trainRows) {
      for (int k = 0; k < names.size(); k++) {
        if (targets.of(row, k) != targets.of(trainRows[0], k)) {
          return;
        }
      }
    }
    throw new EvenkeelException(
        names.size() == 1
            ? "%s: the target \"%s\" is %s in every row to train on, so there is nothing to learn. help: another target"
                .formatted(data, names.get(0), Cells.text(targets.of(trainRows[0], 0)))
            : "%s: each of the targets %s is the same in every row to train on, so there is nothing to learn. help: other targets"
                .formatted(data, Cells.quoted(names)));
  }

  /**
   * Answers and metrics are floats in the target's own units: where these lie further apart than
   * the target varies, they would all round to the same, and nothing would be told from anything.
   */
  static void requireFine(String data, String target, double mean, double deviation) {
    double step = Math.ulp((float) mean);
    if (COARSEST * step > deviation) {
      boolean tiny = step == Float.MIN_VALUE; // and so it would be around 0
      String help = tiny ? "give it in a smaller unit" : "subtract %.6g from the column";
      throw new EvenkeelException(
          "%s: the target \"%s\" lies around %.6g and varies by %.2g, but floats of that size are %.2g apart: answers and metrics would be lost in rounding. help: %s"
              .formatted(data, target, mean, deviation, step, help.formatted(mean)));
    }
  }
}
