package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.BatchNormLayer.Case;
import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;

/** Batch norm in training and at inference, and the column statistics that it rests on. */
final class BatchNormRows {

  private static final int[][] SHAPES = {
    {2, 1}, {7, 13}, {129, 5}, {3, 1031}, {65, 257}, {31, 600}, {131_101, 4}
  };

  private BatchNormRows() {}

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (int[] shape : SHAPES) {
      for (Values values : Values.values()) {
        if (values == Values.EXTREME || values == Values.NON_FINITE && shape[1] < 4) {
          continue;
        }
        if (shape[0] < 100) {
          add(rows, Activation.IDENTITY, values, shape[0], shape[1]);
        }
        add(rows, Activation.RELU, values, shape[0], shape[1]);
        statistics(rows, values, shape[0], shape[1]);
      }
    }
    for (Activation activation : Activation.values()) {
      add(rows, activation, Values.NORMAL, 37, 29);
      add(rows, activation, Values.NORMAL, 131, 300);
      add(rows, activation, Values.LARGE_MEAN, 131, 300);
    }
    statistics(rows, Values.NORMAL, 1, 1);
    for (double weight : new double[] {0, 0.1, 1}) {
      for (boolean unbiased : new boolean[] {false, true}) {
        Running running = new Running(weight, unbiased);
        String input =
            "running statistics, weight %s, %s".formatted(weight, unbiased ? "unbiased" : "biased");
        Values[] batches = {
          Values.LARGE_MEAN, Values.NORMAL, Values.CONSTANT_COLUMN, Values.NORMAL
        };
        rows.add(new Row("batchNormForward", input, bench -> running(bench, running, batches)));
      }
    }
    rows.add(new Row("batchNormForward", "one row is an error", BatchNormRows::oneRow));
    rows.add(new Row("batchNormBackward", "dx in place of dy", BatchNormRows::inPlace));
    return rows;
  }

  /**
   * What cuDNN can do, in training or at inference: of normal values, since its one float of a mean
   * can't tell values near 10⁴ apart by 10⁻². Rows whose columns are a multiple of 8, so that they
   * are not padded; up to as many of them as it takes.
   */
  static List<Row> byCudnn() {
    List<Row> rows = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      add(rows, activation, Values.NORMAL, 37, 32);
      add(rows, activation, Values.NORMAL, 131, 304);
    }
    for (int[] shape : new int[][] {{2, 8}, {3, 1032}, {131_070, 8}}) {
      add(rows, Activation.RELU, Values.NORMAL, shape[0], shape[1]);
    }
    add(rows, Activation.LEAKY_RELU, Values.NORMAL, 65_535, 8);
    for (double weight : new double[] {0.1, 1}) {
      String input = "running statistics, weight %s, unbiased".formatted(weight);
      Running running = new Running(weight, true);
      rows.add(
          new Row(
              "batchNormForward",
              input,
              bench -> running(bench, running, Values.NORMAL, Values.CONSTANT_COLUMN)));
    }
    for (Activation activation : List.of(Activation.IDENTITY, Activation.RELU)) {
      Case row = whole(67, 304, Values.NORMAL, activation);
      rows.add(
          new Row(
              "batchNormBackward",
              "dx in place of dy, " + activation.label(),
              b -> {
                BatchNormLayer layer = new BatchNormLayer(b, row);
                layer.backward(layer.dys);
              }));
    }
    return rows;
  }

  private static Case whole(int n, int c, Values values, Activation activation) {
    return new Case(n, c, 0, false, values, activation);
  }

  private static void add(List<Row> rows, Activation activation, Values values, int n, int c) {
    String input = "%d x %d, %s, %s".formatted(n, c, values.label(), activation.label());
    Case row = whole(n, c, values, activation);
    rows.add(new Row("batchNormForward", input, b -> new BatchNormLayer(b, row).forward()));
    rows.add(new Row("batchNormBackward", input, b -> new BatchNormLayer(b, row).backward()));
    rows.add(new Row("batchNormInference", input, b -> new BatchNormLayer(b, row).infer()));
  }

  private static void statistics(List<Row> rows, Values values, int n, int c) {
    String input = "%d x %d, %s".formatted(n, c, values.label());
    rows.add(
        new Row(
            "columnStatistics",
            input,
            bench -> {
              float[] x = values.of(n, c, 1);
              Matrix mean = bench.output(1, c);
              Matrix variance = bench.output(1, c);
              bench.backend.columnStatistics(bench.rows(n, c, x), mean, variance).run();
              float[] means = bench.read(mean);
              float[] variances = bench.read(variance);
              for (int j = 0; j < c; j++) {
                if (values != Values.NON_FINITE || Values.isClean(j)) {
                  statistics(bench, values, Bench.column(x, j, c), means[j], variances[j]);
                } else {
                  bench.holds(!Float.isFinite(means[j] + variances[j]), "a poisoned column");
                }
              }
            }));
  }

  private static void statistics(
      Bench bench, Values values, float[] x, double mean, double variance) {
    int n = x.length;
    double[] expectedMean = Reference.columnMean(Reference.doubles(x), n, 1);
    double expected = Reference.columnVariance(Reference.doubles(x), expectedMean, n, 1)[0];
    float largest = 0;
    boolean constant = true;
    for (float value : x) {
      largest = Math.max(largest, Math.abs(value));
      constant &= value == x[0];
    }
    double excess = Math.max(0, Math.abs(mean - expectedMean[0]) - Math.ulp(largest));
    if (constant) {
      bench.holds(variance == 0, "variance 0 of a constant column, not " + variance);
      bench.holds(excess == 0, "the mean of a constant column");
      return;
    }
    Tolerance tolerance =
        values == Values.OUTLIER ? Tolerance.VARIANCE_OUTLIER : Tolerance.VARIANCE;
    String what = values == Values.OUTLIER ? "variance beside an outlier" : "variance";
    bench.within(tolerance, what, denormal(Math.abs(variance - expected)) / expected);
    bench.within(Tolerance.MEAN, "mean", excess == 0 ? 0 : excess / Math.sqrt(expected));
  }

  /** What a float32 can't tell from 0 is no error. */
  private static double denormal(double error) {
    return error < Float.MIN_NORMAL ? 0 : error;
  }

  private static void running(Bench bench, Running running, Values... batches) {
    Case row = whole(33, 304, Values.NORMAL, Activation.RELU);
    new BatchNormLayer(bench, row, running).running(batches);
  }

  private static void oneRow(Bench bench) {
    BatchNormLayer layer = new BatchNormLayer(bench, whole(2, 3, Values.NORMAL, Activation.RELU));
    Matrix row = layer.xs.view(0, 1, 3);
    EvenkeelException error =
        assertThrows(
            EvenkeelException.class,
            () ->
                bench.backend.batchNormForward(
                    row,
                    layer.norm,
                    layer.activation,
                    Masking.NONE,
                    layer.y.view(0, 1, 3),
                    layer.saved));
    bench.holds(
        error.getMessage().contains("batch of one row")
            && error.getMessage().contains("at least 2 rows"),
        error.getMessage());
  }

  private static void inPlace(Bench bench) {
    for (Activation activation : Activation.values()) {
      new BatchNormLayer(bench, whole(67, 300, Values.NORMAL, activation)).inPlace();
    }
  }
}
