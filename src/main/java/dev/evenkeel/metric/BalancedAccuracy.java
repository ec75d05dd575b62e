package dev.evenkeel.metric;

/**
 * The plain mean of the classes' recalls: the accuracy if all classes had equally many rows. A
 * class without rows has no recall and is left out, as in scikit-learn.
 */
public record BalancedAccuracy() implements Metric {

  @Override
  public String name() {
    return "balanced-accuracy";
  }

  @Override
  public double of(Predictions predictions) {
    Confusion confusion = Confusion.of(predictions, name());
    double sum = 0;
    int seen = 0;
    for (int index = 0; index < confusion.classes(); index++) {
      if (confusion.rows()[index] > 0) {
        sum += confusion.recall(index);
        seen++;
      }
    }
    return sum / seen;
  }
}
