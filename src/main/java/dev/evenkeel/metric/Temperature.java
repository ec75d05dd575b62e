package dev.evenkeel.metric;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;

/**
 * What logits are divided by so that probabilities are as sure as the answers are right (Guo et al.
 * 2017). The answers stay; above 1 they get less sure, below 1 surer.
 */
public record Temperature(double value) {

  /** Beyond these nothing changes that a probability could show. */
  private static final double LIMIT = 1e3;

  private static final int HALVINGS = 60;

  public Temperature {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException("A temperature must be above 0 and finite, not " + value);
    }
  }

  /**
   * The temperature of the smallest log loss on these rows, if each gives a share of 1/(rows + 1)
   * to all classes alike: without it, answers that are all right would have no smallest one.
   */
  public static Temperature of(Predictions predictions) {
    int[] classes = predictions.classes("temperature");
    double low = -Math.log(LIMIT);
    double high = Math.log(LIMIT);
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      double slope = slope(predictions, classes, Math.exp(-middle));
      if (Double.isNaN(slope)) {
        throw new EvenkeelException(
            "The model's answers are NaN for some rows, so there is no temperature for them. help: evaluate shows which metrics are NaN; train with a lower --lr");
      }
      if (slope >= 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    if (high == Math.log(LIMIT)) {
      throw new EvenkeelException(
          "The logits of %s say nothing of the classes, so no temperature makes probabilities of them. help: calibrate with more rows, or train a better model"
              .formatted(Words.counted(classes.length, "row")));
    }
    return new Temperature(Math.exp((low + high) / 2));
  }

  /**
   * How the summed log loss rises with the factor on the logits, in which it is convex: Σ of the
   * logit expected under the model, less the logit of the true class.
   */
  private static double slope(Predictions predictions, int[] classes, double factor) {
    int count = predictions.classCount();
    double[] logits = new double[count];
    double shared = 1.0 / (classes.length + 1);
    double sum = 0;
    for (int row = 0; row < classes.length; row++) {
      double mean = 0;
      for (int k = 0; k < count; k++) {
        logits[k] = predictions.logit(row, k);
        mean += logits[k] / count;
      }
      double wanted = (1 - shared) * logits[classes[row]] + shared * mean;
      sum += predictions.weight(row) * (expected(logits, factor) - wanted);
    }
    return sum;
  }

  /** The mean of logits, each as probable as the softmax of all, times the factor, says. */
  private static double expected(double[] logits, double factor) {
    double top = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      top = Math.max(top, logit);
    }
    double total = 0;
    double sum = 0;
    for (double logit : logits) {
      double share = Math.exp(factor * (logit - top));
      total += share;
      sum += share * logit;
    }
    return sum / total;
  }
}
