package dev.evenkeel.cli;

import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.metric.Predictions;
import java.util.Arrays;
import java.util.Optional;

/**
 * How one and the same answer to every row would do, where the model does no better: an accuracy of
 * 95 % says nothing where 95 % of the rows are of one class.
 */
final class ConstantAnswer {

  private ConstantAnswer() {}

  /**
   * A sentence, if the model is no better; none of a single row, which any answer may hit, or where
   * none counts.
   */
  static Optional<String> unbeaten(Task task, Predictions predictions) {
    double total = 0;
    for (int row = 0; row < predictions.rows(); row++) {
      total += predictions.weight(row);
    }
    if (predictions.rows() == 1 || total == 0) {
      return Optional.empty();
    }
    if (task instanceof Task.Classification known) {
      return ofClass(known, predictions, total);
    }
    if (task instanceof Task.Flags) {
      return ofFlags(predictions, total);
    }
    return predictions.columns() == 1 ? ofMean(predictions, total) : Optional.empty();
  }

  private static Optional<String> ofClass(
      Task.Classification known, Predictions predictions, double total) {
    double[] counts = new double[known.classes().size()];
    int largest = 0;
    for (int row = 0; row < predictions.rows(); row++) {
      int index = (int) predictions.targets()[row];
      counts[index] += predictions.weight(row);
      largest = counts[index] > counts[largest] ? index : largest;
    }
    double share = counts[largest] / total;
    return Metric.named("accuracy").of(predictions) > share
        ? Optional.empty()
        : Optional.of(
            "Always answering %s would have %s here."
                .formatted(
                    "\"" + known.classes().get(largest) + "\"",
                    Evaluation.format("accuracy", share)));
  }

  private static Optional<String> ofFlags(Predictions predictions, double total) {
    int flags = predictions.targetColumns();
    double right = 0;
    for (int k = 0; k < flags; k++) {
      double ones = 0;
      for (int row = 0; row < predictions.rows(); row++) {
        ones += predictions.weight(row) * predictions.targets()[row * flags + k];
      }
      right += Math.max(ones, total - ones) / total;
    }
    double share = right / flags;
    return Metric.named("accuracy").ofFlags(predictions) > share
        ? Optional.empty()
        : Optional.of(
            "Always answering what each flag mostly is would have %s here."
                .formatted(Evaluation.format("accuracy", share)));
  }

  private static Optional<String> ofMean(Predictions predictions, double total) {
    double sum = 0;
    for (int row = 0; row < predictions.rows(); row++) {
      sum += predictions.weight(row) * predictions.targets()[row];
    }
    float[] mean = new float[predictions.rows()];
    Arrays.fill(mean, (float) (sum / total));
    Metric rmse = Metric.named("rmse");
    double constant =
        rmse.of(
            new Predictions(mean.length, 1, mean, 1, predictions.targets(), predictions.weights()));
    return rmse.of(predictions) < constant
        ? Optional.empty()
        : Optional.of(
            "Always answering the mean would have %s here."
                .formatted(Evaluation.format("rmse", constant)));
  }
}
