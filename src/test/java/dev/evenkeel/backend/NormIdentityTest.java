package dev.evenkeel.backend;

import dev.evenkeel.backend.BatchNormMemory.Running;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * What the norms of the papers leave unchanged, and where two of them are one, on every backend.
 */
class NormIdentityTest {

  private static final int N = 31;
  private static final int C = 300;
  private static final double EPSILON = 1e-12; // small enough to be no part of it

  private static void onEveryBackend(String what, Consumer<Bench> test) {
    for (Supplier<Backend> supplier : Backends.all().values()) {
      try (Backend backend = supplier.get();
          Bench bench = new Bench(backend, false, what + ": identity")) {
        test.accept(bench);
      }
    }
  }

  /** y of a norm without an affine map, over groups of a row's features. */
  private static Matrix rowNorm(Bench bench, Matrix x, int groups, boolean centred) {
    float[] ones = new float[x.columns()];
    Arrays.fill(ones, 1);
    Matrix gamma = bench.input(1, x.columns(), ones);
    Matrix beta = bench.input(1, x.columns(), new float[x.columns()]);
    RowNormMemory norm = new RowNormMemory(gamma, beta, groups, centred, EPSILON);
    Matrix y = bench.output(x.rows(), x.columns());
    bench.backend.rowNormForward(x, norm, Activation.IDENTITY, y, Matrix.NONE).run();
    return y;
  }

  private static void same(Bench bench, String what, Matrix expected, Matrix actual) {
    bench.near(Tolerance.INVARIANCE, what, Reference.doubles(bench.read(expected)), actual);
  }

  @Test
  void layerNormDoesNotSeeTheScaleAndShiftOfARow() {
    onEveryBackend(
        "layer norm",
        bench -> {
          float[] x = Values.NORMAL.of(N, C, 1);
          float[] moved = new float[N * C];
          float[] scaled = new float[N * C];
          for (int i = 0; i < moved.length; i++) {
            int row = i / C;
            scaled[i] = (1 + row) * x[i];
            moved[i] = scaled[i] + 2 * row;
          }
          Matrix xs = bench.input(N, C, x);
          Matrix layer = rowNorm(bench, xs, 1, true);
          same(bench, "moved", layer, rowNorm(bench, bench.input(N, C, moved), 1, true));
          Matrix rms = rowNorm(bench, xs, 1, false);
          same(bench, "scaled", rms, rowNorm(bench, bench.input(N, C, scaled), 1, false));
        });
  }

  @Test
  void groupNormIsLayerNormOfEachGroup() {
    onEveryBackend(
        "group norm",
        bench -> {
          float[] x = Values.NORMAL.of(N, C, 2);
          for (int groups : new int[] {1, 3, 100}) {
            Matrix apart = bench.input(N * groups, C / groups, x);
            Matrix layers = rowNorm(bench, apart, 1, true);
            same(
                bench,
                groups + " groups",
                layers.view(0, N, C),
                rowNorm(bench, bench.input(N, C, x), groups, true));
          }
        });
  }

  @Test
  void rmsNormIsLayerNormOfRowsWhoseMeanIsZero() {
    onEveryBackend(
        "RMS norm",
        bench -> {
          float[] x = Values.NORMAL.of(N, C, 3);
          for (int i = 1; i < x.length; i += 2) {
            x[i] = -x[i - 1];
          }
          Matrix xs = bench.input(N, C, x);
          same(bench, "y", rowNorm(bench, xs, 1, true), rowNorm(bench, xs, 1, false));
        });
  }

  @Test
  void ghostBatchNormIsBatchNormOfEachGroup() {
    onEveryBackend(
        "ghost batch norm",
        bench -> {
          int ghost = 9;
          float[] x = Values.NORMAL.of(N, C, 4);
          float[] whole = batchNorm(bench, x, N, ghost);
          int groups = BatchNormMemory.groups(N, ghost);
          bench.holds(groups == 3, "31 rows fall into 3 groups");
          for (int g = 0; g < groups; g++) {
            int from = BatchNormMemory.firstRow(g, groups, N) * C;
            int to = BatchNormMemory.firstRow(g + 1, groups, N) * C;
            float[] alone = batchNorm(bench, Arrays.copyOfRange(x, from, to), (to - from) / C, 0);
            double[] expected = Reference.doubles(alone);
            float[] actual = Arrays.copyOfRange(whole, from, to);
            bench.near(Tolerance.INVARIANCE, "group " + g, expected, actual, expected);
          }
        });
  }

  private static float[] batchNorm(Bench bench, float[] x, int rows, int ghostRows) {
    float[] ones = new float[C];
    Arrays.fill(ones, 1);
    BatchNormMemory norm =
        new BatchNormMemory(
            bench.input(1, C, ones),
            bench.input(1, C, new float[C]),
            bench.input(1, C, new float[C]),
            bench.input(1, C, ones),
            bench.input(1, 1, new float[1]),
            EPSILON,
            new Running(0.1, true),
            ghostRows);
    Matrix y = bench.output(rows, C);
    Matrix saved = bench.output(3 * BatchNormMemory.groups(rows, ghostRows), C);
    Matrix xs = bench.input(rows, C, x);
    bench.backend.batchNormForward(xs, norm, Activation.IDENTITY, Masking.NONE, y, saved).run();
    return bench.read(y);
  }

  @Test
  void weightNormDoesNotSeeTheLengthOfADirection() {
    onEveryBackend(
        "weight norm",
        bench -> {
          float[] direction = Values.NORMAL.of(N, C, 5);
          Matrix gain = bench.input(N, 1, Values.NORMAL.of(N, 1, 6));
          Matrix weight = bench.output(N, C);
          Matrix directions = bench.input(N, C, direction);
          bench.backend.weightNormForward(directions, gain, weight).run();
          for (float factor : new float[] {1e-3f, 7, 1e5f}) {
            float[] scaled = new float[N * C];
            for (int i = 0; i < scaled.length; i++) {
              scaled[i] = factor * direction[i];
            }
            Matrix again = bench.output(N, C);
            bench.backend.weightNormForward(bench.input(N, C, scaled), gain, again).run();
            same(bench, "weight of " + factor, weight, again);
          }
        });
  }

  /** Salimans and Kingma 2016: so the length of a direction never shrinks. */
  @Test
  void theGradientOfADirectionIsOrthogonalToIt() {
    onEveryBackend(
        "weight norm's gradient",
        bench -> {
          float[] direction = Values.NORMAL.of(N, C, 7);
          Matrix directions = bench.input(N, C, direction);
          Matrix gain = bench.input(N, 1, Values.NORMAL.of(N, 1, 8));
          Matrix dWeight = bench.input(N, C, Values.NORMAL.of(N, C, 9));
          Matrix dGain = bench.output(N, 1);
          bench.backend.weightNormBackward(dWeight, directions, gain, dWeight, dGain).run();
          double[] v = Reference.doubles(direction);
          double[] dv = Reference.doubles(bench.read(dWeight));
          double[] lengths = ReferenceNorms.norms(v, C);
          double[] gradients = ReferenceNorms.norms(dv, C);
          double[] dots = new double[N];
          for (int i = 0; i < v.length; i++) {
            dots[i / C] += v[i] * dv[i];
          }
          for (int row = 0; row < N; row++) {
            double cosine = Math.abs(dots[row]) / (lengths[row] * gradients[row]);
            bench.within(Tolerance.ORTHOGONAL, "cosine", cosine);
          }
        });
  }
}
