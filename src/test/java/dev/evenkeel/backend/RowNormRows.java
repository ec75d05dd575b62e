package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;

/**
 * Norms over a row's own features: layer, RMS, group and instance norm, in training and without.
 */
final class RowNormRows {

  /**
   * Rows, features, groups: short ones, long ones, and some longer than what is worked on at once.
   */
  private static final int[][] SHAPES = {
    {1, 1, 1},
    {1, 13, 1},
    {7, 13, 1},
    {129, 5, 1},
    {3, 1031, 1},
    {65, 257, 1},
    {31, 600, 1},
    {2, 5003, 1},
    {5, 12, 4},
    {33, 96, 32},
    {17, 600, 3},
    {9, 1540, 2},
    {3, 2100, 300},
    {131_101, 4, 1},
    {131_101, 6, 3}
  };

  private static final double EPSILON = 1e-5;

  /** Rows that are compared one by one; above it, all at once. */
  private static final int MANY = 2000;

  private RowNormRows() {}

  /** Shape, kind and values of one layer. */
  private record Case(
      int n, int c, int groups, boolean centred, boolean shifted, Values values, Activation act) {

    String label() {
      String kind = (centred ? "centred" : "not centred") + (shifted ? "" : ", no shift");
      return "%d x %d in %d groups, %s, %s, %s"
          .formatted(n, c, groups, kind, values.label(), act.label());
    }
  }

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (int[] shape : SHAPES) {
      for (Values values : Values.values()) {
        if (values == Values.EXTREME || shape[0] > MANY && values != Values.LARGE_MEAN) {
          continue;
        }
        for (boolean centred : new boolean[] {true, false}) {
          int groups = shape[2];
          Activation activation = shape[1] % 2 == 0 ? Activation.RELU : Activation.IDENTITY;
          add(rows, new Case(shape[0], shape[1], groups, centred, centred, values, activation));
        }
      }
    }
    for (Activation activation : Activation.values()) {
      for (int groups : new int[] {1, 4}) {
        add(rows, new Case(37, 28, groups, true, true, Values.NORMAL, activation));
        add(rows, new Case(37, 28, groups, false, false, Values.NORMAL, activation));
        add(rows, new Case(19, 1200, groups, true, true, Values.LARGE_MEAN, activation));
      }
    }
    add(rows, new Case(37, 28, 2, true, false, Values.NORMAL, Activation.RELU));
    add(rows, new Case(37, 28, 2, false, true, Values.NORMAL, Activation.GELU));
    return rows;
  }

  private static void add(List<Row> rows, Case row) {
    rows.add(new Row("rowNormForward", row.label(), bench -> new Layer(bench, row).forward()));
    rows.add(
        new Row(
            "rowNormForward",
            row.label() + ", y in place of x",
            bench -> new Layer(bench, row).infer()));
    rows.add(new Row("rowNormBackward", row.label(), bench -> new Layer(bench, row).backward()));
  }

  /** One layer with its matrices on the backend and its truth. */
  private static final class Layer {
    final Bench bench;
    final Case row;
    final int n;
    final int c;
    final int length;
    final double[] x;
    final double[] dy;
    final double[] gamma;
    final double[] beta;
    final ReferenceNorms.Moments moments;
    final double[] xHat;
    final double[] u;
    final double[] expected;
    final Matrix xs;
    final Matrix y;
    final Matrix saved;
    final RowNormMemory norm;

    Layer(Bench bench, Case row) {
      this.bench = bench;
      this.row = row;
      n = row.n;
      c = row.c;
      length = c / row.groups;
      float[] xValues = transposed(row.values.of(c, n, 1), n, c);
      float[] gammas = Values.NORMAL.of(1, c, 3);
      float[] betas = row.shifted ? Values.NORMAL.of(1, c, 4) : new float[c];
      for (int j = 0; j < c; j++) {
        gammas[j] = (j % 3 == 0 ? -1 : 1) * (1 + 0.3f * Math.abs(gammas[j]));
        betas[j] *= 0.5f;
      }
      x = Reference.doubles(xValues);
      dy = Reference.doubles(Values.NORMAL.of(n, c, 2));
      gamma = Reference.doubles(gammas);
      beta = Reference.doubles(betas);
      moments = ReferenceNorms.rowMoments(x, length, row.centred);
      xHat = ReferenceNorms.standardiseRows(x, moments, EPSILON, length);
      u = Reference.affine(xHat, gamma, beta, n, c);
      expected = Reference.activationForward(row.act, u);
      xs = bench.rows(n, c, xValues);
      y = bench.outputRows(n, c);
      saved = bench.output(n, 3 * row.groups);
      norm =
          new RowNormMemory(
              bench.input(1, c, gammas),
              row.shifted ? bench.input(1, c, betas) : Matrix.NONE,
              row.groups,
              row.centred,
              EPSILON);
    }

    /** What {@link Values} does to columns, done to rows. */
    private static float[] transposed(float[] values, int n, int c) {
      float[] x = new float[n * c];
      for (int i = 0; i < x.length; i++) {
        x[i] = values[i % c * n + i / c];
      }
      return x;
    }

    private boolean isPoisoned(int group) {
      return row.values == Values.NON_FINITE && !Values.isClean(group / row.groups);
    }

    void forward() {
      bench.backend.rowNormForward(xs, norm, row.act, y, saved).run();
      compareOutput(y);
      float[] kept = bench.read(saved);
      double mean = 0;
      double inverse = 0;
      for (int k = 0; k < n * row.groups; k++) {
        if (isPoisoned(k)) {
          continue;
        }
        double deviation = Math.sqrt(moments.variance()[k] + EPSILON);
        double error = Math.abs((double) kept[3 * k] + kept[3 * k + 1] - moments.mean()[k]);
        mean = Math.max(mean, error / deviation);
        inverse = Math.max(inverse, Math.abs(kept[3 * k + 2] * deviation - 1));
      }
      bench.within(Tolerance.MEAN, "saved mean", mean);
      bench.within(Tolerance.INVERSE_DEVIATION, "saved 1/deviation", inverse);
    }

    /** All of the group with the NaN or infinity need not be: RMS norm of ∞ makes 0 of the rest. */
    private void poisonIsSeen(float[] values) {
      for (int i = 0; i < n && row.values == Values.NON_FINITE; i++) {
        if (!Values.isClean(i)) {
          float poisoned = values[i * c + c / 2];
          boolean seen = !Float.isFinite(poisoned) || row.act == Activation.RELU;
          bench.holds(seen, "a poisoned row stays poisoned, not " + poisoned);
        }
      }
    }

    void infer() {
      bench.backend.rowNormForward(xs, norm, row.act, xs, Matrix.NONE).run();
      compareOutput(xs);
    }

    private void compareOutput(Matrix actual) {
      double[] scale = new double[n * c];
      boolean constant = row.values == Values.CONSTANT_COLUMN && row.centred;
      float[] values = bench.read(actual);
      poisonIsSeen(values);
      for (int i = 0; i < scale.length; i++) {
        double summands = Math.abs(gamma[i % c] * xHat[i]) + Math.abs(beta[i % c]);
        scale[i] = Math.max(summands, Math.abs(expected[i]));
        if (constant && i / c % 2 == 0 && row.act == Activation.IDENTITY) {
          bench.holds(values[i] == (float) beta[i % c], "a constant group gives exactly β");
        }
      }
      byGroup(Tolerance.NORMALISED, "y", expected, values, scale);
    }

    void backward() {
      bench.backend.rowNormForward(xs, norm, row.act, y, saved).run();
      if (row.values != Values.NON_FINITE) {
        // The truth's own y: a sign that rounding flips next to a kink is nobody's error.
        bench.backend.write(Bench.floats(expected), y);
      }
      Matrix dys = bench.rows(n, c, Bench.floats(dy));
      Matrix dx = bench.outputRows(n, c);
      Matrix dGamma = bench.output(1, c);
      Matrix dBeta = row.shifted ? bench.output(1, c) : Matrix.NONE;
      backward(dys, dx, dGamma, dBeta);
      compareGradients(bench.read(dx), dGamma, dBeta);
      float[] besides = bench.read(dx);
      backward(dys, dys, dGamma, dBeta);
      bench.exact("dx in place of dy", besides, dys);
    }

    private void backward(Matrix dys, Matrix dx, Matrix dGamma, Matrix dBeta) {
      bench.backend.rowNormBackward(dys, xs, y, norm, row.act, saved, dx, dGamma, dBeta).run();
    }

    private void compareGradients(float[] dx, Matrix dGamma, Matrix dBeta) {
      double[] t = Reference.activationBackward(row.act, dy, u);
      var truth =
          ReferenceNorms.rowNormBackward(
              t, xHat, moments.variance(), gamma, EPSILON, length, row.centred);
      double[] size = new double[n * c];
      double[] products = new double[n * c];
      double[] typical = ReferenceNorms.norms(xHat, length);
      for (int i = 0; i < n * c; i++) {
        int k = i / length;
        double deviation = Math.sqrt(moments.variance()[k] + EPSILON);
        size[i] = gamma[i % c] * t[i] / deviation;
        // An x̂ near 0 is as far off as its neighbours; among denormals, as the mean is.
        double smallest = 4 * Float.MIN_VALUE / deviation / Tolerance.NORM_PARAMETERS.limit;
        double near = Math.max(typical[k] / Math.sqrt(length), smallest);
        products[i] = t[i] * Math.max(Math.abs(xHat[i]), near);
      }
      byGroup(Tolerance.NORM_GRADIENT, "dx", truth.dx(), dx, size);
      if (row.values == Values.NON_FINITE) {
        return; // every row has a part in the sums
      }
      double[] dots = ActivationRows.rootSquares(products, n, c);
      bench.nearByColumn(Tolerance.NORM_PARAMETERS, "dGamma", truth.dGamma(), dGamma, dots);
      if (row.shifted) {
        double[] sums = ActivationRows.rootSquares(t, n, c);
        bench.nearByColumn(Tolerance.NORM_PARAMETERS, "dBeta", truth.dBeta(), dBeta, sums);
      }
    }

    /** Each for itself, so that one can't hide another. */
    private void byGroup(
        Tolerance tolerance, String what, double[] expected, float[] actual, double[] scale) {
      int total = n * row.groups;
      int pieces = total > MANY ? 1 : total;
      int elements = n * c / pieces;
      for (int k = 0; k < pieces; k++) {
        if (!isPoisoned(k)) {
          bench.near(
              tolerance,
              what,
              Bench.slice(expected, k, elements),
              Bench.slice(actual, k, elements),
              Bench.slice(scale, k, elements));
        }
      }
    }
  }
}
