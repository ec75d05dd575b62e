package dev.evenkeel.backend;

import dev.evenkeel.backend.BatchNormLayer.Case;
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

  /** Their slopes follow from a y that dropout has overwritten. */
  private static final List<Activation> REMADE =
      List.of(Activation.ELU, Activation.SELU, Activation.SIGMOID, Activation.TANH);

  private GhostNormRows() {}

  private static String label(Case row) {
    String label =
        "%d x %d, %d ghost rows, %s%s, %s"
            .formatted(
                row.n(),
                row.c(),
                row.ghost(),
                row.meanOnly() ? "mean only, " : "",
                row.values().label(),
                row.activation().label());
    String kind = row.dropping().alpha() ? "alpha dropout" : "dropout";
    return row.drops() ? "%s, %s %s".formatted(label, kind, row.dropping().probability()) : label;
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
        Case row = new Case(33, 300, 8, meanOnly, Values.LARGE_MEAN, Activation.RELU);
        Running running = new Running(0.1, unbiased);
        rows.add(
            new Row(
                "batchNormForward",
                input,
                b -> new BatchNormLayer(b, row, running).running(Values.LARGE_MEAN)));
      }
    }
    return rows;
  }

  private static void add(List<Row> rows, Case row) {
    rows.add(new Row("batchNormForward", label(row), b -> new BatchNormLayer(b, row).forward()));
    rows.add(new Row("batchNormBackward", label(row), b -> backward(b, row)));
    if (row.meanOnly()) {
      rows.add(new Row("batchNormInference", label(row), b -> new BatchNormLayer(b, row).infer()));
    }
  }

  private static void backward(Bench bench, Case row) {
    BatchNormLayer layer = new BatchNormLayer(bench, row);
    layer.backward();
    layer.inPlace();
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
    BatchNormLayer both = new BatchNormLayer(bench, row);
    both.runForward();
    both.runBackward(both.dx);
    BatchNormLayer norm = new BatchNormLayer(bench, row.with(Dropping.inverted(0)));
    Masking masking = both.masking;
    norm.runForward();
    Matrix y = bench.outputRows(row.n(), row.c());
    dropout(bench, norm.y, masking.dropping(), masking, y);
    bench.exact("y", bench.read(y), both.y);
    dropout(bench, norm.dys, masking.dropping().backward(), masking, norm.dys);
    norm.runBackward(norm.dx);
    if (REMADE.contains(row.activation()) && bench.backend.device().equals("cpu")) {
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
    BatchNormLayer plain = new BatchNormLayer(bench, whole);
    for (int ghost : new int[] {67, 1000, 34}) {
      Case row = new Case(67, 300, ghost, false, Values.NORMAL, Activation.RELU);
      BatchNormLayer layer = new BatchNormLayer(bench, row);
      for (BatchNormLayer each : List.of(plain, layer)) {
        each.runForward();
        each.runBackward(each.dx);
      }
      bench.exact("y", bench.read(plain.y), layer.y);
      bench.exact("saved", bench.read(plain.saved), layer.saved);
      bench.exact("dx", bench.read(plain.dx), layer.dx);
      bench.exact("dGamma", bench.read(plain.dGamma), layer.dGamma);
      bench.exact("dBeta", bench.read(plain.dBeta), layer.dBeta);
      bench.exact("running variance", bench.read(moved(bench, whole)), moved(bench, row));
    }
  }

  /** A layer's running variance after one step. */
  private static Matrix moved(Bench bench, Case row) {
    BatchNormLayer layer = new BatchNormLayer(bench, row);
    layer.runForward();
    return layer.norm.runningVariance();
  }
}
