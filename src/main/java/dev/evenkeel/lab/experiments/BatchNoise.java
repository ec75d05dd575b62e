package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Memory;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Pass;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.RowOrder;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How far the statistics of a mini-batch are off those of all rows, in deviations of the unit.
 *
 * @param ofMean standard deviation of (μ of a batch − μ) / σ, mean of the units
 * @param ofDeviation standard deviation of (σ of a batch) / σ
 */
record BatchNoise(double ofMean, double ofDeviation) {

  /** Of a layer; there are more, but they say the same. */
  static final int UNITS = 64;

  private static final int CHUNK = 1000;

  /** For a standard deviation that is itself good to 4 %. */
  private static final int BATCHES = 400;

  /** Pre-activations of the units of a layer, [units][rows], and their moments. */
  record Values(float[][] z) {

    /** What the layer of this name, "3 linear", makes of these rows, with running statistics. */
    static Values of(Model model, Dataset data, String layer) {
      Backend backend = model.backend();
      int rows = data.rows() / CHUNK == 0 ? data.rows() : data.rows() / CHUNK * CHUNK;
      int chunk = Math.min(CHUNK, rows);
      float[][] z = new float[UNITS][rows];
      RowOrder order = RowOrder.natural(rows);
      Matrix table = backend.inputs(data.features(), data.rows(), data.columns());
      try (Buffer held = table.buffer();
          Memory memory = new Memory(backend, chunk)) {
        Matrix x = memory.take(chunk, data.columns());
        var gather = backend.gather(table, order, x);
        var forward = Pass.inference(model, memory, x).forward();
        int last = 0;
        while (!forward.get(last).name().equals(layer)) {
          last++;
        }
        Matrix result = forward.get(last).result();
        float[] values = new float[(int) result.size()];
        for (int from = 0; from < rows; from += chunk) {
          order.moveTo(from);
          gather.run();
          forward.subList(0, last + 1).forEach(named -> named.operation().run());
          backend.read(result, values);
          for (int i = 0; i < chunk * UNITS; i++) {
            z[i % UNITS][from + i / UNITS] = values[i / UNITS * result.columns() + i % UNITS];
          }
        }
      }
      return new Values(z);
    }

    /** Over shuffled epochs of batches, as training has them. */
    BatchNoise noise(int batch, long seed) {
      int[] rows = IntStream.range(0, z[0].length).toArray();
      int batches = rows.length / batch;
      int epochs = (BATCHES + batches - 1) / batches;
      double[][] means = new double[UNITS][epochs * batches];
      double[][] deviations = new double[UNITS][epochs * batches];
      Philox random = new Philox(seed, batch);
      for (int b = 0; b < epochs * batches; b++) {
        if (b % batches == 0) {
          random.shuffle(rows);
        }
        int from = b % batches * batch;
        for (int unit = 0; unit < UNITS; unit++) {
          double[] moments = moments(z[unit], rows, from, from + batch);
          means[unit][b] = moments[0];
          deviations[unit][b] = moments[1];
        }
      }
      double ofMean = 0;
      double ofDeviation = 0;
      for (int unit = 0; unit < UNITS; unit++) {
        double deviation = moments(z[unit], rows, 0, rows.length)[1];
        ofMean += deviation(means[unit]) / deviation / UNITS;
        ofDeviation += deviation(deviations[unit]) / deviation / UNITS;
      }
      return new BatchNoise(ofMean, ofDeviation);
    }
  }

  /** Mean and deviation of the values in rows[from] to rows[to - 1]. */
  private static double[] moments(float[] values, int[] rows, int from, int to) {
    double[] taken = IntStream.range(from, to).mapToDouble(i -> values[rows[i]]).toArray();
    return new double[] {Arrays.stream(taken).sum() / taken.length, deviation(taken)};
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).sum() / values.length;
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return Math.sqrt(squares / values.length);
  }
}
