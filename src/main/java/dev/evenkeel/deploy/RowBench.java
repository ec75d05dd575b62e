package dev.evenkeel.deploy;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;

/** How long a {@link Predictor} takes for one row. */
public final class RowBench {

  private static final int ROWS = 64;

  /** The JIT compiles its best only what ran for a while. */
  private static final long WARM_NANOS = 1_000_000_000;

  /**
   * Microseconds for one row.
   *
   * @param parameters of the network as it is trained
   */
  public record Result(double median, double p10, double p90, long parameters) {}

  private RowBench() {}

  /**
   * Random weights, random rows, one at a time.
   *
   * @param calls that are timed
   */
  public static Result time(Network network, int calls, long seed) {
    long parameters;
    Predictor predictor;
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, seed)) {
      parameters = model.parameterCount();
      predictor =
          new Predictor(
              Inference.of(model, Inference.Form.FOLDED, Optional.empty(), Loss.crossEntropy()));
    }
    double[] micros = times(predictor, calls, seed);
    return new Result(micros[calls / 2], micros[calls / 10], micros[calls * 9 / 10], parameters);
  }

  private static double[] times(Predictor predictor, int calls, long seed) {
    Random random = new Random(seed);
    float[][] rows = new float[ROWS][predictor.inputs()];
    for (float[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    long start = System.nanoTime();
    for (int i = 0; System.nanoTime() - start < WARM_NANOS; i++) {
      predictor.predict(rows[i % ROWS]);
    }
    double[] micros = new double[calls];
    for (int i = 0; i < calls; i++) {
      long before = System.nanoTime();
      predictor.predict(rows[i % ROWS]);
      micros[i] = (System.nanoTime() - before) * 1e-3;
    }
    Arrays.sort(micros);
    return micros;
  }
}
