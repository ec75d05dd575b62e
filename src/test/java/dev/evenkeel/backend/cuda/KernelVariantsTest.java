package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.cuda.KernelDevice.Layout;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.InputLayout.Stored;
import dev.evenkeel.tensor.Philox;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The variants of a kernel against each other: one element at a time from any address, which the
 * conformance table holds to the truth, against 16 bytes at a time in padded rows, and bfloat16.
 * Races are looked for, and nothing in the padding may show.
 */
class KernelVariantsTest {

  /** Untested kernels rot: each that ships was run. */
  @AfterAll
  static void everyKernelThatShipsWasRun() throws IOException {
    Set<String> never = new TreeSet<>();
    for (String file : PtxFilesTest.files()) {
      never.addAll(KernelText.of(KernelFile.text(file)).kernels().keySet());
    }
    never.removeAll(SimulatedDriver.kernelsEverRun());
    assertEquals(Set.of(), never, "kernels that no test has launched");
  }

  private static final int ORDERS = 20;

  private static final int[][] SHAPES = {{2, 1}, {5, 13}, {67, 29}, {3, 1100}, {517, 37}, {700, 3}};

  /** What an operation leaves, the results of one kind of memory after the other. */
  interface Body {
    List<float[]> run(KernelDevice device, int rows, int columns);
  }

  /** An operation on a shape. */
  record Case(String name, int rows, int columns, Body body) {}

  private static Map<String, Body> bodies() {
    Map<String, Body> bodies = new LinkedHashMap<>();
    bodies.put("gather", KernelVariantsTest::gather);
    bodies.put("gather with targets", KernelVariantsTest::gatherWithTargets);
    bodies.put("gather of a category", KernelVariantsTest::gatherInputs);
    bodies.put("copy", KernelVariantsTest::copy);
    bodies.put("add", KernelVariantsTest::add);
    bodies.put("scale and shift", KernelVariantsTest::scaleShift);
    bodies.put("dropout", KernelVariantsTest::dropout);
    bodies.put("updates", KernelVariantsTest::updates);
    for (Activation activation : Activation.values()) {
      bodies.put("activation " + activation.label(), (d, n, c) -> activation(d, n, c, activation));
      bodies.put(
          "batch norm " + activation.label(), (d, n, c) -> NormVariants.batch(d, n, c, activation));
    }
    bodies.put("softmax cross-entropy", (d, n, c) -> softmax(d, n, c, 0, false));
    bodies.put("softmax, smoothed, weighted", (d, n, c) -> softmax(d, n, c, 0.1, true));
    bodies.put("binary cross-entropy", KernelVariantsTest::binary);
    for (RegressionLoss kind : RegressionLoss.values()) {
      bodies.put("regression, " + kind, (d, n, c) -> regression(d, n, c, kind));
    }
    return bodies;
  }

  static Stream<Arguments> rows() {
    List<Arguments> rows = new ArrayList<>();
    bodies()
        .forEach(
            (name, body) -> {
              for (int[] shape : SHAPES) {
                boolean fast = name.endsWith(" relu") || name.endsWith(" identity");
                boolean slow = name.startsWith("activation") || name.startsWith("batch norm");
                if (fast || !slow || shape[1] == 29) {
                  rows.add(Arguments.of(name, shape[0], shape[1], body));
                }
              }
            });
    for (Case one : NormVariants.cases()) {
      rows.add(Arguments.of(one.name, one.rows, one.columns, one.body));
    }
    return rows.stream();
  }

  @ParameterizedTest(name = "{0}, {1} x {2}")
  @MethodSource("rows")
  void variantsAgree(String name, int rows, int columns, Body body) {
    List<float[]> expected = null;
    for (Layout layout : Layout.values()) {
      try (KernelDevice device = new KernelDevice(layout)) {
        List<float[]> actual = body.run(device, rows, columns);
        expected = expected == null ? actual : expected;
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < actual.size(); i++) {
          near(layout, name + ", result " + i, expected.get(i), actual.get(i));
        }
      }
    }
  }

  /** CudaHabitsTest does so with all that a backend runs; these are the other kernels. */
  @ParameterizedTest
  @ValueSource(strings = {"copy", "add", "updates", "softmax, smoothed, weighted"})
  void theSameBitsInAnyOrderOfBlocksAndWarps(String name) {
    for (Layout layout : Layout.values()) {
      List<float[]> first = null;
      for (int seed = 0; seed < ORDERS; seed++) {
        try (KernelDevice device = new KernelDevice(layout, seed)) {
          List<float[]> now = bodies().get(name).run(device, 517, 5);
          first = first == null ? now : first;
          for (int i = 0; i < now.size(); i++) {
            assertArrayEquals(first.get(i), now.get(i), 0f, name + ", result " + i);
          }
        }
      }
    }
  }

  @Test
  void aLaunchBringsWordsAndPutsAFloatAside() {
    try (KernelDevice d = new KernelDevice(Layout.values()[0])) {
      int[] words = new int[2 * DataKernels.WORDS];
      Arrays.setAll(words, i -> Float.floatToRawIntBits(i + 0.5f));
      long to = (d.floats(new float[DataKernels.WORDS + 4]) + 15) / 16 * 16;
      long value = d.floats(new float[] {7});
      long place = d.floats(new float[2]);
      d.run(d.kernels.data.setWords(to, words, DataKernels.WORDS, () -> value, () -> place + 4));
      float[] brought = d.read(to, DataKernels.WORDS);
      for (int i = 0; i < brought.length; i++) {
        assertEquals(DataKernels.WORDS + i + 0.5f, brought[i]);
      }
      assertArrayEquals(new float[] {0, 7}, d.read(place, 2));
      d.run(d.kernels.data.setWords(to, words, 0, () -> 0, () -> place));
      assertArrayEquals(new float[] {0.5f}, d.read(to, 1));
      assertArrayEquals(new float[] {0, 7}, d.read(place, 2));
    }
  }

  private static void near(Layout layout, String what, float[] expected, float[] actual) {
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < actual.length; i++) {
      double error = Math.abs(actual[i] - expected[i]);
      assertTrue(
          error <= layout.tolerance * largest,
          "%s, %s at %d: %s, expected %s".formatted(what, layout, i, actual[i], expected[i]));
    }
  }

  // The operations

  private static List<float[]> gather(KernelDevice d, int n, int c) {
    float[] table = KernelDevice.normal(n * c, 1);
    int[] order = new int[2 + n];
    for (int i = 0; i < order.length; i++) {
      order[i] = i * 7 % n;
    }
    View batch = d.output(n, c);
    View rows = d.input(n, c, table);
    d.run(d.kernels.data.gather(rows, d.integers(order), d.integers(2), batch));
    View walked = d.output(n - 1, c);
    d.run(d.kernels.data.gather(rows, 0, d.integers(1), walked));
    View first = d.output(n, c);
    d.run(d.kernels.data.gather(rows, 0, 0, first));
    float[] expected = new float[n * c];
    for (int i = 0; i < n; i++) {
      System.arraycopy(table, order[2 + i] * c, expected, i * c, c);
    }
    assertEquals(0, Arrays.compare(expected, d.read(batch)), "gathered");
    assertEquals(0, Arrays.compare(table, d.read(first)), "from the beginning");
    float[] rest = Arrays.copyOfRange(table, c, table.length);
    assertEquals(0, Arrays.compare(rest, d.read(walked)), "from the position on");
    return List.of(d.read(batch));
  }

  /** A number, and a category or pieces that make all other inputs. */
  private static List<float[]> gatherInputs(KernelDevice d, int n, int c) {
    float[] cold = KernelDevice.normal(c, 3);
    float[] hot = KernelDevice.normal(c, 4);
    int stored = c == 1 ? 1 : 2;
    boolean pieces = n % 2 == 0;
    for (int k = 0; pieces && k < c; k++) { // so that halves between them fit a bfloat16
      cold[k] = -(k % 3);
      hot[k] = cold[k] + 2 * (k % 5);
    }
    List<Stored> columns = new ArrayList<>(List.of(Stored.NUMBER));
    if (c > 1) {
      columns.add(pieces ? Stored.pieces(c - 1) : Stored.category(c - 1));
    }
    float[] table = KernelDevice.normal(n * stored, 1);
    float[] expected = new float[n * c];
    for (int i = 0; i < n; i++) {
      System.arraycopy(cold, 0, expected, i * c, c);
      expected[i * c] = table[i * stored];
      if (c > 1 && pieces) {
        float place = i % (2 * c - 1) / 2f;
        table[i * stored + 1] = place;
        for (int k = 1; k < c; k++) {
          float passed = Math.max(0, Math.min(1, place - (k - 1)));
          expected[i * c + k] = passed == 1 ? hot[k] : cold[k] + (hot[k] - cold[k]) * passed;
        }
      } else if (c > 1) {
        int level = i % c - 1;
        table[i * stored + 1] = level;
        if (level >= 0) {
          expected[i * c + 1 + level] = hot[1 + level];
        }
      }
    }
    long inputs = d.integers(ShortTable.words(new InputLayout(columns, cold, hot)));
    View rows = View.floats(d.floats(table), n, stored);
    View batch = d.output(n, c);
    View none = View.floats(0, 0, 0);
    d.run(d.kernels.data.gather(rows, inputs, none, 0, 0, batch, none));
    assertEquals(0, Arrays.compare(expected, d.read(batch)), "gathered");
    return List.of(d.read(batch));
  }

  private static List<float[]> gatherWithTargets(KernelDevice d, int n, int c) {
    View rows = d.input(n, c, 1);
    View batch = d.output(n, c);
    View walked = d.output(n - 1, c);
    int[] order = new int[2 + n];
    for (int i = 0; i < order.length; i++) {
      order[i] = i * 7 % n;
    }
    for (int k : new int[] {1, 3, 40}) {
      float[] table = KernelDevice.normal(n * k, 2);
      View targets = View.floats(d.floats(table), n, k);
      View gathered = View.floats(d.floats(new float[n * k]), n, k);
      d.run(
          d.kernels.data.gather(
              rows, 0, targets, d.integers(order), d.integers(2), batch, gathered));
      float[] expected = new float[n * k];
      for (int i = 0; i < n; i++) {
        System.arraycopy(table, order[2 + i] * k, expected, i * k, k);
      }
      assertEquals(0, Arrays.compare(expected, d.read(gathered)), k + " columns");
      View last = View.floats(d.floats(new float[(n - 1) * k]), n - 1, k);
      d.run(d.kernels.data.gather(rows, 0, targets, 0, d.integers(1), walked, last));
      float[] rest = Arrays.copyOfRange(table, k, table.length);
      assertEquals(0, Arrays.compare(rest, d.read(last)), "from the position on");
    }
    return List.of(d.read(batch), d.read(walked));
  }

  private static List<float[]> copy(KernelDevice d, int n, int c) {
    View source = d.input(n, c, 1);
    View floats = View.floats(d.floats(new float[n * c]), n, c);
    View back = d.output(n, c);
    d.run(d.kernels.data.copy(source, floats));
    d.run(d.kernels.data.copy(floats, back));
    assertEquals(0, Arrays.compare(KernelDevice.normal(n * c, 1), d.read(back)), "there and back");
    View same = d.output(n, c);
    d.run(d.kernels.data.copy(source, same));
    // One row whose ends are on vectors in every layout, as flat parameters lie.
    View flat = d.input(1, 16 * c, 3);
    View exact = View.floats(d.alignedFloats(new float[16 * c]), 1, 16 * c);
    View again = d.output(1, 16 * c);
    d.run(d.kernels.data.copy(flat, exact));
    d.run(d.kernels.data.copy(exact, again));
    assertEquals(0, Arrays.compare(KernelDevice.normal(16 * c, 3), d.read(again)), "a flat row");
    return List.of(d.read(floats), d.read(back), d.read(same));
  }

  private static List<float[]> add(KernelDevice d, int n, int c) {
    View out = d.output(n, c);
    d.run(d.kernels.data.add(d.input(n, c, 1), d.input(n, c, 2), out));
    int found = d.findsNonFinite(out);
    assertEquals(0, found, "nothing is to be found, whatever the padding holds");
    float[] poisoned = KernelDevice.normal(n * c, 1);
    poisoned[n * c - 1] = Float.NEGATIVE_INFINITY;
    assertEquals(1, d.findsNonFinite(d.input(n, c, poisoned)));
    return List.of(d.read(out));
  }

  private static List<float[]> scaleShift(KernelDevice d, int n, int c) {
    View y = d.output(n, c);
    d.run(d.kernels.data.scaleShift(d.input(n, c, 1), -2, 0, y));
    float[] x = KernelDevice.normal(n * c, 1);
    for (int e = 0; e < x.length; e++) {
      x[e] *= -2;
    }
    assertEquals(0, Arrays.compare(x, d.read(y)));
    View shifted = d.output(n, c);
    d.run(d.kernels.data.scaleShift(y, 0.3, 1.7, shifted));
    return List.of(d.read(shifted));
  }

  private static List<float[]> dropout(KernelDevice d, int n, int c) {
    View y = d.output(n, c);
    View input = d.input(n, c, 1);
    long step = d.integers(1_000_007, 0);
    d.run(d.kernels.data.dropout(input, dropping(d, 1 << 30, 2, 0, -1.75f), 42, 3, step, y));
    float[] x = KernelDevice.normal(n * c, 1);
    int[] words = new int[4];
    for (int e = 0; e < x.length; e++) {
      Philox.block(42, (3L << 40) + 1_000_007, e / 4, words);
      x[e] = Integer.toUnsignedLong(words[e % 4]) >= 1L << 30 ? 2 * x[e] : -1.75f;
    }
    assertEquals(0, Arrays.compare(x, d.read(y)));
    View alpha = d.output(n, c);
    d.run(
        d.kernels.data.dropout(input, dropping(d, 1 << 28, 0.9f, 0.1f, -1.5f), 42, 3, step, alpha));
    return List.of(d.read(y), d.read(alpha));
  }

  /** As StepScalars lays it out. */
  static long dropping(KernelDevice d, int dropBelow, float scale, float shift, float dropped) {
    return d.integers(
        dropBelow,
        Float.floatToRawIntBits(scale),
        Float.floatToRawIntBits(shift),
        Float.floatToRawIntBits(dropped));
  }

  /** All of them, one after the other on the same parameters. */
  private static List<float[]> updates(KernelDevice d, int n, int c) {
    int size = n * c;
    long parameters = d.floats(KernelDevice.normal(size, 1));
    long gradients = d.floats(KernelDevice.normal(size, 2));
    long first = d.floats(new float[size]);
    long second = d.floats(new float[size]);
    long norm = d.floats(new float[2]);
    long copy = d.integers(new int[(size + 1) / 2]);
    long scalars = d.floats(new float[] {0.01f, 0.5f, 0.02f, 1.5f});
    d.run(d.kernels.updates.clipScale(gradients, size, 3, norm));
    Kernels.Update update =
        new Kernels.Update(parameters, gradients, copy, size, size / 2, 0.1, norm + 4, 0, scalars);
    d.run(d.kernels.updates.updateMomentum(update, 0, 0, false));
    d.run(d.kernels.updates.updateMomentum(update, first, 0.9, true));
    d.run(d.kernels.updates.updateRmsprop(update, second, 0.9, 1e-8));
    d.run(d.kernels.updates.updateAdam(update, first, second, 0.9, 0.99, 1e-8, true, scalars + 8));
    float[] exact = d.read(parameters, size);
    float[] rounded = d.read(new View(copy, 1, size, size, ElementType.BFLOAT16));
    for (int i = 0; i < size; i++) {
      assertEquals(
          Float.intBitsToFloat(Staging.bfloat16(exact[i]) << 16), rounded[i], "the copy at " + i);
    }
    return List.of(exact, d.read(first, size), d.read(second, size), d.read(norm, 2));
  }

  private static List<float[]> activation(KernelDevice d, int n, int c, Activation activation) {
    View z = d.input(n, c, 1);
    View dy = d.input(n, c, 2);
    View y = d.output(n, c);
    View dz = d.output(n, c);
    long dBias = d.floats(new float[c]);
    d.run(d.kernels.activations.forward(z, 0, activation, y));
    d.run(d.kernels.activations.backward(dy, z, y, activation, dz, dBias));
    View biased = d.output(n, c);
    d.run(
        d.kernels.activations.forward(z, d.floats(KernelDevice.normal(c, 3)), activation, biased));
    return List.of(d.read(y), d.read(dz), d.read(dBias, c), d.read(biased), d.read(z));
  }

  private static List<float[]> softmax(
      KernelDevice d, int n, int c, double smoothing, boolean weighted) {
    float[] targets = new float[n];
    for (int i = 0; i < n; i++) {
      targets[i] = i * 5 % c;
    }
    View dLogits = d.output(n, c);
    long loss = d.floats(new float[1]);
    View classes = View.floats(d.floats(targets), n, 1);
    long weights = weighted ? d.floats(KernelDevice.positive(KernelDevice.normal(c, 3))) : 0;
    View logits = d.input(n, c, 1);
    long bias = d.floats(KernelDevice.normal(c, 4));
    long dBias = d.floats(new float[c]);
    Kernels.Loss of = new Kernels.Loss(logits, bias, classes, dLogits, dBias, loss);
    d.run(d.kernels.losses.softmaxCrossEntropy(of, smoothing, weights));
    float[] mean = d.read(loss, 1);
    float[] gradient = d.read(dLogits);
    float[] slopes = d.read(dBias, c);
    targets[n - 1] = c;
    View none = View.floats(d.floats(targets), n, 1);
    Kernels.Loss ofNone = new Kernels.Loss(logits, 0, none, dLogits, 0, loss);
    d.run(d.kernels.losses.softmaxCrossEntropy(ofNone, smoothing, weights));
    assertTrue(Float.isNaN(d.read(loss, 1)[0]), "a class that is none makes the loss NaN");
    return List.of(mean, gradient, slopes);
  }

  private static List<float[]> binary(KernelDevice d, int n, int c) {
    View gradient = d.output(n, c);
    long loss = d.floats(new float[1]);
    View targets =
        View.floats(d.floats(KernelDevice.positive(KernelDevice.normal(n * c, 2))), n, c);
    Kernels.Loss of = biased(d, c, targets, gradient, loss);
    d.run(d.kernels.losses.binaryCrossEntropy(of));
    return List.of(d.read(loss, 1), d.read(gradient), d.read(of.dBias(), c));
  }

  private static List<float[]> regression(KernelDevice d, int n, int c, RegressionLoss kind) {
    View gradient = d.output(n, c);
    long loss = d.floats(new float[1]);
    View targets = View.floats(d.floats(KernelDevice.normal(n * c, 2)), n, c);
    Kernels.Loss of = biased(d, c, targets, gradient, loss);
    d.run(d.kernels.losses.regressionLoss(of, kind, 0.75));
    return List.of(d.read(loss, 1), d.read(gradient), d.read(of.dBias(), c));
  }

  private static Kernels.Loss biased(
      KernelDevice d, int c, View targets, View gradient, long loss) {
    View outputs = d.input(gradient.rows(), c, 1);
    long bias = d.floats(KernelDevice.normal(c, 4));
    return new Kernels.Loss(outputs, bias, targets, gradient, d.floats(new float[c]), loss);
  }
}
