package dev.evenkeel.nn;

import dev.evenkeel.tensor.Matrix;
import java.util.Random;

/** Models with values as after a training, and what a backend makes of rows by them. */
public final class AsTrained {

  private AsTrained() {}

  /** No γ of 1, no variance of 1, no mean of 0. */
  public static void disturb(Model model, Random random) {
    for (Parameter parameter : model.parameters()) {
      float[] values = model.values(parameter);
      for (int i = 0; i < values.length; i++) {
        values[i] += 0.3f * (float) random.nextGaussian();
      }
      model.backend().write(values, parameter.value());
    }
    for (Parameter statistic : model.statistics()) {
      float[] values = model.values(statistic);
      for (int i = 0; i < values.length; i++) {
        if (statistic.isCount()) {
          values[i] = 100;
        } else {
          boolean variance = statistic.name().endsWith("running_var");
          values[i] = variance ? 0.2f + 3 * random.nextFloat() : (float) random.nextGaussian();
        }
      }
      model.backend().write(values, statistic.value());
    }
  }

  public static float[] outputs(Model model, float[] features) {
    int inputs = model.network().inputs();
    int rows = features.length / inputs;
    try (Memory memory = new Memory(model.backend(), rows)) {
      Matrix x = memory.take(rows, inputs);
      model.backend().write(features, x);
      Pass pass = Pass.inference(model, memory, x);
      pass.forward().forEach(named -> named.operation().run());
      float[] outputs = new float[(int) pass.output().size()];
      model.backend().read(pass.output(), outputs);
      return outputs;
    }
  }
}
