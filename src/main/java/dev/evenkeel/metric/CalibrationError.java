package dev.evenkeel.metric;

/**
 * The expected calibration error: how far the probability of the answer is from the share of such
 * answers that is right. Rows go by that probability into 15 bins of equal width, the upper edge
 * inside (Guo et al. 2017); the error is Σ rows of the bin / rows · |share right − mean
 * probability|. A logit that is NaN makes it NaN.
 */
final class CalibrationError {

  private CalibrationError() {}

  private static final int BINS = 15;

  static double of(Predictions predictions) {
    int[] classes = predictions.classes("ece");
    double[] probabilities = new double[predictions.classCount()];
    double[] excess = new double[BINS]; // Σ probability − rows that are right
    for (int row = 0; row < classes.length; row++) {
      int answer = predictions.answer(row);
      predictions.probabilities(row, probabilities);
      double probability = answer < 0 ? Double.NaN : probabilities[answer];
      if (Double.isNaN(probability)) {
        return Double.NaN;
      }
      int bin = Math.max(0, (int) Math.ceil(probability * BINS) - 1);
      double over = probability - (answer == classes[row] ? 1 : 0);
      excess[Math.min(BINS - 1, bin)] += predictions.weight(row) * over;
    }
    double sum = 0;
    for (double one : excess) {
      sum += Math.abs(one);
    }
    return sum / predictions.totalWeight();
  }
}
