package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.Arrays;

/**
 * The start of weight norm from data (Salimans and Kingma 2016): layer by layer, from the
 * pre-activations t = v x / ‖v‖ of one mini-batch, g = 1 / sd(t) and b = −mean(t) / sd(t), so that
 * each unit begins with mean 0 and deviation 1. Dropout is off meanwhile, and batch norms in
 * between use this batch's statistics and have their own back at the end.
 */
public final class DataStart {

  /**
   * Products of equal rows differ by roundings, where a body takes rows in another way than their
   * neighbours: a deviation of no more than this share of the layer's largest mean is such noise.
   */
  private static final double NOISE = 0x1p-22;

  private DataStart() {}

  /**
   * Sets the lengths and biases of all layers that ask for {@link WeightNorm#fromData}, but for a
   * model that was trained.
   *
   * @param table of inputs, on the device
   * @param rows of it that make up the mini-batch
   */
  public static void set(Model model, Matrix table, int[] rows) {
    if (!model.network().startsFromData() || model.isStarted()) {
      return;
    }
    Backend backend = model.backend();
    float[] statistics = new float[model.flatStatistics().columns()];
    backend.read(model.flatStatistics(), statistics);
    try (StatisticsWalk walk =
        new StatisticsWalk(model, table, new RowOrder(rows.clone()), rows.length)) {
      for (int i = 0; i < walk.probes().size(); i++) {
        if (walk.probes().get(i).block() instanceof LinearBlock linear) {
          float[] ones = new float[(int) linear.gain().size()];
          Arrays.fill(ones, 1);
          backend.write(ones, linear.gain().value());
          set(backend, linear, walk.moments(i));
        } else if (walk.probes().get(i).block() instanceof NormBlock norm) {
          norm.takeOver(backend, walk.moments(i), false); // as a batch is normalised in training
        }
      }
    }
    backend.write(statistics, model.flatStatistics());
  }

  private static void set(Backend backend, LinearBlock linear, StatisticsWalk.Moments t) {
    float[] gains = new float[t.mean().length];
    float[] biases = new float[t.mean().length];
    double noise = NOISE * Arrays.stream(t.mean()).map(Math::abs).max().orElse(0);
    for (int j = 0; j < gains.length; j++) {
      double deviation = Math.sqrt(t.variance(j, false));
      // A unit that is the same for every row has no deviation to bring to 1. It stays as it is:
      // with its mean taken off it would be 0, and the roundings all that the next layer sees.
      boolean varies = deviation > noise;
      gains[j] = varies ? (float) (1 / deviation) : 1;
      biases[j] = varies ? (float) (-t.mean()[j] * gains[j]) : 0;
    }
    backend.write(gains, linear.gain().value());
    if (linear.bias() != null) {
      backend.write(biases, linear.bias().value());
    }
  }
}
