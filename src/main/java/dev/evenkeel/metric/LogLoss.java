package dev.evenkeel.metric;

/**
 * The mean negative log-likelihood, in nats, of the targets: softmax over the logits, or sigmoid
 * for one column. In double and by log-sum-exp, so that no finite logit overflows; NaN logits make
 * it NaN.
 */
final class LogLoss {

  private LogLoss() {}

  static double of(Predictions predictions) {
    int[] classes = predictions.classes("logloss");
    double sum = 0;
    for (int row = 0; row < classes.length; row++) {
      double loss =
          predictions.columns() == 1
              ? sigmoidLoss(predictions.output(row, 0), classes[row])
              : softmaxLoss(predictions, row, classes[row]);
      sum += predictions.weight(row) * loss;
    }
    return sum / predictions.totalWeight();
  }

  /** −log sigmoid(±logit) = softplus(∓logit). */
  private static double sigmoidLoss(double logit, int target) {
    double z = target == 1 ? -logit : logit;
    return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  }

  /**
   * logSumExp(logits) − logit. The differences come first and the largest term is the 1 of log1p:
   * what is left of a sure and right row does not drown in a large logit.
   */
  private static double softmaxLoss(Predictions predictions, int row, int target) {
    int largest = 0;
    for (int column = 1; column < predictions.columns(); column++) {
      if (predictions.output(row, column) > predictions.output(row, largest)) {
        largest = column;
      }
    }
    double max = predictions.output(row, largest);
    double others = 0;
    for (int column = 0; column < predictions.columns(); column++) {
      if (column != largest) {
        others += Math.exp(predictions.output(row, column) - max);
      }
    }
    return max - predictions.output(row, target) + Math.log1p(others);
  }
}
