package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Walks a model forward over rows of a table, as at inference, up to one probe after the other, and
 * takes the exact moments there. In chunks, whose moments are merged in double; what a chunk of so
 * many rows needs is bound once.
 */
final class StatisticsWalk implements AutoCloseable {

  /**
   * Of each column.
   *
   * @param squares sums of squared distances from the mean
   */
  record Moments(int rows, double[] mean, double[] squares) {

    Moments(int columns) {
      this(0, new double[columns], new double[columns]);
    }

    double variance(int column, boolean unbiased) {
      return squares[column] / Math.max(1, rows - (unbiased ? 1 : 0));
    }

    /** With those of more rows. */
    Moments and(int more, float[] theirMean, float[] theirVariance) {
      double share = (double) more / (rows + more);
      for (int j = 0; j < mean.length; j++) {
        double distance = theirMean[j] - mean[j];
        mean[j] += distance * share;
        squares[j] += (double) theirVariance[j] * more + distance * distance * rows * share;
      }
      return new Moments(rows + more, mean, squares);
    }
  }

  private record Chunk(int rows, Operation gather, Pass pass) {}

  private final Model model;
  private final Matrix table;
  private final RowOrder order;
  private final Memory memory;
  private final Map<Integer, Chunk> chunks = new HashMap<>();

  StatisticsWalk(Model model, Matrix table, RowOrder order, int chunkRows) {
    this.model = model;
    this.table = table;
    this.order = order;
    this.memory = new Memory(model.backend(), Math.min(chunkRows, order.rows().length));
  }

  List<Pass.Probe> probes() {
    return chunk(0).pass.probes();
  }

  private Chunk chunk(int from) {
    order.moveTo(from);
    return chunks.computeIfAbsent(
        Math.min(memory.maxRows(), order.rows().length - from), this::bind);
  }

  private Chunk bind(int rows) {
    memory.reset();
    Matrix batch = memory.take(rows, table.columns());
    Operation gather = model.backend().gather(table, order, batch);
    return new Chunk(rows, gather, Pass.inference(model, memory, batch));
  }

  /** Over all rows, with the parameters and statistics as they are now. */
  Moments moments(int probe) {
    int columns = probes().get(probe).values().columns();
    Moments moments = new Moments(columns);
    // Not from the pass's memory: what is free at its end may hold the very activations.
    try (Buffer onDevice = model.backend().allocate(2L * columns)) {
      for (int from = 0; from < order.rows().length; from += memory.maxRows()) {
        Chunk chunk = chunk(from);
        chunk.gather.run();
        float[][] now = moments(onDevice, chunk.pass, chunk.pass.probes().get(probe));
        moments = moments.and(chunk.rows, now[0], now[1]);
      }
    }
    return moments;
  }

  private float[][] moments(Buffer onDevice, Pass pass, Pass.Probe probe) {
    for (Pass.Named named : pass.forward().subList(0, probe.beforeOperation())) {
      named.operation().run();
    }
    Backend backend = model.backend();
    int columns = probe.values().columns();
    Matrix mean = Matrix.of(onDevice, 1, columns);
    Matrix variance = mean.view(columns, 1, columns);
    backend.columnStatistics(probe.values(), mean, variance).run();
    float[][] moments = new float[2][columns];
    backend.read(mean, moments[0]);
    backend.read(variance, moments[1]);
    return moments;
  }

  @Override
  public void close() {
    memory.close();
  }
}
