package dev.evenkeel;

/**
 * Probabilities from logits, in double: who shows them as floats rounds once, and so all show the
 * same digits.
 */
public final class Probabilities {

  private Probabilities() {}

  /** Of a thing with a logit of its own. */
  public static double sigmoid(double logit) {
    return 1 / (1 + Math.exp(-logit));
  }

  /**
   * Of each class: softmax over a row's logits; of two classes, the sigmoid of how far each leads.
   *
   * @param logits the row's begin at {@code from}; of two classes one may be all, by which the
   *     second leads
   * @param columns how many the row has
   * @param out as many as there are classes
   */
  public static void ofClasses(float[] logits, int from, int columns, double[] out) {
    if (out.length == 2) {
      double lead = columns == 1 ? logits[from] : (double) logits[from + 1] - logits[from];
      out[0] = sigmoid(-lead);
      out[1] = sigmoid(lead);
      return;
    }
    double top = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < columns; k++) {
      top = Math.max(top, logits[from + k]);
    }
    double sum = 0;
    for (int k = 0; k < columns; k++) {
      out[k] = Math.exp(logits[from + k] - top);
      sum += out[k];
    }
    for (int k = 0; k < columns; k++) {
      out[k] /= sum;
    }
  }
}
