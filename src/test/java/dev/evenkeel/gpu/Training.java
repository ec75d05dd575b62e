package dev.evenkeel.gpu;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.Digits;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.Runs;
import dev.evenkeel.train.Trainer;
import java.util.ArrayList;
import java.util.List;

/** Runs of training on the embedded digits, and what they leave behind. */
final class Training {

  /**
   * @param losses of all steps
   * @param values parameters, and batch norm's running statistics behind them
   */
  record Run(List<Float> losses, float[] values) {}

  private Training() {}

  /** Trains a network from seed 1, and closes the backend. */
  static Run run(Backend backend, Network network, Recipe recipe) {
    try (backend;
        Model model = network.build(backend, 1)) {
      List<Float> losses = new ArrayList<>();
      trainer(model, recipe, losses).fit();
      return new Run(losses, Runs.values(model));
    }
  }

  static Trainer trainer(Model model, Recipe recipe, List<Float> losses) {
    return new Trainer(model, recipe, Digits.DATA.train())
        .withValidation(Digits.DATA.valid())
        .withListener(Runs.into(losses));
  }
}
