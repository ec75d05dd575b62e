package dev.evenkeel.lab;

import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Evaluator;
import java.util.Optional;

/**
 * How well a model does on a classification, with running statistics and without dropout.
 *
 * @param accuracy from 0 to 1; a row with a NaN among its outputs counts as wrong
 * @param logLoss the mean cross-entropy
 */
public record Score(double accuracy, double logLoss) {

  static final int CHUNK = 1000;

  public static Score of(Model model, Dataset data) {
    try (Evaluator evaluator =
        new Evaluator(model, data, Optional.of(Loss.crossEntropy()), CHUNK)) {
      evaluator.run();
      double accuracy = Metric.named("accuracy").of(evaluator.predictions(Optional.empty()));
      return new Score(accuracy, evaluator.loss());
    }
  }

  public double percent() {
    return 100 * accuracy;
  }
}
