package dev.evenkeel.metric;

/**
 * The area under the ROC curve: the probability that a row of the class scores above a row of the
 * rest, a tie counting one half (Mann and Whitney's U, the same as mid-ranks). {@link
 * OneAgainstRest} tells what scores are, and what becomes of more than two classes.
 */
public record Auc() implements Metric {

  @Override
  public String name() {
    return "auc";
  }

  @Override
  public boolean higherIsBetter() {
    return true;
  }

  @Override
  public double of(Predictions predictions) {
    return OneAgainstRest.mean(name(), predictions, Auc::area);
  }

  private static double area(double[] members, double[] rest) {
    long twiceU = 0;
    int below = 0;
    int notAbove = 0;
    for (double score : members) {
      while (below < rest.length && rest[below] < score) {
        below++;
      }
      while (notAbove < rest.length && rest[notAbove] <= score) {
        notAbove++;
      }
      twiceU += (long) below + notAbove;
    }
    return twiceU / (2.0 * members.length * rest.length);
  }
}
