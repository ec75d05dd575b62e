package dev.evenkeel.deploy;

import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import java.math.BigDecimal;
import java.util.Set;

/** How others count batch norm's running statistics, in our terms: see docs/export.md. */
final class Conventions {

  static final String KERAS = "keras";

  /** Their running variance is divided by N − 1; by ONNX' and Keras' own rule it is N. */
  private static final Set<String> UNBIASED = Set.of("pytorch", "evenkeel");

  private Conventions() {}

  /**
   * @param producer the program that wrote the file
   * @param momentum the weight of the OLD statistics, as ONNX and Keras have it
   */
  static BatchNorm batchNorm(
      String producer, double momentum, double epsilon, ImportedLayers layers) {
    RunningVariance variance =
        UNBIASED.contains(producer) ? RunningVariance.UNBIASED : RunningVariance.BIASED;
    double weight = RunningStatistics.DEFAULT_WEIGHT;
    if (momentum >= 0 && momentum < 1) {
      weight = BigDecimal.ONE.subtract(BigDecimal.valueOf(momentum)).doubleValue();
    } else {
      layers.note(
          "A batch norm has the momentum %s, by which its statistics never move; here a new batch has the weight %s."
              .formatted(momentum, weight));
    }
    return new BatchNorm(epsilon, RunningStatistics.exponential(weight), variance);
  }
}
