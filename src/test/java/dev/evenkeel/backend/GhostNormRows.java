package dev.evenkeel.backend;

import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Batch norm by the statistics of groups of rows (ghost batch norm), and batch norm that subtracts
 * the mean alone, for the whole batch and for groups; and all kinds with dropout behind them.
 */
final class GhostNormRows {

  /** Rows, features, rows of a group: one group, two, more, with rows left over. */
  private static final int[][] SHAPES = {
    {6, 5, 0},
    {9, 13, 8},
    {130, 31, 64},
    {33, 29, 8},
    {33, 600, 16},
    {7, 1031, 2},
    {131_101, 4, 8192}
  };

  private static final double EPSILON = 1e-5;

  /** Their slopes follow from a y that dropout has overwritten. */
  private static final List<Activation> REMADE =
      List.of(Activation.ELU, Activation.SELU, Activation.SIGMOID, Activation.TANH);

  private GhostNormRows() {}

  private record Case(
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

    String label() {
      String label =
          "%d x %d, %d ghost rows, %s%s, %s"
              .formatted(
                  n, c, ghost, meanOnly ? "mean only, " : "", values.label(), activation.label());
      String kind = dropping.alpha() ? "alpha dropout" : "dropout";
      return drops() ? "%s, %s %s".formatted(label, kind, dropping.probability()) : label;
    }
  }

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    List<Values> values =
        List.of(Values.NORMAL, Values.LARGE_MEAN, Values.HUGE_MEAN, Values.CONSTANT_COLUMN);
    for (int[] shape : SHAPES) {
      for (Values one : values) {
        for (boolean meanOnly : new boolean[] {false, true}) {
          if (shape[0] < 1000 || one == Values.LARGE_MEAN) {
            add(rows, new Case(shape[0], shape[1], shape[2], meanOnly, one, Activation.RELU));
          }
        }
      }
    }
    for (Activation activation : Activation.values()) {
      add(rows, new Case(37, 29, 9, false, Values.NORMAL, activation));
      add(rows, new Case(37, 29, 9, true, Values.NORMAL, activation));
      add(rows, new Case(37, 29, 0, true, Values.NORMAL, activation));
    }
    addDropout(rows);
    rows.add(new Row("batchNormForward", "one ghost group is the batch, bit for bit", b -> one(b)));
    for (boolean unbiased : new boolean[] {true, false}) {
      for (boolean meanOnly : new boolean[] {true, false}) {
        String input =
            "running statistics of groups, %s%s"
                .formatted(unbiased ? "unbiased" : "biased", meanOnly ? ", mean only" : "");
        rows.add(new Row("batchNormForward", input, b -> running(b, meanOnly, unbiased)));
      }
    }
    return rows;
  }

  private static void add(List<Row> rows, Case row) {
    rows.add(new Row("batchNormForward", row.label(), b -> new Layer(b, row, true).forward()));
    rows.add(new Row("batchNormBackward", row.label(), b -> new Layer(b, row, true).backward()));
    if (row.meanOnly) {
      rows.add(new Row("batchNormInference", row.label(), b -> new Layer(b, row, true).infer()));
    }
  }

  /**
   * Taken in: one kernel and two, whole vectors and rows that begin within a block of words.
   *
   * <p>Two inputs are left out, since a column's truth is far smaller there than what rounds: by
   * two operations the errors are the same.
   *
   * <ul>
   *   <li>Mean-only at a large mean, GELU and SiLU, with dropout and without: the column's
   *       deviation is 0.01, so all its u lie at β, and where β is next to the slope's zero (-0.75,
   *       -1.28) all of t is nearly 0. A relative rounding of u grows by |u · slope′ / slope|: by
   *       11 for β = -0.816, by 60 for -1.295. Times 6e-8 that is 7e-7 and 4e-6; seen without
   *       dropout are 7.5e-7 and 3.1e-6.
   *   <li>7 x 1031, ghosts of 2, identity, dropout 0.5: of column 714 only x̂ = 1.223 with t =
   *       0.039 and x̂ = 0.0031 with t = 2.56 are kept. x̂ is good to 1e-7 of a deviation, not of
   *       itself, so dGamma is off by 2.56 · 1e-7 beside √(0.048² + 0.008²) = 0.048: by 5e-6; seen
   *       are 3.7e-6. Without dropout the other five rows are larger.
   * </ul>
   */
  private static void addDropout(List<Row> rows) {
    for (Activation activation : Activation.values()) {
      for (int ghost : new int[] {0, 9}) {
        Case row = new Case(37, 29, ghost, false, Values.NORMAL, activation);
        add(rows, row.with(Dropping.inverted(0.3)));
        add(rows, row.with(Dropping.alpha(0.1)));
      }
      Case meanOnly = new Case(37, 29, 0, true, Values.NORMAL, activation);
      add(rows, meanOnly.with(Dropping.inverted(0.5)));
    }
    for (int[] shape : SHAPES) {
      Case row = new Case(shape[0], shape[1], shape[2], false, Values.NORMAL, Activation.RELU);
      add(rows, row.with(Dropping.inverted(0.5)));
    }
    Case many = new Case(700, 31, 0, false, Values.NORMAL, Activation.RELU);
    add(rows, many.with(Dropping.inverted(0.1)));
    add(rows, many.with(Dropping.alpha(0.1)));
    for (Activation activation : Activation.values()) {
      for (int ghost : new int[] {0, 9}) {
        Case row = new Case(37, 29, ghost, false, Values.NORMAL, activation);
        String input =
            "as by two operations, %d ghost rows, %s".formatted(ghost, activation.label());
        rows.add(
            new Row("batchNormBackward", input, b -> apart(b, row.with(Dropping.inverted(0.3)))));
      }
    }
  }

  /** Bit for bit, but for what the CPU's backward pass makes again of x. */
  private static void apart(Bench bench, Case row) {
    Layer both = new Layer(bench, row, true);
    both.runForward();
    both.runBackward(both.dx);
    Layer norm = new Layer(bench, row.with(Dropping.inverted(0)), true);
    Masking masking = both.masking;
    norm.runForward();
    Matrix y = bench.outputRows(row.n, row.c);
    dropout(bench, norm.y, masking.dropping(), masking, y);
    bench.exact("y", bench.read(y), both.y);
    dropout(bench, norm.dys, masking.dropping().backward(), masking, norm.dys);
    norm.runBackward(norm.dx);
    if (REMADE.contains(row.activation) && bench.backend.device().equals("cpu")) {
      double[] apart = Reference.doubles(bench.read(norm.dx));
      bench.near(Tolerance.NORM_GRADIENT, "dx beside two operations", apart, both.dx);
      return;
    }
    float[] apart = withoutSignedZeros(bench.read(norm.dx));
    bench.holds(Arrays.equals(apart, withoutSignedZeros(bench.read(both.dx))), "dx");
    bench.exact("dGamma", bench.read(norm.dGamma), both.dGamma);
    bench.exact("dBeta", bench.read(norm.dBeta), both.dBeta);
  }

  /** Behind ReLU the CPU doesn't ask whether a 0 was dropped, so a −0 may stand for a 0. */
  private static float[] withoutSignedZeros(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] += 0f;
    }
    return values;
  }

  private static void dropout(Bench bench, Matrix x, Dropping dropping, Masking by, Matrix y) {
    bench.backend.dropout(x, dropping, by.seed(), by.stream(), by.step(), y).run();
  }

  private static void one(Bench bench) {
    Case whole = new Case(67, 300, 0, false, Values.NORMAL, Activation.RELU);
    Layer plain = new Layer(bench, whole, true);
    for (int ghost : new int[] {67, 1000, 34}) {
      Layer layer =
          new Layer(bench, new Case(67, 300, ghost, false, Values.NORMAL, Activation.RELU), true);
      for (Layer each : List.of(plain, layer)) {
        each.runForward();
        each.runBackward(each.dx);
      }
      bench.exact("y", bench.read(plain.y), layer.y);
      bench.exact("saved", bench.read(plain.saved), layer.saved);
      bench.exact("dx", bench.read(plain.dx), layer.dx);
      bench.exact("dGamma", bench.read(plain.dGamma), layer.dGamma);
      bench.exact("dBeta", bench.read(plain.dBeta), layer.dBeta);
      bench.exact(
          "running variance",
          bench.read(new Fresh(bench, whole).moved()),
          new Fresh(bench, layer.row).moved());
    }
  }

  /** A layer's running variance after one step. */
  private record Fresh(Bench bench, Case row) {
    Matrix moved() {
      Layer layer = new Layer(bench, row, true);
      layer.runForward();
      return layer.norm.runningVariance();
    }
  }

  private static void running(Bench bench, boolean meanOnly, boolean unbiased) {
    Case row = new Case(33, 300, 8, meanOnly, Values.LARGE_MEAN, Activation.RELU);
    Layer layer = new Layer(bench, row, unbiased);
    double[] mean = Reference.doubles(bench.read(layer.norm.runningMean()));
    var moments = ReferenceNorms.ghostMoments(layer.x, row.groups(), row.n, row.c);
    double[] averageMean = new double[row.c];
    double[] averageVariance = new double[row.c];
    for (int i = 0; i < moments.mean().length; i++) {
      int g = i / row.c;
      double rows =
          BatchNormMemory.firstRow(g + 1, row.groups(), row.n)
              - BatchNormMemory.firstRow(g, row.groups(), row.n);
      averageMean[i % row.c] += moments.mean()[i] / row.groups();
      double variance = moments.variance()[i] * (unbiased ? rows / (rows - 1) : 1);
      averageVariance[i % row.c] += variance / row.groups();
    }
    layer.runForward();
    bench.near(
        Tolerance.RUNNING,
        "running mean",
        Reference.moveRunning(mean, averageMean, 0.1, 0),
        layer.norm.runningMean());
    bench.exact("count", new float[] {1}, layer.norm.count());
    if (!meanOnly) {
      double[] ones = new double[row.c];
      Arrays.fill(ones, 1);
      bench.near(
          Tolerance.RUNNING,
          "running variance",
          Reference.moveRunning(ones, averageVariance, 0.1, 0),
          layer.norm.runningVariance());
    }
  }

  /** One layer with its matrices on the backend and its truth. */
  private static final class Layer {
    final Bench bench;
    final Case row;
    final int n;
    final int c;
    final double[] x;
    final double[] gamma;
    final double[] beta;
    final Matrix xs;
    final Matrix y;
    final Matrix saved;
    final Matrix dys;
    final Matrix dx;
    final Matrix dGamma;
    final Matrix dBeta;
    final BatchNormMemory norm;
    final Masking masking;

    /** By the reference's words, as the masking's seed, stream and step have them. */
    final boolean[] keeps;

    Layer(Bench bench, Case row, boolean unbiased) {
      this.bench = bench;
      this.row = row;
      n = row.n;
      c = row.c;
      float[] xValues = row.values.of(n, c, 1);
      float[] gammas = Values.NORMAL.of(1, c, 3);
      float[] betas = Values.NORMAL.of(1, c, 4);
      float[] ones = new float[c];
      for (int j = 0; j < c; j++) {
        gammas[j] = row.meanOnly ? 1 : (j % 3 == 0 ? -1 : 1) * (1 + 0.3f * Math.abs(gammas[j]));
        betas[j] *= 0.5f;
        ones[j] = 1;
      }
      x = Reference.doubles(xValues);
      gamma = Reference.doubles(gammas);
      beta = Reference.doubles(betas);
      Step step = new Step();
      step.set(7, 0);
      masking = row.drops() ? new Masking(row.dropping, 42, 3, step) : Masking.NONE;
      keeps = Reference.dropoutKeeps(n * c, row.dropping.probability(), 42, 3, 7);
      xs = bench.rows(n, c, xValues);
      y = bench.outputRows(n, c);
      saved = bench.output(3 * row.groups(), c);
      dys = bench.rows(n, c, Values.NORMAL.of(n, c, 2));
      dx = bench.outputRows(n, c);
      dGamma = row.meanOnly ? Matrix.NONE : bench.output(1, c);
      dBeta = bench.output(1, c);
      norm =
          new BatchNormMemory(
              row.meanOnly ? Matrix.NONE : bench.input(1, c, gammas),
              bench.input(1, c, betas),
              bench.input(1, c, row.values.of(1, c, 6)),
              row.meanOnly ? Matrix.NONE : bench.input(1, c, ones),
              bench.input(1, 1, new float[1]),
              EPSILON,
              new Running(0.1, unbiased),
              row.ghost);
    }

    void runForward() {
      bench.backend.batchNormForward(xs, norm, row.activation, masking, y, saved).run();
    }

    void runBackward(Matrix into) {
      bench
          .backend
          .batchNormBackward(dys, xs, y, norm, row.activation, masking, saved, into, dGamma, dBeta)
          .run();
    }

    private double[] dropped(double[] y) {
      return Reference.dropoutForward(y, keeps, row.dropping.probability(), row.dropping.alpha());
    }

    private double[] standardised() {
      return row.meanOnly
          ? ReferenceNorms.centre(x, row.groups(), n, c)
          : ReferenceNorms.ghostStandardise(x, EPSILON, row.groups(), n, c);
    }

    void forward() {
      runForward();
      compareOutput(standardised(), true);
      compareSaved();
    }

    /** Relative to the summands of the pre-activation: they may cancel. */
    private void compareOutput(double[] xHat, boolean training) {
      double[] u = Reference.affine(xHat, gamma, beta, n, c);
      double[] active = Reference.activationForward(row.activation, u);
      double[] expected = training ? dropped(active) : active;
      double[] scale = new double[n * c];
      for (int i = 0; i < scale.length; i++) {
        double summands = Math.abs(gamma[i % c] * xHat[i]) + Math.abs(beta[i % c]);
        scale[i] = Math.max(summands, Math.abs(expected[i]));
      }
      bench.nearByColumn(Tolerance.NORMALISED, "y", expected, y, scale);
    }

    private void compareSaved() {
      var moments = ReferenceNorms.ghostMoments(x, row.groups(), n, c);
      float[] kept = bench.read(saved);
      double mean = 0;
      double inverse = 0;
      for (int g = 0; g < row.groups(); g++) {
        for (int j = 0; j < c; j++) {
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
      double[] mean = Reference.doubles(bench.read(norm.runningMean()));
      bench.backend.batchNormInference(xs, norm, row.activation, y).run();
      double[] centred = new double[n * c];
      for (int i = 0; i < centred.length; i++) {
        centred[i] = x[i] - mean[i % c];
      }
      compareOutput(centred, false);
      bench.exact("running mean", Bench.floats(mean), norm.runningMean());
    }

    void backward() {
      double[] xHat = standardised();
      double[] u = Reference.affine(xHat, gamma, beta, n, c);
      double[] dy =
          Reference.dropoutBackward(
              Reference.doubles(bench.read(dys)),
              keeps,
              row.dropping.probability(),
              row.dropping.alpha());
      double[] t = Reference.activationBackward(row.activation, dy, u);
      runForward();
      // The truth's own y: a sign that rounding flips next to a kink is nobody's error.
      bench.backend.write(Bench.floats(dropped(Reference.activationForward(row.activation, u))), y);
      runBackward(dx);
      var moments = ReferenceNorms.ghostMoments(x, row.groups(), n, c);
      double[] size = new double[n * c];
      double[] products = new double[n * c];
      for (int g = 0, i = 0; g < row.groups(); g++) {
        for (; i < BatchNormMemory.firstRow(g + 1, row.groups(), n) * c; i++) {
          double deviation = Math.sqrt(moments.variance()[g * c + i % c] + EPSILON);
          size[i] = row.meanOnly ? t[i] : gamma[i % c] * t[i] / deviation;
          products[i] = t[i] * xHat[i];
        }
      }
      if (row.meanOnly) {
        double[] expected = ReferenceNorms.centre(t, row.groups(), n, c);
        bench.nearByColumn(Tolerance.NORM_GRADIENT, "dx", expected, dx, size);
      } else {
        var truth = ReferenceNorms.ghostBackward(t, x, gamma, EPSILON, row.groups(), n);
        bench.nearByColumn(Tolerance.NORM_GRADIENT, "dx", truth.dx(), dx, size);
        double[] dots = ActivationRows.rootSquares(products, n, c);
        bench.nearByColumn(Tolerance.NORM_PARAMETERS, "dGamma", truth.dGamma(), dGamma, dots);
      }
      double[] sums = ActivationRows.rootSquares(t, n, c);
      double[] dBetas = Reference.columnSums(t, n, c);
      bench.nearByColumn(Tolerance.NORM_PARAMETERS, "dBeta", dBetas, dBeta, sums);
      float[] besides = bench.read(dx);
      runBackward(dys);
      bench.exact("dx in place of dy", besides, dys);
    }
  }
}
