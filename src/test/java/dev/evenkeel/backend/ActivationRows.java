package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Bias and activation, forward and backward.
 *
 * <p>What the CPU reaches, as target/conformance.txt shows it after a run: in relative Frobenius
 * norm over normal inputs, and as the largest absolute error of the sweep (relative where |y| is
 * above 1).
 *
 * <pre>
 *              forward  backward  swept forward  swept backward
 * identity     0        0         0              0
 * relu         0        0         0              0
 * leaky-relu   5e-10    5e-8      8e-8           3e-10
 * elu          2e-8     3e-8      5e-8           5e-8
 * selu         5e-8     7e-8      9e-8           2e-7
 * gelu         7e-8     7e-8      8e-7           2e-7   at -5.6, where erf is nearly -1
 * silu         5e-8     7e-8      2e-7           1e-6   at 16.6: u (1 - rounded sigmoid)
 * sigmoid      4e-8     2e-7      9e-8           9e-8
 * tanh         5e-8     2e-7      2e-7           3e-7
 * softplus     3e-8     5e-8      7e-8           9e-8
 * </pre>
 */
final class ActivationRows {

  private static final int[][] SHAPES = {{1, 1}, {7, 13}, {3, 1031}, {67, 257}, {11, 600}};

  private ActivationRows() {}

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      for (int[] shape : SHAPES) {
        for (Values values : List.of(Values.NORMAL, Values.DENORMAL, Values.ZERO)) {
          add(rows, activation, values, shape[0], shape[1], values == Values.NORMAL);
        }
      }
      add(rows, activation, Values.NORMAL, 131_101, 3, true);
      add(rows, activation, Values.NORMAL, 131_101, 3, false);
      String sweep = activation.label() + ", from -10,000 to 10,000";
      rows.add(new Row("activationForward", sweep, bench -> sweepForward(bench, activation)));
      rows.add(new Row("activationBackward", sweep, bench -> sweepBackward(bench, activation)));
      String poison = activation.label() + ", non-finite";
      rows.add(new Row("activationForward", poison, bench -> poison(bench, activation)));
    }
    rows.add(new Row("activationForward", "identity in place", ActivationRows::inPlace));
    return rows;
  }

  private static void add(
      List<Row> rows, Activation activation, Values values, int n, int c, boolean bias) {
    String input =
        "%s, %d x %d, %s%s"
            .formatted(activation.label(), n, c, values.label(), bias ? ", with bias" : "");
    rows.add(
        new Row(
            "activationForward", input, bench -> forward(bench, activation, values, n, c, bias)));
    rows.add(
        new Row(
            "activationBackward", input, bench -> backward(bench, activation, values, n, c, bias)));
  }

  private static void forward(
      Bench bench, Activation activation, Values values, int n, int c, boolean withBias) {
    float[] z = values.of(n, c, 1);
    float[] bias = Values.NORMAL.of(1, c, 2);
    float[] u = withBias ? sum(z, bias) : z;
    Matrix y = bench.outputRows(n, c);
    bench
        .backend
        .activationForward(
            bench.rows(n, c, z), withBias ? bench.input(1, c, bias) : Matrix.NONE, activation, y)
        .run();
    double[] expected = Reference.activationForward(activation, Reference.doubles(u));
    bench.near(Tolerance.ACTIVATION, activation.label(), expected, y);
  }

  /** z + bias as the float that the backward pass is given. */
  private static float[] sum(float[] z, float[] bias) {
    return Bench.floats(
        Reference.addRow(
            Reference.doubles(z), Reference.doubles(bias), z.length / bias.length, bias.length));
  }

  /** From what the forward pass left; once beside dy, once in its place. */
  private static void backward(
      Bench bench, Activation activation, Values values, int n, int c, boolean withBias) {
    float[] z = values.of(n, c, 3);
    float[] dy = Values.NORMAL.of(n, c, 4);
    float[] bias = Values.NORMAL.of(1, c, 5);
    Matrix zs = bench.rows(n, c, z);
    Matrix y = bench.outputRows(n, c);
    Matrix biases = withBias ? bench.input(1, c, bias) : Matrix.NONE;
    bench.backend.activationForward(zs, biases, activation, y).run();
    double[] u = Reference.doubles(withBias ? sum(z, bias) : z);
    double[] expected = Reference.activationBackward(activation, Reference.doubles(dy), u);

    Matrix dz = bench.outputRows(n, c);
    Matrix dBias = bench.output(1, c);
    Matrix gradient = bench.rows(n, c, dy);
    bench.backend.activationBackward(gradient, zs, y, activation, dz, dBias).run();
    bench.near(Tolerance.ACTIVATION, activation.label(), expected, dz);
    double[] sums = Reference.columnSums(expected, n, c);
    bench.near(
        Tolerance.BIAS_GRADIENT, "dBias", sums, bench.read(dBias), rootSquares(expected, n, c));
    float[] besides = bench.read(dz);
    bench.backend.activationBackward(gradient, zs, y, activation, gradient, Matrix.NONE).run();
    bench.exact("dz in place of dy", besides, gradient);
  }

  /** What the sum of a column would be if its signs were random: a sum may cancel by chance. */
  static double[] rootSquares(double[] x, int n, int c) {
    double[] squares = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      squares[i] = x[i] * x[i];
    }
    double[] sums = Reference.columnSums(squares, n, c);
    for (int j = 0; j < c; j++) {
      sums[j] = Math.sqrt(sums[j]);
    }
    return sums;
  }

  /** Evenly from −30 to 30, and by powers to ±10,000 and down to 10⁻⁸. */
  private static float[] sweep() {
    float[] u = new float[8000];
    for (int i = 0; i < 4000; i++) {
      u[i] = (float) (-30 + i * 0.015);
      double size = Math.pow(10, -8 + 12.0 * (i / 2) / 1999);
      u[4000 + i] = (float) (i % 2 == 0 ? size : -size);
    }
    return u;
  }

  private static void sweepForward(Bench bench, Activation activation) {
    float[] u = sweep();
    Matrix y = bench.outputRows(8, 1000);
    bench.backend.activationForward(bench.rows(8, 1000, u), Matrix.NONE, activation, y).run();
    double[] expected = Reference.activationForward(activation, Reference.doubles(u));
    withinSweep(bench, activation, expected, bench.read(y));
  }

  private static void sweepBackward(Bench bench, Activation activation) {
    float[] u = sweep();
    float[] ones = new float[u.length];
    Arrays.fill(ones, 1);
    Matrix z = bench.rows(8, 1000, u);
    Matrix y = bench.outputRows(8, 1000);
    Matrix dz = bench.outputRows(8, 1000);
    bench.backend.activationForward(z, Matrix.NONE, activation, y).run();
    bench
        .backend
        .activationBackward(bench.rows(8, 1000, ones), z, y, activation, dz, Matrix.NONE)
        .run();
    double[] expected =
        Reference.activationBackward(activation, Reference.doubles(ones), Reference.doubles(u));
    withinSweep(bench, activation, expected, bench.read(dz));
  }

  private static void withinSweep(
      Bench bench, Activation activation, double[] expected, float[] actual) {
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      double error = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
      worst = Math.max(worst, error);
    }
    bench.within(Tolerance.ACTIVATION_SWEEP, activation.label() + ", swept", worst);
  }

  /** A NaN stays one, where it is; +∞ is not lost by what grows without end. */
  private static void poison(Bench bench, Activation activation) {
    float[] u = Values.NORMAL.of(1, 600, 6);
    u[0] = Float.NaN;
    u[300] = Float.NaN;
    u[301] = Float.POSITIVE_INFINITY;
    Matrix y = bench.output(1, 600);
    bench.backend.activationForward(bench.input(1, 600, u), Matrix.NONE, activation, y).run();
    double[] expected = Reference.activationForward(activation, Reference.doubles(u));
    bench.near(Tolerance.ACTIVATION, activation.label(), expected, y);
  }

  private static void inPlace(Bench bench) {
    float[] z = Values.NORMAL.of(67, 257, 7);
    float[] bias = Values.NORMAL.of(1, 257, 8);
    Matrix both = bench.rows(67, 257, z);
    bench
        .backend
        .activationForward(both, bench.input(1, 257, bias), Activation.IDENTITY, both)
        .run();
    bench.exact("z + bias", sum(z, bias), both);
  }
}
