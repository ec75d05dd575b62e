package dev.evenkeel.metric;

/**
 * The plain mean of the classes' recalls: the accuracy if all classes had equally many rows. A
 * class without rows has no recall and is left out, as in scikit-learn.
 */
final class BalancedAccuracy {

  private BalancedAccuracy() {}

  static double of(Predictions predictions) {
    Confusion confusion = Confusion.of(predictions, "balanced-accuracy");
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
