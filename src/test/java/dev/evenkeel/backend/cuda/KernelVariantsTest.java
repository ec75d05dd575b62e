package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.simulator.ExecutionOptions;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.Philox;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
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

  /** Untested kernels rot: each that ships was run, here or before in this JVM. */
  @AfterAll
  static void everyKernelThatShipsWasRun() {
    Set<String> never = new TreeSet<>(KernelModules.names(KernelModules.PORTABLE));
    never.addAll(KernelModules.names(KernelModules.BFLOAT16));
    never.removeAll(SimulatedDriver.kernelsEverRun());
    assertEquals(Set.of(), never, "kernels that no test has launched");
  }

  /** How a matrix lies in memory. */
  private enum Layout {
    ANYWHERE(0),
    /** Sums are in another order. */
    PADDED(3e-6),
    /** Outputs are rounded to 8 bits of mantissa. */
    BFLOAT16(0x1p-8);

    final double tolerance;

    Layout(double tolerance) {
      this.tolerance = tolerance;
    }
  }

  private static final int ORDERS = 20;

  private static final int[][] SHAPES = {{2, 1}, {5, 13}, {67, 29}, {3, 1100}, {517, 37}, {700, 3}};

  /** What an operation leaves, the results of one kind of memory after the other. */
  private interface Body {
    List<float[]> run(Device device, int rows, int columns);
  }

  private static Map<String, Body> bodies() {
    Map<String, Body> bodies = new LinkedHashMap<>();
    bodies.put("gather", KernelVariantsTest::gather);
    bodies.put("copy", KernelVariantsTest::copy);
    bodies.put("add", KernelVariantsTest::add);
    bodies.put("dropout", KernelVariantsTest::dropout);
    bodies.put("updates", KernelVariantsTest::updates);
    for (Activation activation : Activation.values()) {
      bodies.put("activation " + activation.label(), (d, n, c) -> activation(d, n, c, activation));
      bodies.put("batch norm " + activation.label(), (d, n, c) -> batchNorm(d, n, c, activation));
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
                  rows.add(Arguments.of(name, shape[0], shape[1]));
                }
              }
            });
    return rows.stream();
  }

  @ParameterizedTest(name = "{0}, {1} x {2}")
  @MethodSource("rows")
  void variantsAgree(String name, int rows, int columns) {
    List<float[]> expected = null;
    for (Layout layout : Layout.values()) {
      try (Device device = new Device(layout)) {
        List<float[]> actual = bodies().get(name).run(device, rows, columns);
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
        try (Device device = new Device(layout, seed)) {
          List<float[]> now = bodies().get(name).run(device, 517, 5);
          first = first == null ? now : first;
          for (int i = 0; i < now.size(); i++) {
            assertArrayEquals(first.get(i), now.get(i), 0f, name + ", result " + i);
          }
        }
      }
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

  private static List<float[]> gather(Device d, int n, int c) {
    float[] table = Device.normal(n * c, 1);
    int[] order = new int[2 + n];
    for (int i = 0; i < order.length; i++) {
      order[i] = i * 7 % n;
    }
    View batch = d.output(n, c);
    View rows = d.input(n, c, table);
    d.run(d.kernels.gather(rows, d.integers(order), d.integers(2), batch));
    View walked = d.output(n - 1, c);
    d.run(d.kernels.gather(rows, 0, d.integers(1), walked));
    View first = d.output(n, c);
    d.run(d.kernels.gather(rows, 0, 0, first));
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

  private static List<float[]> copy(Device d, int n, int c) {
    View source = d.input(n, c, 1);
    View floats = View.floats(d.floats(new float[n * c]), n, c);
    View back = d.output(n, c);
    d.run(d.kernels.copy(source, floats));
    d.run(d.kernels.copy(floats, back));
    assertEquals(0, Arrays.compare(Device.normal(n * c, 1), d.read(back)), "there and back");
    View same = d.output(n, c);
    d.run(d.kernels.copy(source, same));
    // One row whose ends are on vectors in every layout, as flat parameters lie.
    View flat = d.input(1, 16 * c, 3);
    View exact = View.floats(d.alignedFloats(new float[16 * c]), 1, 16 * c);
    View again = d.output(1, 16 * c);
    d.run(d.kernels.copy(flat, exact));
    d.run(d.kernels.copy(exact, again));
    assertEquals(0, Arrays.compare(Device.normal(16 * c, 3), d.read(again)), "a flat row");
    return List.of(d.read(floats), d.read(back), d.read(same));
  }

  private static List<float[]> add(Device d, int n, int c) {
    View out = d.output(n, c);
    d.run(d.kernels.add(d.input(n, c, 1), d.input(n, c, 2), out));
    int found = d.findsNonFinite(out);
    assertEquals(0, found, "nothing is to be found, whatever the padding holds");
    float[] poisoned = Device.normal(n * c, 1);
    poisoned[n * c - 1] = Float.NEGATIVE_INFINITY;
    assertEquals(1, d.findsNonFinite(d.input(n, c, poisoned)));
    return List.of(d.read(out));
  }

  private static List<float[]> dropout(Device d, int n, int c) {
    View y = d.output(n, c);
    long step = d.integers(1_000_007, 0);
    d.run(d.kernels.dropout(d.input(n, c, 1), 1L << 30, 2, 42, 3, step, y));
    float[] x = Device.normal(n * c, 1);
    int[] words = new int[4];
    for (int e = 0; e < x.length; e++) {
      Philox.block(42, (3L << 40) + 1_000_007, e / 4, words);
      x[e] = Integer.toUnsignedLong(words[e % 4]) >= 1L << 30 ? 2 * x[e] : 0;
    }
    assertEquals(0, Arrays.compare(x, d.read(y)));
    return List.of(d.read(y));
  }

  /** All of them, one after the other on the same parameters. */
  private static List<float[]> updates(Device d, int n, int c) {
    int size = n * c;
    long parameters = d.floats(Device.normal(size, 1));
    long gradients = d.floats(Device.normal(size, 2));
    long first = d.floats(new float[size]);
    long second = d.floats(new float[size]);
    long norm = d.floats(new float[2]);
    long copy = d.integers(new int[(size + 1) / 2]);
    long scalars = d.floats(new float[] {0.01f, 0.02f, 1.5f});
    d.run(d.kernels.clipScale(gradients, size, 3, norm));
    Kernels.Update update =
        new Kernels.Update(parameters, gradients, copy, size, size / 2, 0.1, norm + 4, 0, scalars);
    d.run(d.kernels.updateMomentum(update, 0, 0, false));
    d.run(d.kernels.updateMomentum(update, first, 0.9, true));
    d.run(d.kernels.updateRmsprop(update, second, 0.9, 1e-8));
    d.run(d.kernels.updateAdam(update, first, second, 0.9, 0.99, 1e-8, true, scalars + 4));
    float[] exact = d.read(parameters, size);
    float[] rounded = d.read(new View(copy, 1, size, size, ElementType.BFLOAT16));
    for (int i = 0; i < size; i++) {
      assertEquals(
          Float.intBitsToFloat(Staging.bfloat16(exact[i]) << 16), rounded[i], "the copy at " + i);
    }
    return List.of(exact, d.read(first, size), d.read(second, size), d.read(norm, 2));
  }

  private static List<float[]> activation(Device d, int n, int c, Activation activation) {
    View z = d.input(n, c, 1);
    View dy = d.input(n, c, 2);
    View y = d.output(n, c);
    View dz = d.output(n, c);
    long dBias = d.floats(new float[c]);
    d.run(d.kernels.activationForward(z, 0, activation, y));
    d.run(d.kernels.activationBackward(dy, z, y, activation, dz, dBias));
    View biased = d.output(n, c);
    d.run(d.kernels.activationForward(z, d.floats(Device.normal(c, 3)), activation, biased));
    return List.of(d.read(y), d.read(dz), d.read(dBias, c), d.read(biased), d.read(z));
  }

  private static List<float[]> batchNorm(Device d, int n, int c, Activation activation) {
    View x = d.input(n, c, 1);
    View dy = d.input(n, c, 2);
    View y = d.output(n, c);
    View dx = d.output(n, c);
    long saved = d.floats(new float[3 * c]);
    long dGamma = d.floats(new float[c]);
    long dBeta = d.floats(new float[c]);
    long mean = d.floats(Device.normal(c, 5));
    long variance = d.floats(positive(Device.normal(c, 6)));
    long count = d.floats(new float[1]);
    var norm =
        new Kernels.Norm(
            d.floats(positive(Device.normal(c, 3))),
            d.floats(Device.normal(c, 4)),
            mean,
            variance,
            count,
            1e-5,
            0.1,
            true);
    d.run(d.kernels.batchNormInference(x, norm, activation, y));
    final float[] inferred = d.read(y);
    d.run(d.kernels.batchNormForward(x, norm, activation, y, saved));
    d.run(d.kernels.batchNormBackward(dy, x, norm, activation, saved, dx, dGamma, dBeta));
    assertEquals(1, d.read(count, 1)[0], "mini-batches counted");
    float[] besides = d.read(dx);
    d.run(d.kernels.batchNormBackward(dy, x, norm, activation, saved, dy, dGamma, dBeta));
    assertEquals(0, Arrays.compare(besides, d.read(dy)), "dx in place of dy");
    long ownMean = d.floats(new float[c]);
    long ownVariance = d.floats(new float[c]);
    d.run(d.kernels.columnStatistics(x, ownMean, ownVariance));
    // Of two rows the projection leaves nothing but rounding.
    return List.of(
        n > 2 ? besides : new float[0],
        d.read(dGamma, c),
        d.read(dBeta, c),
        inferred,
        d.read(y),
        d.read(saved + 8L * c, c),
        d.read(mean, c),
        d.read(variance, c),
        d.read(ownMean, c),
        d.read(ownVariance, c));
  }

  private static float[] positive(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5f + Math.abs(values[i]);
    }
    return values;
  }

  private static List<float[]> softmax(Device d, int n, int c, double smoothing, boolean weighted) {
    float[] targets = new float[n];
    for (int i = 0; i < n; i++) {
      targets[i] = i * 5 % c;
    }
    View dLogits = d.output(n, c);
    long loss = d.floats(new float[1]);
    View classes = View.floats(d.floats(targets), n, 1);
    long weights = weighted ? d.floats(positive(Device.normal(c, 3))) : 0;
    View logits = d.input(n, c, 1);
    d.run(d.kernels.softmaxCrossEntropy(logits, classes, smoothing, weights, dLogits, loss));
    float[] mean = d.read(loss, 1);
    float[] gradient = d.read(dLogits);
    targets[n - 1] = c;
    View none = View.floats(d.floats(targets), n, 1);
    d.run(d.kernels.softmaxCrossEntropy(logits, none, smoothing, weights, dLogits, loss));
    assertTrue(Float.isNaN(d.read(loss, 1)[0]), "a class that is none makes the loss NaN");
    return List.of(mean, gradient);
  }

  private static List<float[]> binary(Device d, int n, int c) {
    View gradient = d.output(n, c);
    long loss = d.floats(new float[1]);
    View targets = View.floats(d.floats(positive(Device.normal(n * c, 2))), n, c);
    d.run(d.kernels.binaryCrossEntropy(d.input(n, c, 1), targets, gradient, loss));
    return List.of(d.read(loss, 1), d.read(gradient));
  }

  private static List<float[]> regression(Device d, int n, int c, RegressionLoss kind) {
    View gradient = d.output(n, c);
    long loss = d.floats(new float[1]);
    View targets = View.floats(d.floats(Device.normal(n * c, 2)), n, c);
    d.run(d.kernels.regressionLoss(kind, 0.75, d.input(n, c, 1), targets, gradient, loss));
    return List.of(d.read(loss, 1), d.read(gradient));
  }

  /** A simulated device whose matrices lie as a layout says. */
  private static final class Device implements AutoCloseable {

    private final Layout layout;
    private final SimulatedDriver driver;
    private final long stream;
    private final List<Long> memory = new ArrayList<>();
    final Kernels kernels;

    Device(Layout layout) {
      this(layout, 7);
    }

    Device(Layout layout, long seed) {
      this.layout = layout;
      driver =
          new SimulatedDriver(
              SimulatedOptions.standard(seed)
                  .withExecution(ExecutionOptions.standard().withRaces(true)));
      stream = driver.createStream();
      long scratch = driver.allocate(Kernels.SCRATCH_BYTES);
      memory.add(scratch);
      driver.fill(scratch, 0, Kernels.SCRATCH_BYTES / 4, stream);
      kernels = new Kernels(driver, stream, scratch);
    }

    /** Normal numbers that bfloat16 holds as they are. */
    static float[] normal(int size, int seed) {
      Philox random = new Philox(seed, 0);
      float[] values = new float[size];
      for (int i = 0; i < size; i++) {
        int bits = Float.floatToIntBits((float) random.nextGaussian());
        values[i] = Float.intBitsToFloat(bits & 0xFFFF0000);
      }
      return values;
    }

    void run(Operation operation) {
      operation.run();
      driver.synchronize(stream);
    }

    View input(int rows, int columns, int seed) {
      return input(rows, columns, normal(rows * columns, seed));
    }

    /** With NaN in the padding. */
    View input(int rows, int columns, float[] values) {
      ElementType type = layout == Layout.BFLOAT16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
      int vector = layout == Layout.ANYWHERE ? 1 : 16 / type.bytes;
      int pitch = (columns + vector - 1) / vector * vector;
      ByteBuffer bytes = pinned(rows * pitch * type.bytes);
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < pitch; j++) {
          float value = j < columns ? values[i * columns + j] : Float.NaN;
          if (type == ElementType.FLOAT32) {
            bytes.putFloat(value);
          } else {
            bytes.putShort((short) (Float.floatToIntBits(value) >>> 16));
          }
        }
      }
      long address = copied(bytes, layout == Layout.ANYWHERE ? 4 : 0);
      return new View(address, rows, columns, pitch, type);
    }

    View output(int rows, int columns) {
      float[] nothing = new float[rows * columns];
      Arrays.fill(nothing, Float.NaN);
      return input(rows, columns, nothing);
    }

    /** A vector, at an address that is no multiple of 16 unless the layout is padded. */
    long floats(float[] values) {
      ByteBuffer bytes = pinned(4 * values.length);
      for (float value : values) {
        bytes.putFloat(value);
      }
      return copied(bytes, layout == Layout.PADDED ? 0 : 4);
    }

    long alignedFloats(float[] values) {
      ByteBuffer bytes = pinned(4 * values.length);
      for (float value : values) {
        bytes.putFloat(value);
      }
      return copied(bytes, 0);
    }

    long integers(int... values) {
      ByteBuffer bytes = pinned(4 * values.length);
      for (int value : values) {
        bytes.putInt(value);
      }
      return copied(bytes, 0);
    }

    int findsNonFinite(View x) {
      long found = integers(0);
      run(kernels.findNonFinite(x, found));
      return Float.floatToRawIntBits(read(found, 1)[0]);
    }

    float[] read(View view) {
      float[] values = new float[view.rows() * view.columns()];
      ByteBuffer bytes = bytes(view.address(), view.rows() * view.pitch() * view.type().bytes);
      for (int i = 0; i < values.length; i++) {
        int at = i / view.columns() * view.pitch() + i % view.columns();
        values[i] =
            view.type() == ElementType.FLOAT32
                ? bytes.getFloat(4 * at)
                : Float.intBitsToFloat(bytes.getShort(2 * at) << 16);
      }
      driver.freePinned(bytes);
      return values;
    }

    float[] read(long address, int length) {
      return read(View.floats(address, 1, length));
    }

    private ByteBuffer bytes(long address, int bytes) {
      ByteBuffer buffer = pinned(bytes);
      driver.copyToHost(address, buffer, 0, bytes, stream);
      driver.synchronize(stream);
      return buffer;
    }

    private ByteBuffer pinned(int bytes) {
      return driver.allocatePinned(bytes).order(ByteOrder.nativeOrder());
    }

    private long copied(ByteBuffer bytes, int offset) {
      long address = driver.allocate(bytes.capacity() + offset);
      memory.add(address);
      driver.copyToDevice(bytes, 0, address + offset, bytes.capacity(), stream);
      driver.synchronize(stream);
      driver.freePinned(bytes);
      return address + offset;
    }

    @Override
    public void close() {
      driver.synchronize(stream);
      kernels.close();
      memory.forEach(driver::free);
      driver.destroyStream(stream);
      driver.close();
    }
  }
}
