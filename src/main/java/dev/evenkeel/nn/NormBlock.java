package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.tensor.Matrix;

/** y = activation(batch norm(x)). */
final class NormBlock implements Block {

  private final String name;
  private final BatchNorm description;
  private final Activation activation;
  private final Blueprint.Slot gamma;
  private final Blueprint.Slot beta;
  private final Blueprint.Slot runningMean;
  private final Blueprint.Slot runningVariance;
  private final Blueprint.Slot count;

  NormBlock(
      String name,
      BatchNorm description,
      Activation activation,
      Blueprint.Slot gamma,
      Blueprint.Slot beta,
      Blueprint.Slot runningMean,
      Blueprint.Slot runningVariance,
      Blueprint.Slot count) {
    this.name = name;
    this.description = description;
    this.activation = activation;
    this.gamma = gamma;
    this.beta = beta;
    this.runningMean = runningMean;
    this.runningVariance = runningVariance;
    this.count = count;
  }

  BatchNorm description() {
    return description;
  }

  Parameter runningMean() {
    return runningMean.parameter;
  }

  Parameter runningVariance() {
    return runningVariance.parameter;
  }

  private BatchNormMemory memory() {
    return new BatchNormMemory(
        gamma.parameter.value(),
        beta.parameter.value(),
        runningMean.parameter.value(),
        runningVariance.parameter.value(),
        count.parameter.value(),
        description.epsilon(),
        new BatchNormMemory.Running(
            weight(description.running()),
            description.runningVariance() == RunningVariance.UNBIASED));
  }

  /** As the backend counts it: 0 is the plain average. */
  private static double weight(RunningStatistics running) {
    if (running instanceof RunningStatistics.Exponential exponential) {
      return exponential.weight();
    }
    return running instanceof RunningStatistics.Cumulative ? 0 : RunningStatistics.DEFAULT_WEIGHT;
  }

  @Override
  public Matrix append(Pass pass, Matrix x) {
    Backend backend = pass.backend();
    String layer =
        name
            + " batch-norm"
            + (activation == Activation.IDENTITY ? "" : " + " + activation.label());
    BatchNormMemory memory = memory();
    if (!pass.training()) {
      pass.probe(this, x);
      Matrix y = pass.inPlace(x);
      pass.forward(layer, backend.batchNormInference(x, memory, activation, y), y);
      return y;
    }
    Matrix y = pass.take(x.columns());
    Matrix saved = pass.takeRows(3, x.columns());
    pass.forward(layer, backend.batchNormForward(x, memory, activation, y, saved), y);
    pass.onTheWayBack(
        dy -> {
          pass.backward(
              layer + " backward",
              backend.batchNormBackward(
                  dy,
                  x,
                  y,
                  memory,
                  activation,
                  saved,
                  dy,
                  pass.gradient(gamma.parameter),
                  pass.gradient(beta.parameter)),
              dy);
          pass.release(y);
          pass.release(saved);
          return dy;
        });
    return y;
  }
}
