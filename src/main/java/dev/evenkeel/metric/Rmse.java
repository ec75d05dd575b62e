package dev.evenkeel.metric;

/** The root of the mean squared error over all rows and columns together. */
final class Rmse {

  private Rmse() {}

  static double of(Predictions predictions) {
    predictions.requireValues("rmse");
    float[] targets = predictions.targets();
    double sum = 0;
    int columns = predictions.columns();
    for (int i = 0; i < targets.length; i++) {
      double error = (double) predictions.outputs()[i] - targets[i];
      sum += predictions.weight(i / columns) * error * error;
    }
    return Math.sqrt(sum / (predictions.totalWeight() * columns));
  }
}
