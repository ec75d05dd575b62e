package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.backend.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What {@link KernelVariantsTest} runs of the norms: what they leave, in one layout of memory. */
final class NormVariants {

  /** A norm over each row's groups of features. */
  private record Rows(int groups, boolean centred, boolean shifted) {}

  private NormVariants() {}

  /** Norms with shapes of their own: groups of many and of few elements, whole vectors and not. */
  static List<KernelVariantsTest.Case> cases() {
    List<KernelVariantsTest.Case> cases = new ArrayList<>();
    for (Activation activation : List.of(Activation.RELU, Activation.GELU)) {
      String label = activation.label();
      for (int[] shape : new int[][] {{5, 13, 2}, {67, 29, 7}, {517, 37, 40}}) {
        int ghost = shape[2];
        String name = "ghost batch norm of %d, %s".formatted(ghost, label);
        cases.add(
            new KernelVariantsTest.Case(
                name, shape[0], shape[1], (d, n, c) -> batch(d, n, c, activation, ghost, false)));
      }
      for (int[] shape : new int[][] {{2, 1}, {67, 29}, {517, 37}}) {
        String name = "mean-only batch norm, " + label;
        cases.add(
            new KernelVariantsTest.Case(
                name, shape[0], shape[1], (d, n, c) -> batch(d, n, c, activation, 0, true)));
      }
      cases.add(
          new KernelVariantsTest.Case(
              "ghost and mean-only, " + label,
              67,
              29,
              (d, n, c) -> batch(d, n, c, activation, 9, true)));
      for (int[] shape :
          new int[][] {
            {1, 1, 1},
            {67, 29, 1},
            {3, 1100, 1},
            {2, 9001, 1},
            {5, 12, 3},
            {67, 40, 5},
            {3, 2064, 2}
          }) {
        addRows(cases, shape, activation);
      }
    }
    // More groups than blocks, so that a block has several.
    cases.add(
        new KernelVariantsTest.Case(
            "ghost batch norm of 3",
            1600,
            5,
            (d, n, c) -> batch(d, n, c, Activation.RELU, 3, false)));
    // So many groups that a warp has each, though it is longer.
    Rows many = new Rows(7, true, true);
    cases.add(
        new KernelVariantsTest.Case(
            "row norm of many groups",
            300,
            252,
            (d, n, c) -> rows(d, n, c, Activation.RELU, many)));
    for (int[] shape : new int[][] {{1, 1}, {67, 29}, {3, 1100}, {2, 1101}, {2, 9000}}) {
      cases.add(
          new KernelVariantsTest.Case("weight norm", shape[0], shape[1], NormVariants::weight));
    }
    return cases;
  }

  private static void addRows(
      List<KernelVariantsTest.Case> cases, int[] shape, Activation activation) {
    Rows layer = new Rows(shape[2], true, true);
    Rows rms = new Rows(shape[2], false, false);
    String label = activation.label();
    cases.add(
        new KernelVariantsTest.Case(
            "row norm of %d groups, %s".formatted(shape[2], label),
            shape[0],
            shape[1],
            (d, n, c) -> rows(d, n, c, activation, layer)));
    cases.add(
        new KernelVariantsTest.Case(
            "RMS norm of %d groups, %s".formatted(shape[2], label),
            shape[0],
            shape[1],
            (d, n, c) -> rows(d, n, c, activation, rms)));
  }

  static List<float[]> batch(KernelDevice d, int n, int c, Activation activation) {
    List<float[]> results = new ArrayList<>(batch(d, n, c, activation, 0, false));
    View x = d.input(n, c, 1);
    long mean = d.floats(new float[c]);
    long variance = d.floats(new float[c]);
    d.run(d.kernels.norms.columnStatistics(x, mean, variance));
    results.add(d.read(mean, c));
    results.add(d.read(variance, c));
    return results;
  }

  private static List<float[]> batch(
      KernelDevice d, int n, int c, Activation activation, int ghostRows, boolean meanOnly) {
    List<float[]> results = new ArrayList<>();
    Kernels.Drop drop =
        new Kernels.Drop(
            KernelVariantsTest.dropping(d, 1 << 30, 1.5f, 0.25f, -1.75f),
            42,
            3,
            d.integers(1_000_007, 0));
    for (Kernels.Drop each : List.of(Kernels.Drop.NONE, drop)) {
      results.addAll(batch(d, n, c, activation, ghostRows, meanOnly, each));
    }
    return results;
  }

  private static List<float[]> batch(
      KernelDevice d,
      int n,
      int c,
      Activation activation,
      int ghostRows,
      boolean meanOnly,
      Kernels.Drop drop) {
    View x = d.input(n, c, 1);
    View dy = d.input(n, c, 2);
    View y = d.output(n, c);
    View dx = d.output(n, c);
    long gamma = d.floats(KernelDevice.positive(KernelDevice.normal(c, 3)));
    long mean = d.floats(KernelDevice.normal(c, 5));
    long variance = d.floats(KernelDevice.positive(KernelDevice.normal(c, 6)));
    long count = d.floats(new float[1]);
    Kernels.Norm norm =
        new Kernels.Norm(
            meanOnly ? 0 : gamma,
            d.floats(KernelDevice.normal(c, 4)),
            mean,
            meanOnly ? 0 : variance,
            count,
            1e-5,
            0.1,
            true,
            ghostRows);
    int groups = norm.groups(n);
    long saved = d.floats(new float[3 * groups * c]);
    long gradient = d.floats(new float[c]);
    long dGamma = meanOnly ? 0 : gradient;
    long dBeta = d.floats(new float[c]);
    d.run(d.kernels.norms.batchNormInference(x, norm, activation, y));
    final float[] inferred = d.read(y);
    d.run(d.kernels.norms.batchNormForward(x, norm, activation, drop, y, saved));
    d.run(
        d.kernels.norms.batchNormBackward(dy, x, norm, activation, drop, saved, dx, dGamma, dBeta));
    assertEquals(1, d.read(count, 1)[0], "mini-batches counted");
    float[] besides = d.read(dx);
    d.run(
        d.kernels.norms.batchNormBackward(dy, x, norm, activation, drop, saved, dy, dGamma, dBeta));
    assertEquals(0, Arrays.compare(besides, d.read(dy)), "dx in place of dy");
    // Of two rows the projection leaves nothing but rounding.
    return List.of(
        n / groups > 2 ? besides : new float[0],
        d.read(gradient, c),
        d.read(dBeta, c),
        inferred,
        d.read(y),
        d.read(saved + 8L * c, c),
        d.read(mean, c),
        d.read(variance, c));
  }

  private static List<float[]> rows(
      KernelDevice d, int n, int c, Activation activation, Rows kind) {
    View x = d.input(n, c, 1);
    View dy = d.input(n, c, 2);
    View y = d.output(n, c);
    View dx = d.output(n, c);
    Kernels.RowNorm norm =
        new Kernels.RowNorm(
            d.floats(KernelDevice.positive(KernelDevice.normal(c, 3))),
            kind.shifted ? d.floats(KernelDevice.normal(c, 4)) : 0,
            kind.groups,
            kind.centred,
            1e-5);
    long saved = d.floats(new float[3 * n * kind.groups]);
    long dGamma = d.floats(new float[c]);
    long gradient = d.floats(new float[c]);
    long dBeta = kind.shifted ? gradient : 0;
    d.run(d.kernels.rowNorms.forward(x, norm, activation, y, saved));
    d.run(d.kernels.rowNorms.backward(dy, x, norm, activation, saved, dx, dGamma, dBeta));
    final float[] besides = d.read(dx);
    d.run(d.kernels.rowNorms.backward(dy, x, norm, activation, saved, dy, dGamma, dBeta));
    assertEquals(0, Arrays.compare(besides, d.read(dy)), "dx in place of dy");
    d.run(d.kernels.rowNorms.forward(x, norm, activation, x, 0));
    assertEquals(0, Arrays.compare(d.read(y), d.read(x)), "inference, y in place of x");
    // Of one element nothing is left.
    return List.of(
        c / kind.groups > 2 ? besides : new float[0],
        d.read(dGamma, c),
        d.read(gradient, c),
        d.read(y),
        inverses(d.read(saved, 3 * n * kind.groups)));
  }

  private static float[] inverses(float[] saved) {
    float[] inverses = new float[saved.length / 3];
    for (int i = 0; i < inverses.length; i++) {
      inverses[i] = saved[3 * i + 2];
    }
    return inverses;
  }

  /** Rows that begin anywhere in all layouts but one, and rows that begin at vectors in all. */
  private static List<float[]> weight(KernelDevice d, int n, int c) {
    List<float[]> results = new ArrayList<>();
    float[] direction = KernelDevice.normal(n * c, 1);
    Arrays.fill(direction, 0, n > 1 ? c : 0, 0f);
    float[] slopes = KernelDevice.normal(n * c, 2);
    results.addAll(weight(d, n, c, d.floats(direction), d.floats(slopes)));
    int wide = (c + 3) / 4 * 4;
    results.addAll(
        weight(
            d,
            n,
            wide,
            d.alignedFloats(KernelDevice.normal(n * wide, 3)),
            d.alignedFloats(KernelDevice.normal(n * wide, 4))));
    for (int j = 0; n > 1 && j < c; j++) {
      assertEquals(0f, Math.abs(results.get(0)[j]), "the weight of a direction of 0");
      assertEquals(0f, Math.abs(results.get(1)[j]), "its gradient");
    }
    return results;
  }

  private static List<float[]> weight(KernelDevice d, int n, int c, long from, long slopes) {
    View direction = View.floats(from, n, c);
    View dWeight = View.floats(slopes, n, c);
    View weight = d.output(n, c);
    long gain = d.floats(KernelDevice.normal(n, 5));
    long dGain = d.floats(new float[n]);
    View dDirection = View.floats(d.alignedFloats(new float[n * c]), n, c);
    d.run(d.kernels.weightNorms.forward(direction, gain, weight));
    d.run(d.kernels.weightNorms.backward(dWeight, direction, gain, dDirection, dGain));
    final float[] besides = d.read(dDirection);
    d.run(d.kernels.weightNorms.backward(dWeight, direction, gain, dWeight, dGain));
    assertEquals(0, Arrays.compare(besides, d.read(dWeight)), "dDirection in place of dWeight");
    return List.of(d.read(weight), besides, d.read(dGain, n));
  }
}
