package dev.evenkeel.lab;

import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Evaluator;
import java.util.Optional;

/**
 * How well a model does on a classification, with running statistics and without dropout.
 *
 * @param accuracy from 0 to 1; a row whose outputs are not finite counts as wrong
 * @param logLoss the mean cross-entropy
 */
public record Score(double accuracy, double logLoss) {

  static final int CHUNK = 1000;

  public static Score of(Model model, Dataset data) {
    try (Evaluator evaluator =
        new Evaluator(model, data, Optional.of(Loss.crossEntropy()), CHUNK)) {
      return of(evaluator, data, model.network().outputs());
    }
  }

  static Score of(Evaluator evaluator, Dataset data, int classes) {
    float[] logits = evaluator.run();
    int right = 0;
    for (int row = 0; row < data.rows(); row++) {
      right += best(logits, row * classes, classes) == (int) data.targets()[row] ? 1 : 0;
    }
    return new Score((double) right / data.rows(), evaluator.loss());
  }

  private static int best(float[] logits, int from, int classes) {
    int best = -1;
    for (int k = 0; k < classes; k++) {
      if (!Float.isFinite(logits[from + k])) {
        return -1;
      }
      best = best < 0 || logits[from + k] > logits[from + best] ? k : best;
    }
    return best;
  }

  public double percent() {
    return 100 * accuracy;
  }
}
