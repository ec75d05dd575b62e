package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.nn.Pass.NormProbe;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;

/**
 * Exact statistics over a whole training set, with the weights as they are ("precise batch norm",
 * Wu and Johnson 2021): norm after norm, since each one's input depends on those before it. The
 * chunks' moments are merged in double.
 */
public final class PopulationStatistics {

  private PopulationStatistics() {}

  /** Re-estimates every batch norm that asks for population statistics; others stay. */
  public static void update(Model model, float[] features, int rows, int chunkRows) {
    if (!model.network().hasPopulationStatistics()) {
      return;
    }
    Backend backend = model.backend();
    Matrix table = backend.inputs(features, rows, model.network().inputs());
    try (Buffer tableMemory = table.buffer();
        Memory memory = new Memory(backend, Math.min(chunkRows, rows))) {
      int norms = probes(model, memory, table, 0, memory.maxRows()).norms().size();
      for (int norm = 0; norm < norms; norm++) {
        update(model, memory, table, norm);
      }
    }
  }

  private static Pass probes(Model model, Memory memory, Matrix table, int from, int rows) {
    memory.reset();
    Matrix x = table.view((long) from * table.columns(), rows, table.columns());
    return Pass.inference(model, memory, x);
  }

  private static void update(Model model, Memory memory, Matrix table, int norm) {
    NormProbe first = probes(model, memory, table, 0, memory.maxRows()).norms().get(norm);
    if (!(first.block().description().running() instanceof RunningStatistics.Population)) {
      return;
    }
    int columns = first.input().columns();
    double[] mean = new double[columns];
    double[] squares = new double[columns];
    // Not from the pass's memory: what is free at its end may hold the very activations.
    try (Buffer moments = model.backend().allocate(2L * columns)) {
      for (int from = 0; from < table.rows(); from += memory.maxRows()) {
        int rows = Math.min(memory.maxRows(), table.rows() - from);
        Pass pass = probes(model, memory, table, from, rows);
        float[][] chunk = moments(model.backend(), moments, pass, pass.norms().get(norm));
        for (int j = 0; j < columns; j++) {
          double distance = chunk[0][j] - mean[j];
          double share = (double) rows / (from + rows);
          mean[j] += distance * share;
          squares[j] += (double) chunk[1][j] * rows + distance * distance * from * share;
        }
      }
    }
    store(model, first.block(), table.rows(), mean, squares);
  }

  private static float[][] moments(Backend backend, Buffer buffer, Pass pass, NormProbe probe) {
    for (Pass.Named named : pass.forward().subList(0, probe.beforeOperation())) {
      named.operation().run();
    }
    int columns = probe.input().columns();
    Matrix mean = Matrix.of(buffer, 1, columns);
    Matrix variance = mean.view(columns, 1, columns);
    backend.columnStatistics(probe.input(), mean, variance).run();
    float[][] moments = new float[2][columns];
    backend.read(mean, moments[0]);
    backend.read(variance, moments[1]);
    return moments;
  }

  private static void store(
      Model model, NormBlock block, int rows, double[] mean, double[] squares) {
    boolean unbiased = block.description().runningVariance() == RunningVariance.UNBIASED;
    double divisor = Math.max(1, rows - (unbiased ? 1 : 0));
    float[] means = new float[mean.length];
    float[] variances = new float[mean.length];
    for (int j = 0; j < means.length; j++) {
      means[j] = (float) mean[j];
      variances[j] = (float) (squares[j] / divisor);
    }
    model.backend().write(means, block.runningMean().value());
    model.backend().write(variances, block.runningVariance().value());
  }
}
