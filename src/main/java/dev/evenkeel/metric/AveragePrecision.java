package dev.evenkeel.metric;

/**
 * The area under the curve of precision over recall, as average precision: Σ (recall − recall
 * before) · precision over the thresholds from the highest score down, rows that tie crossing one
 * together. No line is drawn between the points, which would promise more than a threshold keeps.
 *
 * <p>{@link OneAgainstRest} tells what scores are and what becomes of more than two classes. Of two
 * it is the second class whose rows are looked for; unlike {@link Auc}, it differs from the
 * first's.
 */
public record AveragePrecision() implements Metric {

  @Override
  public String name() {
    return "prauc";
  }

  @Override
  public boolean higherIsBetter() {
    return true;
  }

  @Override
  public double of(Predictions predictions) {
    return OneAgainstRest.mean(name(), predictions, AveragePrecision::area);
  }

  private static double area(double[] members, double[] rest) {
    double sum = 0;
    int wrong = 0; // rest.length − wrong is the first of the rest that reaches the threshold
    for (int from = members.length; from > 0; ) {
      double threshold = members[from - 1];
      int before = from;
      while (from > 0 && members[from - 1] == threshold) {
        from--;
      }
      while (wrong < rest.length && rest[rest.length - 1 - wrong] >= threshold) {
        wrong++;
      }
      int right = members.length - from;
      sum += (before - from) * ((double) right / (right + wrong));
    }
    return sum / members.length;
  }
}
