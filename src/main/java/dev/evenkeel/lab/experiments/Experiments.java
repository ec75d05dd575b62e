package dev.evenkeel.lab.experiments;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.lab.Experiment;
import java.util.List;
import java.util.stream.Stream;

/** All experiments, in the order in which they are listed and run. */
public final class Experiments {

  /** What a norm does to its input. */
  private static final List<Experiment> BASICS =
      List.of(new RoundContours(), new Identity(), new RedundantBias());

  /** What it does to training: steps, depth, gradients. */
  private static final List<Experiment> TRAINING =
      List.of(
          new BeforeOrAfter(),
          new TestTime(),
          new LearningRates(),
          new Depth(),
          new VanishingGradients(),
          new Smoothness());

  /** What comes of it: shifts, noise, accuracy. */
  private static final List<Experiment> EFFECTS =
      List.of(
          new CovariateShiftInside(),
          new Regularisation(),
          new Methods(),
          new BlackCats(),
          new TabularRecipe());

  private Experiments() {}

  public static List<Experiment> all() {
    return Stream.of(BASICS, TRAINING, EFFECTS).flatMap(List::stream).toList();
  }

  /** The one of that name, or all of them by the name "all". */
  public static List<Experiment> named(String name) {
    if (name.equals("all")) {
      return all();
    }
    List<Experiment> found = all().stream().filter(e -> e.about().name().equals(name)).toList();
    if (found.isEmpty()) {
      List<String> names = all().stream().map(experiment -> experiment.about().name()).toList();
      throw new EvenkeelException(
          "Unknown experiment '%s'; there are: %s, and all"
              .formatted(name, String.join(", ", names)));
    }
    return found;
  }
}
