package dev.evenkeel.metric;

/**
 * Brier's score, the mean squared error of the probabilities. Two classes: of one of them, from 0
 * to 1, no matter which. More: summed over the classes, from 0 to 2, as Brier did. These are
 * scikit-learn's conventions, too. NaN logits make it NaN.
 */
final class Brier {

  private Brier() {}

  static double of(Predictions predictions) {
    int[] classes = predictions.classes("brier");
    double[] probabilities = new double[predictions.classCount()];
    double sum = 0;
    for (int row = 0; row < classes.length; row++) {
      predictions.probabilities(row, probabilities);
      sum += predictions.weight(row) * ofRow(probabilities, classes[row]);
    }
    return sum / predictions.totalWeight();
  }

  private static double ofRow(double[] probabilities, int target) {
    if (probabilities.length == 2) {
      return probabilities[1 - target] * probabilities[1 - target];
    }
    double sum = 0;
    for (int index = 0; index < probabilities.length; index++) {
      double error = probabilities[index] - (index == target ? 1 : 0);
      sum += error * error;
    }
    return sum;
  }
}
