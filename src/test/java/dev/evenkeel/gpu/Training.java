package dev.evenkeel.gpu;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs of training on the embedded digits, and what they leave behind. */
final class Training {

  /** Rows of the digits: 1,437 to train on and 360 to validate. */
  private record Halves(Dataset train, Dataset valid) {}

  private static final Halves DIGITS = digits();

  /**
   * @param losses of all steps
   * @param values parameters, and batch norm's running statistics behind them
   */
  record Run(List<Float> losses, float[] values) {}

  private Training() {}

  private static Halves digits() {
    Source.Arrays source = (Source.Arrays) Catalog.standard().load("digits");
    Split split = Split.of(source.data(), 0.2, 0, 1);
    Preparation preparation = Preparation.fit(source.data(), split.train(), source.shared());
    return new Halves(
        preparation.apply(source.data(), split.train()),
        preparation.apply(source.data(), split.valid()));
  }

  /** Trains a network from seed 1, and closes the backend. */
  static Run run(Backend backend, Network network, Recipe recipe) {
    try (backend;
        Model model = network.build(backend, 1)) {
      List<Float> losses = new ArrayList<>();
      trainer(model, recipe, losses).fit();
      return new Run(losses, values(model));
    }
  }

  static Trainer trainer(Model model, Recipe recipe, List<Float> losses) {
    return new Trainer(model, recipe, DIGITS.train)
        .withValidation(DIGITS.valid)
        .withListener(
            new Listener() {
              @Override
              public void onStep(int epoch, long step, int n, float loss, double rate, long nanos) {
                losses.add(loss);
              }
            });
  }

  static float[] values(Model model) {
    float[] parameters = new float[model.flatParameters().columns()];
    model.backend().read(model.flatParameters(), parameters);
    float[] statistics = new float[model.flatStatistics().columns()];
    model.backend().read(model.flatStatistics(), statistics);
    float[] all = Arrays.copyOf(parameters, parameters.length + statistics.length);
    System.arraycopy(statistics, 0, all, parameters.length, statistics.length);
    return all;
  }
}
