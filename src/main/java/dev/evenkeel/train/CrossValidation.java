package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Sample;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Trains one model for each fold, tests it on the rows that this fold left out, and tells how far
 * the folds agree: by how much a number would move with other rows.
 */
public final class CrossValidation {

  /**
   * One fold's model, tested.
   *
   * @param number from 1 on
   * @param test the loss as "loss", and the metrics by name, on the fold's {@code rows} test rows
   */
  public record Fold(int number, int rows, Map<String, Double> test) {}

  /** All folds, and what they say together. */
  public record Result(List<Fold> folds) {

    public double mean(String measure) {
      return Sample.mean(values(measure));
    }

    /** The sample's standard deviation over the folds: divided by their number less one. */
    public double deviation(String measure) {
      return Sample.deviation(values(measure));
    }

    private double[] values(String measure) {
      if (!measures().contains(measure)) {
        throw new EvenkeelException(
            "\"%s\" was not measured; there are: %s. help: recipe.withMetrics"
                .formatted(measure, String.join(", ", measures())));
      }
      return folds.stream().mapToDouble(fold -> fold.test.get(measure)).toArray();
    }

    /** "loss", and the metrics by name. */
    public List<String> measures() {
      return List.copyOf(folds.get(0).test.keySet());
    }
  }

  private CrossValidation() {}

  /**
   * @param folds of {@link DataPlan#folds}, or of arrays by {@link Parts#folds}
   * @param network for a fold's training rows: categories may differ from fold to fold
   * @param recipe for a fold's training rows
   * @param onFold hears of each fold when it is done
   */
  public static Result run(
      Backend backend,
      List<Supplier<Parts>> folds,
      Function<Dataset, Network> network,
      Function<Dataset, Recipe> recipe,
      Consumer<Fold> onFold) {
    List<Fold> done = new ArrayList<>();
    for (Supplier<Parts> fold : folds) {
      Parts parts = fold.get();
      Recipe how = recipe.apply(parts.train());
      try (Model model = network.apply(parts.train()).build(backend, how.seed())) {
        done.add(fold(done.size() + 1, parts, how, model));
      }
      onFold.accept(done.get(done.size() - 1));
    }
    return new Result(List.copyOf(done));
  }

  private static Fold fold(int number, Parts parts, Recipe recipe, Model model) {
    Dataset test =
        parts
            .test()
            .orElseThrow(
                () -> new EvenkeelException("Fold %d has no rows to test on".formatted(number)));
    new Trainer(model, recipe, parts).fit();
    Map<String, Double> measured =
        Evaluator.measure(model, recipe, test, Optional.of(parts.preparation()));
    return new Fold(number, test.rows(), measured);
  }
}
