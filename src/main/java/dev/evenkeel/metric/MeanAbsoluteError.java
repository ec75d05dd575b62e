package dev.evenkeel.metric;

/** The mean absolute error over all rows and columns together. */
final class MeanAbsoluteError {

  private MeanAbsoluteError() {}

  static double of(Predictions predictions) {
    predictions.requireValues("mae");
    float[] targets = predictions.targets();
    double sum = 0;
    int columns = predictions.columns();
    for (int i = 0; i < targets.length; i++) {
      double error = (double) predictions.outputs()[i] - targets[i];
      sum += predictions.weight(i / columns) * Math.abs(error);
    }
    return sum / (predictions.totalWeight() * columns);
  }
}
