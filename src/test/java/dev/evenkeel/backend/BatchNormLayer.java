package dev.evenkeel.backend;

import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/** One batch norm of any kind, with its matrices on the backend and its truth. */
final class BatchNormLayer {

  private static final double EPSILON = 1e-5;

  /**
   * Shape, kind and values.
   *
   * @param ghost rows of a group with statistics of its own; 0 for the whole batch
   */
  record Case(
      int n,
      int c,
      int ghost,
      boolean meanOnly,
      Values values,
      Activation activation,
      Dropping dropping) {

    Case(int n, int c, int ghost, boolean meanOnly, Values values, Activation activation) {
      this(n, c, ghost, meanOnly, values, activation, Dropping.inverted(0));
    }

    Case with(Dropping dropping) {
      return new Case(n, c, ghost, meanOnly, values, activation, dropping);
    }

    boolean drops() {
      return dropping.probability() != 0;
    }

    int groups() {
      return BatchNormMemory.groups(n, ghost);
    }
  }

  final Bench bench;
  final Case row;
  final Activation activation;
  final int n;
  final int c;
  final double[] x;
  final Matrix xs;
  final Matrix y;
  final Matrix saved;
  final Matrix dys;
  final Matrix dx;
  final Matrix dGamma;
  final Matrix dBeta;
  final BatchNormMemory norm;
  final Masking masking;
  private final int groups;
  private final double[] dy;
  private final double[] gamma;
  private final double[] beta;

  /** By the reference's words, as the masking's seed, stream and step have them. */
  private final boolean[] keeps;

  BatchNormLayer(Bench bench, Case row) {
    this(bench, row, new Running(0.1, true));
  }

  BatchNormLayer(Bench bench, Case row, Running running) {
    this.bench = bench;
    this.row = row;
    activation = row.activation;
    n = row.n;
    c = row.c;
    groups = row.groups();
    float[] gammas = Values.NORMAL.of(1, c, 3);
    float[] betas = Values.NORMAL.of(1, c, 4);
    float[] variances = Values.NORMAL.of(1, c, 5);
    float[] means = row.values.of(1, c, 6);
    for (int j = 0; j < c; j++) {
      gammas[j] = row.meanOnly ? 1 : (j % 3 == 0 ? -1 : 1) * (1 + 0.3f * Math.abs(gammas[j]));
      betas[j] *= 0.5f;
      variances[j] = 0.5f + variances[j] * variances[j];
      means[j] = Float.isFinite(means[j]) ? means[j] : 0;
    }
    float[] xValues = row.values.of(n, c, 1);
    float[] dyValues = Values.NORMAL.of(n, c, 2);
    x = Reference.doubles(xValues);
    dy = Reference.doubles(dyValues);
    gamma = Reference.doubles(gammas);
    beta = Reference.doubles(betas);
    Step step = new Step();
    step.set(7, 0);
    masking = row.drops() ? new Masking(row.dropping, 42, 3, step) : Masking.NONE;
    keeps = Reference.dropoutKeeps(row.drops() ? n * c : 0, row.dropping.probability(), 42, 3, 7);
    xs = bench.rows(n, c, xValues);
    dys = bench.rows(n, c, dyValues);
    y = bench.outputRows(n, c);
    saved = bench.output(3 * groups, c);
    dx = bench.outputRows(n, c);
    dGamma = row.meanOnly ? Matrix.NONE : bench.output(1, c);
    dBeta = bench.output(1, c);
    norm =
        new BatchNormMemory(
            row.meanOnly ? Matrix.NONE : bench.input(1, c, gammas),
            bench.input(1, c, betas),
            bench.input(1, c, means),
            row.meanOnly ? Matrix.NONE : bench.input(1, c, variances),
            bench.input(1, 1, new float[1]),
            EPSILON,
            running,
            row.ghost);
  }

  void runForward() {
    bench.backend.batchNormForward(xs, norm, activation, masking, y, saved).run();
  }

  void runBackward(Matrix into) {
    bench
        .backend
        .batchNormBackward(dys, xs, y, norm, activation, masking, saved, into, dGamma, dBeta)
        .run();
  }

  /** What is made of a column that holds a NaN or an infinity is no number to compare. */
  private boolean isPoisoned(int column) {
    return row.values == Values.NON_FINITE && !Values.isClean(column);
  }

  private double[] dropped(double[] y) {
    return row.drops()
        ? Reference.dropoutForward(y, keeps, row.dropping.probability(), row.dropping.alpha())
        : y;
  }

  private double[] standardised() {
    return row.meanOnly
        ? ReferenceNorms.centre(x, groups, n, c)
        : ReferenceNorms.ghostStandardise(x, EPSILON, groups, n, c);
  }

  void forward() {
    runForward();
    compareOutput(standardised(), true);
    var moments = ReferenceNorms.ghostMoments(x, groups, n, c);
    float[] kept = bench.read(saved);
    double mean = 0;
    double inverse = 0;
    for (int g = 0; g < groups; g++) {
      for (int j = 0; j < c; j++) {
        if (isPoisoned(j)) {
          continue;
        }
        int at = 3 * g * c + j;
        double deviation = Math.sqrt(moments.variance()[g * c + j] + EPSILON);
        double error = Math.abs((double) kept[at] + kept[at + c] - moments.mean()[g * c + j]);
        mean = Math.max(mean, error / deviation);
        inverse = Math.max(inverse, Math.abs(kept[at + 2 * c] * deviation - 1));
      }
    }
    bench.within(Tolerance.MEAN, "saved mean", mean);
    if (!row.meanOnly) {
      bench.within(Tolerance.INVERSE_DEVIATION, "saved 1/deviation", inverse);
    }
  }

  void infer() {
    float[] means = bench.read(norm.runningMean());
    float[] variances = new float[c];
    Arrays.fill(variances, 1);
    if (!row.meanOnly) {
      variances = bench.read(norm.runningVariance());
    }
    double[] mean = Reference.doubles(means);
    double[] variance = Reference.doubles(variances);
    bench.backend.batchNormInference(xs, norm, activation, y).run();
    double epsilon = row.meanOnly ? 0 : EPSILON;
    compareOutput(Reference.standardise(x, mean, variance, epsilon, n, c), false);
    bench.exact("running mean", means, norm.runningMean());
    if (!row.meanOnly) {
      bench.exact("running variance", variances, norm.runningVariance());
    }
    bench.exact("count", new float[1], norm.count());
  }

  /** Column by column, relative to the larger of y and its pre-activation: ReLU may leave none. */
  private void compareOutput(double[] xHat, boolean training) {
    double[] u = Reference.affine(xHat, gamma, beta, n, c);
    double[] active = Reference.activationForward(activation, u);
    double[] expected = training ? dropped(active) : active;
    double[] scale = new double[n * c];
    for (int i = 0; i < scale.length; i++) {
      scale[i] = Math.max(Math.abs(u[i]), Math.abs(expected[i]));
    }
    float[] actual = bench.read(y);
    for (int j = 0; j < c; j++) {
      if (isPoisoned(j)) {
        boolean seen = false;
        for (float value : Bench.column(actual, j, c)) {
          seen |= !Float.isFinite(value);
        }
        // ReLU(−∞) is 0, so an infinity may end there at inference, where γ is negative.
        bench.holds(seen || activation == Activation.RELU, "a poisoned column stays poisoned");
      }
    }
    byColumn(Tolerance.NORMALISED, "y", expected, y, scale);
  }

  private void byColumn(
      Tolerance tolerance, String what, double[] expected, Matrix actual, double[] scale) {
    float[] values = bench.read(actual);
    for (int j = 0; j < c; j++) {
      if (!isPoisoned(j)) {
        bench.near(
            tolerance,
            what,
            Bench.column(expected, j, c),
            Bench.column(values, j, c),
            Bench.column(scale, j, c));
      }
    }
  }

  void backward() {
    backward(dx);
  }

  /**
   * @param into where the gradient goes, which may be in place of dy
   */
  void backward(Matrix into) {
    double[] xHat = standardised();
    double[] u = Reference.affine(xHat, gamma, beta, n, c);
    double[] kept =
        row.drops()
            ? Reference.dropoutBackward(dy, keeps, row.dropping.probability(), row.dropping.alpha())
            : dy;
    double[] t = Reference.activationBackward(activation, kept, u);
    runForward();
    if (row.values != Values.NON_FINITE) {
      // The truth's own y: a sign that rounding flips next to a kink is nobody's error.
      bench.backend.write(Bench.floats(dropped(Reference.activationForward(activation, u))), y);
    }
    runBackward(into);
    var moments = ReferenceNorms.ghostMoments(x, groups, n, c);
    double[] size = new double[n * c];
    double[] products = new double[n * c];
    for (int g = 0, i = 0; g < groups; g++) {
      for (; i < BatchNormMemory.firstRow(g + 1, groups, n) * c; i++) {
        double deviation = Math.sqrt(moments.variance()[g * c + i % c] + EPSILON);
        size[i] = row.meanOnly ? t[i] : gamma[i % c] * t[i] / deviation;
        // Among denormals the mean is a multiple of 1.4e-45, every x̂ of a column is off by up to
        // that, the same way, and dy's own mean, which is not 0, adds that up.
        double smallest = 4 * Float.MIN_VALUE / deviation / Tolerance.NORM_PARAMETERS.limit;
        products[i] = t[i] * Math.max(Math.abs(xHat[i]), smallest);
      }
    }
    if (row.meanOnly) {
      double[] expected = ReferenceNorms.centre(t, groups, n, c);
      byColumn(Tolerance.NORM_GRADIENT, "dx", expected, into, size);
    } else {
      var truth = ReferenceNorms.ghostBackward(t, x, gamma, EPSILON, groups, n);
      byColumn(Tolerance.NORM_GRADIENT, "dx", truth.dx(), into, size);
      double[] dots = ActivationRows.rootSquares(products, n, c);
      byColumn(Tolerance.NORM_PARAMETERS, "dGamma", truth.dGamma(), dGamma, dots);
    }
    double[] sums = ActivationRows.rootSquares(t, n, c);
    byColumn(Tolerance.NORM_PARAMETERS, "dBeta", Reference.columnSums(t, n, c), dBeta, sums);
  }

  /** Both ways, and backward once more into dy. */
  void inPlace() {
    runForward();
    runBackward(dx);
    float[] besides = bench.read(dx);
    runBackward(dys);
    bench.exact("dx of %s in place of dy".formatted(activation.label()), besides, dys);
  }

  /** Forward with one batch after another: each moves the running statistics. */
  void running(Values... batches) {
    Running running = norm.running();
    double[] mean = Reference.doubles(bench.read(norm.runningMean()));
    double[] variance =
        row.meanOnly ? new double[c] : Reference.doubles(bench.read(norm.runningVariance()));
    for (int k = 0; k < batches.length; k++) {
      float[] batch = batches[k].of(n, c, 20 + k);
      bench.backend.write(batch, xs);
      runForward();
      var moments = ReferenceNorms.ghostMoments(Reference.doubles(batch), groups, n, c);
      double[] batchMean = new double[c];
      double[] batchVariance = new double[c];
      for (int i = 0; i < groups * c; i++) {
        int g = i / c;
        double rows =
            BatchNormMemory.firstRow(g + 1, groups, n) - BatchNormMemory.firstRow(g, groups, n);
        double unbiased = running.unbiased() ? rows / (rows - 1) : 1;
        batchMean[i % c] += moments.mean()[i] / groups;
        batchVariance[i % c] += moments.variance()[i] * unbiased / groups;
      }
      mean = Reference.moveRunning(mean, batchMean, running.weight(), k);
      variance = Reference.moveRunning(variance, batchVariance, running.weight(), k);
      bench.near(Tolerance.RUNNING, "running mean", mean, norm.runningMean());
      if (!row.meanOnly) {
        bench.near(Tolerance.RUNNING, "running variance", variance, norm.runningVariance());
      }
      bench.exact("count", new float[] {k + 1}, norm.count());
    }
  }
}
