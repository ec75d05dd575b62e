package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.nn.Pass.NormProbe;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.HashMap;
import java.util.Map;

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
    Matrix table = model.backend().inputs(features, rows, model.network().inputs());
    try (Buffer held = table.buffer()) {
      update(model, table, chunkRows);
    }
  }

  /** The same from a table of inputs that is on the device already. */
  public static void update(Model model, Matrix table, int chunkRows) {
    if (!model.network().hasPopulationStatistics()) {
      return;
    }
    try (Walk walk = new Walk(model, table, chunkRows)) {
      int norms = walk.chunk(0).pass.norms().size();
      for (int norm = 0; norm < norms; norm++) {
        update(model, walk, norm);
      }
    }
  }

  /** The training set in chunks; what a chunk of so many rows needs is bound once. */
  private static final class Walk implements AutoCloseable {
    private final Model model;
    private final Matrix table;
    private final Memory memory;
    private final RowOrder order;
    private final Map<Integer, Chunk> chunks = new HashMap<>();

    Walk(Model model, Matrix table, int chunkRows) {
      this.model = model;
      this.table = table;
      this.memory = new Memory(model.backend(), Math.min(chunkRows, table.rows()));
      this.order = RowOrder.natural(table.rows());
    }

    Chunk chunk(int from) {
      order.moveTo(from);
      return chunks.computeIfAbsent(
          Math.min(memory.maxRows(), table.rows() - from), this::bindChunk);
    }

    private Chunk bindChunk(int rows) {
      memory.reset();
      Matrix batch = memory.take(rows, table.columns());
      Operation gather = model.backend().gather(table, order, batch);
      return new Chunk(rows, gather, Pass.inference(model, memory, batch));
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  private record Chunk(int rows, Operation gather, Pass pass) {}

  private static void update(Model model, Walk walk, int norm) {
    NormProbe first = walk.chunk(0).pass.norms().get(norm);
    if (!(first.block().description().running() instanceof RunningStatistics.Population)) {
      return;
    }
    int columns = first.input().columns();
    double[] mean = new double[columns];
    double[] squares = new double[columns];
    // Not from the pass's memory: what is free at its end may hold the very activations.
    try (Buffer moments = model.backend().allocate(2L * columns)) {
      for (int from = 0; from < walk.table.rows(); from += walk.memory.maxRows()) {
        Chunk chunk = walk.chunk(from);
        chunk.gather.run();
        float[][] now = moments(model.backend(), moments, chunk.pass, chunk.pass.norms().get(norm));
        for (int j = 0; j < columns; j++) {
          double distance = now[0][j] - mean[j];
          double share = (double) chunk.rows / (from + chunk.rows);
          mean[j] += distance * share;
          squares[j] += (double) now[1][j] * chunk.rows + distance * distance * from * share;
        }
      }
    }
    store(model, first.block(), walk.table.rows(), mean, squares);
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
