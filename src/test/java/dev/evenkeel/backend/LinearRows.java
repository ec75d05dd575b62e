package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;

/** The three products of a linear layer. */
final class LinearRows {

  /** Rows, inputs, outputs. */
  private static final int[][] SHAPES = {
    {1, 1, 1}, {7, 13, 5}, {1, 1031, 3}, {17, 257, 600}, {263, 31, 129}, {131_101, 3, 2}
  };

  private LinearRows() {}

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (int[] shape : SHAPES) {
      int n = shape[0];
      int in = shape[1];
      int out = shape[2];
      for (Values values : List.of(Values.NORMAL, Values.CONSTANT_COLUMN, Values.OUTLIER)) {
        String input = "%d x %d to %d, %s".formatted(n, in, out, values.label());
        rows.add(new Row("linearForward", input, bench -> forward(bench, values, n, in, out)));
        rows.add(
            new Row(
                "linearBackwardInput", input, bench -> backwardInput(bench, values, n, in, out)));
        rows.add(
            new Row(
                "linearBackwardWeight", input, bench -> backwardWeight(bench, values, n, in, out)));
      }
    }
    rows.add(new Row("linearForward", "a NaN stays in its row", LinearRows::rowOfNaN));
    rows.add(new Row("linearForward", "times the identity is exact", LinearRows::identity));
    return rows;
  }

  private static void forward(Bench bench, Values values, int n, int in, int out) {
    float[] x = values.of(n, in, 1);
    float[] weight = Values.NORMAL.of(out, in, 2);
    Matrix z = bench.outputRows(n, out);
    bench.backend.linearForward(bench.rows(n, in, x), bench.input(out, in, weight), z).run();
    double[] expected =
        Reference.linearForward(Reference.doubles(x), Reference.doubles(weight), n, in, out);
    bench.nearSums(Tolerance.GEMM, in, "z", expected, z);
  }

  private static void backwardInput(Bench bench, Values values, int n, int in, int out) {
    float[] dz = values.of(n, out, 3);
    float[] weight = Values.NORMAL.of(out, in, 4);
    Matrix dx = bench.outputRows(n, in);
    bench
        .backend
        .linearBackwardInput(bench.rows(n, out, dz), bench.input(out, in, weight), dx)
        .run();
    double[] expected =
        Reference.linearBackwardInput(Reference.doubles(dz), Reference.doubles(weight), n, in, out);
    bench.nearSums(Tolerance.GEMM, out, "dx", expected, dx);
  }

  private static void backwardWeight(Bench bench, Values values, int n, int in, int out) {
    float[] dz = Values.NORMAL.of(n, out, 5);
    float[] x = values.of(n, in, 6);
    Matrix dWeight = bench.output(out, in);
    bench.backend.linearBackwardWeight(bench.rows(n, out, dz), bench.rows(n, in, x), dWeight).run();
    double[] expected =
        Reference.linearBackwardWeight(Reference.doubles(dz), Reference.doubles(x), n, in, out);
    bench.nearSums(Tolerance.GEMM, n, "dWeight", expected, dWeight);
  }

  private static void rowOfNaN(Bench bench) {
    int n = 67;
    float[] x = Values.NORMAL.of(n, n, 7);
    x[5 * n + 3] = Float.NaN;
    float[] weight = Values.NORMAL.of(n, n, 8);
    Matrix z = bench.outputRows(n, n);
    bench.backend.linearForward(bench.rows(n, n, x), bench.input(n, n, weight), z).run();
    double[] expected =
        Reference.linearForward(Reference.doubles(x), Reference.doubles(weight), n, n, n);
    bench.near(Tolerance.GEMM, "z beside a NaN", expected, z);
  }

  /** Inputs that are cut to fewer bits (TF32, bf16) can't come back from this. */
  private static void identity(Bench bench) {
    int n = 131;
    float[] x = Values.NORMAL.of(n, n, 9);
    float[] one = new float[n * n];
    for (int i = 0; i < n; i++) {
      one[i * n + i] = 1;
    }
    Matrix z = bench.outputRows(n, n);
    bench.backend.linearForward(bench.rows(n, n, x), bench.input(n, n, one), z).run();
    bench.exact("x", x, z);
  }
}
