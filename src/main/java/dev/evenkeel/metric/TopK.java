package dev.evenkeel.metric;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;

/**
 * The share of rows whose target is among the {@code k} largest logits. Lower indices come first in
 * a tie, so {@code k = 1} is {@link Accuracy}. A row with a NaN logit counts as wrong.
 */
public record TopK(int k) implements Metric {

  public TopK {
    if (k < 1) {
      throw new EvenkeelException("top-k: k is %d, expected at least 1.".formatted(k));
    }
  }

  @Override
  public String name() {
    return "top" + k;
  }

  @Override
  public double of(Predictions predictions) {
    int needed = Math.max(k, 2);
    if (predictions.columns() < needed) {
      throw new EvenkeelException(
          "%s: outputs have %s, expected at least %d. Choose a smaller k, or accuracy."
              .formatted(name(), Words.counted(predictions.columns(), "column"), needed));
    }
    int[] classes = predictions.classes(name());
    double correct = 0;
    for (int row = 0; row < classes.length; row++) {
      if (rank(predictions, row, classes[row]) < k) {
        correct += predictions.weight(row);
      }
    }
    return correct / predictions.totalWeight();
  }

  /** How many logits of the row come before the target's; past them all when one is NaN. */
  private static int rank(Predictions predictions, int row, int target) {
    float logit = predictions.output(row, target);
    int before = 0;
    for (int column = 0; column < predictions.columns(); column++) {
      float other = predictions.output(row, column);
      if (Float.isNaN(other)) {
        return Integer.MAX_VALUE;
      }
      if (other > logit || (other == logit && column < target)) {
        before++;
      }
    }
    return before;
  }
}
