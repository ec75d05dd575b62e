package dev.evenkeel.cli;

import dev.evenkeel.train.Epoch;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.Trained;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What to say where training went on after the validation loss was lowest, and made it worse. */
final class OverfitRemark {

  /** As a share of the lowest loss: a smaller rise may be chance. */
  private static final double RISE = 0.05;

  /** A rise beyond that share, since losses near 0 come and go by large shares. */
  private static final double LEAST = 0.01;

  /** So many times the epochs until the best one are more than enough. */
  private static final int ENOUGH = 8;

  private OverfitRemark() {}

  static Optional<String> of(Trained trained, Recipe recipe) {
    List<Epoch> history = trained.history();
    if (trained.stoppedEarly()
        || trained.last().validation().isEmpty()
        || !recipe.monitor().equals("loss")) { // else the best epoch is another
      return Optional.empty();
    }
    Epoch best = history.stream().min(Comparator.comparingDouble(OverfitRemark::loss)).get();
    double last = loss(trained.last());
    int epoch = history.indexOf(best) + 1;
    int enough = epoch * ENOUGH;
    boolean kept = trained.keptBest();
    boolean shorter = recipe.steps() == 0 && enough < history.size();
    if (last <= loss(best) * (1 + RISE) + LEAST || kept && !shorter) {
      return Optional.empty();
    }
    return Optional.of(
        "The validation loss was lowest in epoch %d of %d, %.4f, and is %.4f at the end. help: %s"
            .formatted(
                epoch,
                history.size(),
                loss(best),
                last,
                kept
                    ? "--epochs " + enough + " is over sooner"
                    : "--keep best keeps the weights of that epoch"));
  }

  private static double loss(Epoch epoch) {
    return epoch.validation().get("loss");
  }
}
