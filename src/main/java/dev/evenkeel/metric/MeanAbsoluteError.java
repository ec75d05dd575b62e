package dev.evenkeel.metric;

/** The mean absolute error over all rows and columns together. */
public record MeanAbsoluteError() implements Metric {

  @Override
  public String name() {
    return "mae";
  }

  @Override
  public boolean higherIsBetter() {
    return false;
  }

  @Override
  public double of(Predictions predictions) {
    predictions.requireValues(name());
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
