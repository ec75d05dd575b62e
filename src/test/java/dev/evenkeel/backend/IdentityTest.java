package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Matrix;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * With γ = √(σ² + ε) and β = μ, batch norm undoes itself: the layer returns its input. (Ioffe and
 * Szegedy 2015 give this as the reason for having γ and β.)
 */
class IdentityTest {

  private static final int N = 67;
  private static final int C = 300;
  private static final double EPSILON = 1e-5;
  private static final List<Values> INPUTS =
      List.of(
          Values.NORMAL,
          Values.LARGE_MEAN,
          Values.HUGE_MEAN,
          Values.CONSTANT_COLUMN,
          Values.OUTLIER);

  @Test
  void theReferenceReturnsItsInput() {
    for (Values values : INPUTS) {
      double[] x = Reference.doubles(values.of(N, C, 1));
      double[] mean = Reference.columnMean(x, N, C);
      double[] variance = Reference.columnVariance(x, mean, N, C);
      double[] gamma = new double[C];
      for (int j = 0; j < C; j++) {
        gamma[j] = Math.sqrt(variance[j] + EPSILON);
      }
      double[] xHat = Reference.standardise(x, mean, variance, EPSILON, N, C);
      double[] y = Reference.affine(xHat, gamma, mean, N, C);
      assertTrue(error(x, y) < 1e-12, values.label() + ": " + error(x, y));
    }
  }

  @Test
  void aBackendReturnsItsInputByTheBatchsOwnStatistics() {
    undone(true);
  }

  @Test
  void aBackendReturnsItsInputByRunningStatistics() {
    undone(false);
  }

  private static void undone(boolean training) {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      try (Backend backend = supplier.get()) {
        for (Values values : INPUTS) {
          undone(backend, values, training);
        }
      }
    }
  }

  private static void undone(Backend backend, Values values, boolean training) {
    String how = training ? "by batch statistics" : "by running statistics";
    try (Bench bench = new Bench(backend, false, "identity " + how + ": " + values.label())) {
      float[] x = values.of(N, C, 1);
      Matrix xs = bench.input(N, C, x);
      Matrix mean = bench.output(1, C);
      Matrix variance = bench.output(1, C);
      backend.columnStatistics(xs, mean, variance).run();
      float[] gamma = bench.read(variance);
      for (int j = 0; j < C; j++) {
        gamma[j] = (float) Math.sqrt(gamma[j] + EPSILON);
      }
      BatchNormMemory norm =
          new BatchNormMemory(
              bench.input(1, C, gamma),
              bench.input(1, C, bench.read(mean)),
              mean,
              variance,
              bench.input(1, 1, new float[1]),
              EPSILON,
              new Running(0.1, false));
      Matrix y = bench.output(N, C);
      Operation layer =
          training
              ? backend.batchNormForward(
                  xs, norm, Activation.IDENTITY, Masking.NONE, y, bench.output(3, C))
              : backend.batchNormInference(xs, norm, Activation.IDENTITY, y);
      layer.run();
      double[] truth = Reference.doubles(x);
      bench.nearByColumn(Tolerance.IDENTITY, "x", truth, y, truth);
    }
  }

  private static double error(double[] expected, double[] actual) {
    double squares = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      size += expected[i] * expected[i];
    }
    return Math.sqrt(squares / size);
  }
}
