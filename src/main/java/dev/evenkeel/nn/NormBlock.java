package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.tensor.Matrix;

/** y = activation(batch norm(x)), and in training dropout of that. */
final class NormBlock implements Block {

  private final String name;
  private final String layer;
  private final BatchNorm description;
  private final Activation activation;
  private final DropoutBlock dropout;
  private final Blueprint.Slot gamma;
  private final Blueprint.Slot beta;
  private final Blueprint.Slot runningMean;
  private final Blueprint.Slot runningVariance;
  private final Blueprint.Slot count;

  /**
   * @param dropout what follows, null for none
   * @param gamma null, as the running variance, in mean-only batch norm
   */
  NormBlock(
      String name,
      BatchNorm description,
      Activation activation,
      DropoutBlock dropout,
      Blueprint.Slot gamma,
      Blueprint.Slot beta,
      Blueprint.Slot runningMean,
      Blueprint.Slot runningVariance,
      Blueprint.Slot count) {
    this.name = name;
    this.layer = Blueprint.label(name, "batch-norm", activation);
    this.description = description;
    this.activation = activation;
    this.dropout = dropout;
    this.gamma = gamma;
    this.beta = beta;
    this.runningMean = runningMean;
    this.runningVariance = runningVariance;
    this.count = count;
  }

  BatchNorm description() {
    return description;
  }

  boolean isUnbiased() {
    return description.runningVariance() == RunningVariance.UNBIASED;
  }

  /** Makes exact moments the running statistics. */
  void takeOver(Backend backend, StatisticsWalk.Moments moments, boolean unbiased) {
    float[] means = new float[moments.mean().length];
    float[] variances = new float[means.length];
    for (int j = 0; j < means.length; j++) {
      means[j] = (float) moments.mean()[j];
      variances[j] = (float) moments.variance(j, unbiased);
    }
    backend.write(means, runningMean.parameter.value());
    if (runningVariance != null) {
      backend.write(variances, runningVariance.parameter.value());
    }
  }

  private BatchNormMemory memory() {
    return new BatchNormMemory(
        value(gamma),
        beta.parameter.value(),
        runningMean.parameter.value(),
        value(runningVariance),
        count.parameter.value(),
        description.epsilon(),
        new BatchNormMemory.Running(weight(description.running()), isUnbiased()),
        description.ghostRows());
  }

  private static Matrix value(Blueprint.Slot slot) {
    return slot == null ? Matrix.NONE : slot.parameter.value();
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
    BatchNormMemory memory = memory();
    if (!pass.training()) {
      pass.probe(this, x);
      Matrix y = pass.inPlace(x);
      pass.forward(layer, backend.batchNormInference(x, memory, pass.fused(activation), y), y);
      pass.activateApart(name, activation, y);
      return y;
    }
    Masking masking = dropout == null ? Masking.NONE : dropout.masking(pass);
    Matrix y = pass.take(x.columns());
    Matrix saved = pass.takeRows(3 * pass.groups(description.ghostRows()), x.columns());
    String named = masking.isNone() ? layer : layer + " + dropout";
    pass.forward(named, backend.batchNormForward(x, memory, activation, masking, y, saved), y);
    boolean readsY = backend.batchNormBackwardReadsY(activation, masking);
    if (!readsY) {
      pass.spare(y);
    }
    pass.onTheWayBack(
        dy -> {
          pass.backward(
              named + " backward",
              backend.batchNormBackward(
                  dy,
                  x,
                  y,
                  memory,
                  activation,
                  masking,
                  saved,
                  dy,
                  gamma == null ? Matrix.NONE : pass.gradient(gamma.parameter),
                  pass.gradient(beta.parameter)),
              dy);
          if (readsY) {
            pass.release(y);
          } else {
            pass.releaseSpare(y);
          }
          pass.release(saved);
          return dy;
        });
    return y;
  }
}
