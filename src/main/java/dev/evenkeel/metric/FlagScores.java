package dev.evenkeel.metric;

/**
 * How well one of several flags is told, taken for true above a logit of 0. NaN is a share of
 * nothing, and the area where all rows are alike.
 *
 * @param share of the rows of which it is true
 * @param precision of those taken for true, the share that is
 * @param recall of those that are true, the share taken for it
 */
public record FlagScores(
    double share, double accuracy, double precision, double recall, double f1, double auc) {

  public static FlagScores of(Predictions predictions, int flag) {
    Predictions own = predictions.ofTarget(flag);
    Confusion confusion = Confusion.of(own);
    double[] rows = confusion.rows();
    boolean both = rows[0] > 0 && rows[1] > 0;
    return new FlagScores(
        rows[1] / (rows[0] + rows[1]),
        Accuracy.of(own),
        confusion.precision(1),
        confusion.recall(1),
        confusion.f1(1),
        both ? Auc.of(own) : Double.NaN);
  }

  /** The share of rows, by their weights, of which every flag is right. */
  public static double allRight(Predictions predictions) {
    double right = 0;
    for (int row = 0; row < predictions.rows(); row++) {
      boolean every = true;
      for (int k = 0; k < predictions.columns(); k++) {
        float logit = predictions.output(row, k);
        boolean yes = predictions.targets()[row * predictions.columns() + k] == 1;
        every &= yes ? logit > 0 : logit <= 0;
      }
      right += every ? predictions.weight(row) : 0;
    }
    return right / predictions.totalWeight();
  }
}
