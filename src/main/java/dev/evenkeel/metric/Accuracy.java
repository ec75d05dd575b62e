package dev.evenkeel.metric;

/**
 * The share of rows whose largest logit is the target's. The lowest index wins a tie; one column of
 * logits says class 1 above 0. A row with a NaN logit counts as wrong.
 */
final class Accuracy {

  private Accuracy() {}

  static double of(Predictions predictions) {
    int[] classes = predictions.classes("accuracy");
    double correct = 0;
    for (int row = 0; row < classes.length; row++) {
      if (predictions.answer(row) == classes[row]) {
        correct += predictions.weight(row);
      }
    }
    return correct / predictions.totalWeight();
  }
}
