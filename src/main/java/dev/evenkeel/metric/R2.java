package dev.evenkeel.metric;

/**
 * The coefficient of determination, 1 − Σ(target − output)² / Σ(target − mean)², averaged over the
 * columns.
 *
 * <p>Where a column's targets are all the same there is nothing to explain: it counts 1 when every
 * output is exact and 0 otherwise, and a single row makes it NaN, both as in scikit-learn. As 0 it
 * would tie in all epochs, and the first would be the best.
 */
final class R2 {

  private R2() {}

  static double of(Predictions predictions) {
    predictions.requireValues("r2");
    if (predictions.rows() == 1) {
      return Double.NaN;
    }
    double sum = 0;
    for (int column = 0; column < predictions.columns(); column++) {
      sum += ofColumn(predictions, column);
    }
    return sum / predictions.columns();
  }

  private static double ofColumn(Predictions predictions, int column) {
    int columns = predictions.columns();
    float[] targets = predictions.targets();
    // Measured from a target that counts, so that a constant column has a deviation of exactly 0.
    double first = targets[firstThatCounts(predictions) * columns + column];
    double sum = 0;
    for (int i = column; i < targets.length; i += columns) {
      sum += predictions.weight(i / columns) * (targets[i] - first);
    }
    double mean = first + sum / predictions.totalWeight();
    double residual = 0;
    double total = 0;
    for (int i = column; i < targets.length; i += columns) {
      double weight = predictions.weight(i / columns);
      double error = (double) targets[i] - predictions.outputs()[i];
      double deviation = targets[i] - mean;
      residual += weight * error * error;
      total += weight * deviation * deviation;
    }
    if (total == 0) {
      return residual > 0 ? 0 : 1 - residual; // NaN stays NaN
    }
    return 1 - residual / total;
  }

  /** The first row of a weight above 0. */
  private static int firstThatCounts(Predictions predictions) {
    int row = 0;
    while (row < predictions.rows() - 1 && predictions.weight(row) == 0) {
      row++;
    }
    return row;
  }
}
