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
final class AveragePrecision {

  private AveragePrecision() {}

  static double of(Predictions predictions) {
    return OneAgainstRest.mean("prauc", predictions, AveragePrecision::area);
  }

  private static double area(Scores members, Scores rest) {
    double sum = 0;
    double right = 0;
    double wrong = 0;
    int above = rest.count(); // the first of the rest that reaches the threshold
    for (int from = members.count(); from > 0; ) {
      double threshold = members.score(from - 1);
      double before = right;
      while (from > 0 && members.score(from - 1) == threshold) {
        right += members.weight(--from);
      }
      while (above > 0 && rest.score(above - 1) >= threshold) {
        wrong += rest.weight(--above);
      }
      sum += (right - before) * (right / (right + wrong));
    }
    return sum / members.total();
  }
}
