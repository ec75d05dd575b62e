package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;

/** Batch norm in training and at inference, and the column statistics that it rests on. */
final class BatchNormRows {

  private static final int[][] SHAPES = {
    {2, 1}, {7, 13}, {129, 5}, {3, 1031}, {65, 257}, {31, 600}, {131_101, 4}
  };
  private static final double EPSILON = 1e-5;
  private static final Running DEFAULT = new Running(0.1, true);

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
      rows.add(
          new Row(
              "batchNormBackward",
              "dx in place of dy, " + activation.label(),
              b -> {
                Layer layer = new Layer(b, activation, Values.NORMAL, 67, 304);
                layer.backward(layer.dys);
              }));
    }
    return rows;
  }

  private static void add(List<Row> rows, Activation activation, Values values, int n, int c) {
    String input = "%d x %d, %s, %s".formatted(n, c, values.label(), activation.label());
    rows.add(
        new Row("batchNormForward", input, b -> new Layer(b, activation, values, n, c).forward()));
    rows.add(
        new Row(
            "batchNormBackward", input, b -> new Layer(b, activation, values, n, c).backward()));
    rows.add(
        new Row("batchNormInference", input, b -> new Layer(b, activation, values, n, c).infer()));
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
    int n = 33;
    int c = 304;
    Layer layer = new Layer(bench, Activation.RELU, Values.NORMAL, n, c, running);
    Operation forward =
        bench.backend.batchNormForward(
            layer.xs, layer.norm, layer.activation, Masking.NONE, layer.y, layer.saved);
    double[] mean = Reference.doubles(bench.read(layer.norm.runningMean()));
    double[] variance = Reference.doubles(bench.read(layer.norm.runningVariance()));
    for (int k = 0; k < batches.length; k++) {
      double[] x = Reference.doubles(batches[k].of(n, c, 20 + k));
      bench.backend.write(Bench.floats(x), layer.xs);
      forward.run();
      double[] batchMean = Reference.columnMean(x, n, c);
      double[] batchVariance = Reference.columnVariance(x, batchMean, n, c);
      for (int j = 0; j < c; j++) {
        batchVariance[j] *= running.unbiased() ? n / (n - 1.0) : 1;
      }
      mean = Reference.moveRunning(mean, batchMean, running.weight(), k);
      variance = Reference.moveRunning(variance, batchVariance, running.weight(), k);
      bench.near(Tolerance.RUNNING, "running mean", mean, layer.norm.runningMean());
      bench.near(Tolerance.RUNNING, "running variance", variance, layer.norm.runningVariance());
      bench.exact("count", new float[] {k + 1}, layer.norm.count());
    }
  }

  private static void oneRow(Bench bench) {
    Layer layer = new Layer(bench, Activation.RELU, Values.NORMAL, 2, 3);
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
      Layer layer = new Layer(bench, activation, Values.NORMAL, 67, 300);
      layer.runForward();
      layer.runBackward(layer.dx);
      float[] besides = bench.read(layer.dx);
      layer.runBackward(layer.dys);
      bench.exact("dx of " + activation.label(), besides, layer.dys);
    }
  }

  /** One layer with its matrices on the backend and its truth. */
  private static final class Layer {
    final Bench bench;
    final Activation activation;
    final Values values;
    final int n;
    final int c;
    final double[] x;
    final double[] dy;
    final double[] gamma;
    final double[] beta;
    final Matrix xs;
    final Matrix dys;
    final Matrix y;
    final Matrix saved;
    final Matrix dx;
    final Matrix dGamma;
    final Matrix dBeta;
    final BatchNormMemory norm;

    Layer(Bench bench, Activation activation, Values values, int n, int c) {
      this(bench, activation, values, n, c, DEFAULT);
    }

    Layer(Bench bench, Activation activation, Values values, int n, int c, Running running) {
      this.bench = bench;
      this.activation = activation;
      this.values = values;
      this.n = n;
      this.c = c;
      float[] gammas = Values.NORMAL.of(1, c, 3);
      float[] betas = Values.NORMAL.of(1, c, 4);
      float[] variances = Values.NORMAL.of(1, c, 5);
      for (int j = 0; j < c; j++) {
        gammas[j] = (j % 3 == 0 ? -1 : 1) * (1 + 0.3f * Math.abs(gammas[j]));
        betas[j] *= 0.5f;
        variances[j] = 0.5f + variances[j] * variances[j];
      }
      float[] xValues = values.of(n, c, 1);
      float[] dyValues = Values.NORMAL.of(n, c, 2);
      float[] means = values.of(1, c, 6);
      for (int j = 0; j < c; j++) {
        means[j] = Float.isFinite(means[j]) ? means[j] : 0;
      }
      x = Reference.doubles(xValues);
      dy = Reference.doubles(dyValues);
      gamma = Reference.doubles(gammas);
      beta = Reference.doubles(betas);
      xs = bench.rows(n, c, xValues);
      dys = bench.rows(n, c, dyValues);
      y = bench.outputRows(n, c);
      saved = bench.output(3, c);
      dx = bench.outputRows(n, c);
      dGamma = bench.output(1, c);
      dBeta = bench.output(1, c);
      norm =
          new BatchNormMemory(
              bench.input(1, c, gammas),
              bench.input(1, c, betas),
              bench.input(1, c, means),
              bench.input(1, c, variances),
              bench.input(1, 1, new float[1]),
              EPSILON,
              running);
    }

    void runForward() {
      bench.backend.batchNormForward(xs, norm, activation, Masking.NONE, y, saved).run();
    }

    void runBackward(Matrix into) {
      bench
          .backend
          .batchNormBackward(dys, xs, y, norm, activation, Masking.NONE, saved, into, dGamma, dBeta)
          .run();
    }

    void forward() {
      double[] mean = Reference.columnMean(x, n, c);
      double[] variance = Reference.columnVariance(x, mean, n, c);
      runForward();
      compareOutput(mean, variance);
      float[] kept = bench.read(saved);
      for (int j = 0; j < c; j++) {
        if (values == Values.NON_FINITE && !Values.isClean(j)) {
          continue;
        }
        double deviation = Math.sqrt(variance[j] + EPSILON);
        double error = Math.abs((double) kept[j] + kept[c + j] - mean[j]);
        bench.within(Tolerance.MEAN, "saved mean", error / deviation);
        bench.within(
            Tolerance.INVERSE_DEVIATION,
            "saved 1/deviation",
            Math.abs(kept[2 * c + j] * deviation - 1));
      }
    }

    void infer() {
      double[] mean = Reference.doubles(bench.read(norm.runningMean()));
      double[] variance = Reference.doubles(bench.read(norm.runningVariance()));
      float[] countBefore = bench.read(norm.count());
      bench.backend.batchNormInference(xs, norm, activation, y).run();
      compareOutput(mean, variance);
      bench.exact("running mean", Bench.floats(mean), norm.runningMean());
      bench.exact("running variance", Bench.floats(variance), norm.runningVariance());
      bench.exact("count", countBefore, norm.count());
    }

    /**
     * Column by column, relative to the larger of y and its pre-activation: ReLU may leave none.
     */
    private void compareOutput(double[] mean, double[] variance) {
      double[] u = preActivation(mean, variance);
      double[] expected = Reference.activationForward(activation, u);
      double[] scales = new double[n * c];
      for (int i = 0; i < n * c; i++) {
        scales[i] = Math.max(Math.abs(u[i]), Math.abs(expected[i]));
      }
      float[] actual = bench.read(y);
      for (int j = 0; j < c; j++) {
        float[] column = Bench.column(actual, j, c);
        if (values == Values.NON_FINITE && !Values.isClean(j)) {
          boolean seen = false;
          for (float value : column) {
            seen |= !Float.isFinite(value);
          }
          // ReLU(−∞) is 0, so an infinity may end there at inference, where γ is negative.
          bench.holds(seen || activation == Activation.RELU, "a poisoned column stays poisoned");
          continue;
        }
        double[] scale = Bench.column(scales, j, c);
        bench.near(Tolerance.NORMALISED, "y", Bench.column(expected, j, c), column, scale);
      }
    }

    private double[] preActivation(double[] mean, double[] variance) {
      double[] xHat = Reference.standardise(x, mean, variance, EPSILON, n, c);
      return Reference.affine(xHat, gamma, beta, n, c);
    }

    void backward() {
      backward(dx);
    }

    /**
     * @param into where the gradient goes, which may be in place of dy
     */
    void backward(Matrix into) {
      double[] mean = Reference.columnMean(x, n, c);
      double[] variance = Reference.columnVariance(x, mean, n, c);
      double[] xHat = Reference.standardise(x, mean, variance, EPSILON, n, c);
      double[] u = Reference.affine(xHat, gamma, beta, n, c);
      double[] t = Reference.activationBackward(activation, dy, u);
      var expected = Reference.batchNormBackward(t, xHat, variance, gamma, EPSILON, n, c);

      runForward();
      if (values != Values.NON_FINITE) {
        // The truth's own y: a sign that rounding flips next to a kink is nobody's error.
        bench.backend.write(Bench.floats(Reference.activationForward(activation, u)), y);
      }
      runBackward(into);
      double[] size = new double[n * c];
      double[] products = new double[n * c];
      for (int i = 0; i < n * c; i++) {
        double deviation = Math.sqrt(variance[i % c] + EPSILON);
        size[i] = gamma[i % c] * t[i] / deviation;
        // Among denormals the mean is a multiple of 1.4e-45, every x̂ of a column is off by up to
        // that, the same way, and dy's own mean, which is not 0, adds that up.
        double smallest = 4 * Float.MIN_VALUE / deviation / Tolerance.NORM_PARAMETERS.limit;
        products[i] = t[i] * Math.max(Math.abs(xHat[i]), smallest);
      }
      compareColumns(Tolerance.NORM_GRADIENT, "dx", expected.dx(), into, size);
      double[] sums = ActivationRows.rootSquares(t, n, c);
      compareColumns(Tolerance.NORM_PARAMETERS, "dBeta", expected.dBeta(), dBeta, sums);
      double[] dots = ActivationRows.rootSquares(products, n, c);
      compareColumns(Tolerance.NORM_PARAMETERS, "dGamma", expected.dGamma(), dGamma, dots);
    }

    private void compareColumns(
        Tolerance tolerance, String what, double[] expected, Matrix actual, double[] scale) {
      float[] values = bench.read(actual);
      for (int j = 0; j < c; j++) {
        if (this.values != Values.NON_FINITE || Values.isClean(j)) {
          bench.near(
              tolerance,
              what,
              Bench.column(expected, j, c),
              Bench.column(values, j, c),
              Bench.column(scale, j, c));
        }
      }
    }
  }
}
