package dev.evenkeel.metric;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Required;
import java.util.List;
import java.util.regex.Pattern;

/** A measure of how well a model's outputs over a whole set agree with the targets. */
public interface Metric {

  /** Names of those for classes, for flags and for numbers, as messages list them. */
  String OF_CLASSES =
      "accuracy, top5 (or another number), balanced-accuracy, f1, mcc, auc, prauc, logloss, brier, ece";

  String OF_FLAGS = "accuracy, balanced-accuracy, f1, mcc, auc, prauc, logloss, brier, ece";

  String OF_NUMBERS = "rmse, mae, r2";

  /** Whether the metric of a name measures numbers, and not classes or flags. */
  static boolean isOfNumbers(String name) {
    return List.of(OF_NUMBERS.split(", ")).contains(name);
  }

  /** The name on the command line and in reports; {@link #named} understands it. */
  String name();

  default boolean higherIsBetter() {
    return true;
  }

  /** Whether it is defined only where each class has a row that counts. */
  default boolean needsEveryClass() {
    return false;
  }

  double of(Predictions predictions);

  /** Of flags, of which each column is one: the mean over them. */
  default double ofFlags(Predictions predictions) {
    double sum = 0;
    for (int k = 0; k < predictions.targetColumns(); k++) {
      sum += of(predictions.ofTarget(k));
    }
    return sum / predictions.targetColumns();
  }

  /** The metric of a name: accuracy, top5 (or top and another number), f1, rmse, … */
  static Metric named(String name) {
    Required.there(name, "The name of the metric", OF_CLASSES + ", " + OF_NUMBERS);
    return switch (name) {
      case "accuracy" -> new FunctionMetric(name, true, false, Accuracy::of);
      case "logloss" -> new FunctionMetric(name, false, false, LogLoss::of);
      case "auc" -> new FunctionMetric(name, true, true, Auc::of);
      case "prauc" -> new FunctionMetric(name, true, true, AveragePrecision::of);
      case "f1" -> new F1();
      case "balanced-accuracy" -> new FunctionMetric(name, true, false, BalancedAccuracy::of);
      case "mcc" -> new FunctionMetric(name, true, false, MatthewsCorrelation::of);
      case "brier" -> new FunctionMetric(name, false, false, Brier::of);
      case "ece" -> new FunctionMetric(name, false, false, CalibrationError::of);
      case "rmse" -> new FunctionMetric(name, false, false, Rmse::of);
      case "mae" -> new FunctionMetric(name, false, false, MeanAbsoluteError::of);
      case "r2" -> new FunctionMetric(name, true, false, R2::of);
      default -> {
        if (Pattern.matches("top[1-9][0-9]{0,8}", name)) {
          yield new TopK(Integer.parseInt(name.substring("top".length())));
        }
        throw new EvenkeelException(
            "Unknown metric '%s': expected %s, %s.".formatted(name, OF_CLASSES, OF_NUMBERS));
      }
    };
  }
}
