package dev.evenkeel.metric;

/**
 * The area under the ROC curve: the probability that a row of the class scores above a row of the
 * rest, a tie counting one half (Mann and Whitney's U, the same as mid-ranks). {@link
 * OneAgainstRest} tells what scores are, and what becomes of more than two classes.
 */
final class Auc {

  private Auc() {}

  static double of(Predictions predictions) {
    return OneAgainstRest.mean("auc", predictions, Auc::area);
  }

  private static double area(Scores members, Scores rest) {
    double twiceU = 0;
    double below = 0;
    double notAbove = 0;
    int nextBelow = 0;
    int nextNotAbove = 0;
    for (int i = 0; i < members.count(); i++) {
      double score = members.score(i);
      while (nextBelow < rest.count() && rest.score(nextBelow) < score) {
        below += rest.weight(nextBelow++);
      }
      while (nextNotAbove < rest.count() && rest.score(nextNotAbove) <= score) {
        notAbove += rest.weight(nextNotAbove++);
      }
      twiceU += members.weight(i) * (below + notAbove);
    }
    return twiceU / (2 * members.total() * rest.total());
  }
}
