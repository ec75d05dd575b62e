package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Folds;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Split;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Parts the rows of a plan's data as it says: at random, by whole groups, or in order.
 *
 * @param strata the class index of every row, 0 for numbers
 * @param classes what each row's class is called
 * @param groups that stay together, where the plan has some
 */
record Parting(DataPlan plan, int[] strata, IntFunction<String> classes, Optional<Groups> groups) {

  /**
   * @param tested the share to test on
   */
  Split split(double tested) {
    double valid = plan.valid().share();
    if (plan.order() == Split.Order.ORDERED) {
      return Split.ordered(strata.length, valid, tested);
    }
    return groups.isPresent()
        ? Split.grouped(groups.get().ofRow(), valid, tested, plan.seed())
        : Split.stratified(strata, valid, tested, plan.seed());
  }

  List<Split> folds(int count) {
    double valid = plan.valid().share();
    if (plan.order() == Split.Order.ORDERED) {
      throw new EvenkeelException(
          "--split ordered can't be cross-validated: most folds would be tested by a model that learned from later rows. help: train --split ordered");
    }
    List<Split> folds =
        groups.isPresent()
            ? Folds.grouped(groups.get().ofRow(), count, valid, plan.seed())
            : Folds.of(strata, count, valid, plan.seed());
    folds.forEach(this::requireTrained); // of all, before the first is trained
    return folds;
  }

  /** A split may leave a class out that the others are to be told from, if it is by groups, say. */
  Split requireTrained(Split split) {
    BitSet trained = new BitSet();
    IntStream.of(split.train()).forEach(row -> trained.set(strata[row]));
    for (int row = 0; row < strata.length; row++) {
      if (!trained.get(strata[row])) {
        throw new EvenkeelException(
            "%s: no row of class \"%s\" trains (%s), but some validate or test. help: %ssmaller shares, or leave its rows out"
                .formatted(
                    plan.data(),
                    classes.apply(row),
                    plan.way(),
                    plan.group().isEmpty() ? "" : "another --seed, "));
      }
    }
    return split;
  }
}
