package dev.evenkeel.backend;

import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Weight norm: every row a unit's direction, of any length, and its gain. */
final class WeightNormRows {

  private static final int[][] SHAPES = {
    {1, 1}, {7, 13}, {129, 5}, {3, 1031}, {65, 257}, {2, 5003}, {4099, 3}
  };

  private WeightNormRows() {}

  static List<Row> all() {
    List<Row> rows = new ArrayList<>();
    for (int[] shape : SHAPES) {
      int o = shape[0];
      int in = shape[1];
      for (Values values : List.of(Values.NORMAL, Values.LARGE_MEAN, Values.OUTLIER, Values.ZERO)) {
        add(rows, values.label(), values.of(o, in, 1), o, in);
      }
      // Their squares are no floats.
      add(rows, "tiny", times(1e-25f, Values.NORMAL.of(o, in, 1)), o, in);
      add(rows, "huge", times(1e25f, Values.NORMAL.of(o, in, 1)), o, in);
    }
    float[] firstZero = Values.NORMAL.of(5, 31, 1);
    Arrays.fill(firstZero, 0, 31, 0f);
    add(rows, "one direction of zeros", firstZero, 5, 31);
    return rows;
  }

  private static float[] times(float factor, float[] x) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
    return x;
  }

  private static void add(List<Row> rows, String label, float[] direction, int o, int in) {
    String input = "%d x %d, %s".formatted(o, in, label);
    rows.add(new Row("weightNormForward", input, bench -> forward(bench, direction, o, in)));
    rows.add(new Row("weightNormBackward", input, bench -> backward(bench, direction, o, in)));
  }

  private static void forward(Bench bench, float[] direction, int o, int in) {
    float[] gain = Values.NORMAL.of(o, 1, 2);
    Matrix weight = bench.output(o, in);
    bench
        .backend
        .weightNormForward(bench.input(o, in, direction), bench.input(o, 1, gain), weight)
        .run();
    double[] expected =
        ReferenceNorms.weightNormForward(Reference.doubles(direction), Reference.doubles(gain), in);
    byRow(bench, "weight", expected, weight, expected);
  }

  private static void backward(Bench bench, float[] direction, int o, int in) {
    float[] gain = Values.NORMAL.of(o, 1, 2);
    float[] dWeight = Values.NORMAL.of(o, in, 3);
    Matrix directions = bench.input(o, in, direction);
    Matrix gains = bench.input(o, 1, gain);
    Matrix dDirection = bench.output(o, in);
    Matrix dGain = bench.output(o, 1);
    Matrix dWeights = bench.input(o, in, dWeight);
    Backend backend = bench.backend;
    backend.weightNormBackward(dWeights, directions, gains, dDirection, dGain).run();

    double[] v = Reference.doubles(direction);
    double[] g = Reference.doubles(gain);
    double[] d = Reference.doubles(dWeight);
    double[] norms = ReferenceNorms.norms(v, in);
    double[] sizes = ReferenceNorms.norms(d, in);
    double[] scale = new double[o * in];
    for (int i = 0; i < scale.length; i++) {
      scale[i] = norms[i / in] == 0 ? 0 : g[i / in] / norms[i / in] * d[i];
    }
    double[] expected = ReferenceNorms.weightNormDirection(d, v, g, in);
    byRow(bench, "dDirection", expected, dDirection, scale);
    double[] gainGradient = ReferenceNorms.weightNormGain(d, v, in);
    bench.near(Tolerance.WEIGHT_NORM, "dGain", gainGradient, bench.read(dGain), sizes);

    float[] besides = bench.read(dDirection);
    backend.weightNormBackward(dWeights, directions, gains, dWeights, dGain).run();
    bench.exact("dDirection in place of dWeight", besides, dWeights);
  }

  /** So that a long row can't hide a short one; the many short ones as one. */
  private static void byRow(
      Bench bench, String what, double[] expected, Matrix actual, double[] scale) {
    float[] values = bench.read(actual);
    int rows = actual.rows() > 1000 ? 1 : actual.rows();
    int length = expected.length / rows;
    for (int row = 0; row < rows; row++) {
      bench.near(
          Tolerance.WEIGHT_NORM,
          what,
          Bench.slice(expected, row, length),
          Bench.slice(values, row, length),
          Bench.slice(scale, row, length));
    }
  }
}
