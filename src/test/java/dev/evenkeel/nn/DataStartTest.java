package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.OnCpu;
import dev.evenkeel.Twin;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Weight norm's start from the first mini-batch, seen through a float64 twin. */
class DataStartTest extends OnCpu {

  private static final int INPUTS = 6;
  private static final Layer RELU = Activate.relu();
  private static final Layer TANH = Activate.of(Activation.TANH);

  private final float[] features = new float[40 * INPUTS];
  private final int[] batch = {3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 39, 7, 0, 32, 38, 11};

  DataStartTest() {
    Random random = new Random(2);
    for (int i = 0; i < features.length; i++) {
      features[i] = 5 + 3 * (float) random.nextGaussian();
    }
  }

  private static Linear weight(int units) {
    return Linear.of(units).withWeightNorm(WeightNorm.fromData());
  }

  private void start(Model model) {
    Matrix table = backend.inputs(features, features.length / INPUTS, INPUTS);
    try (Buffer held = table.buffer()) {
      DataStart.set(model, table, batch);
    }
  }

  private Map<String, double[]> started(Network network) {
    try (Model model = network.build(backend, 3)) {
      start(model);
      return new Twin(model).values;
    }
  }

  /** The pre-activations of the batch behind the first layers of a network. */
  private double[][] preActivations(Model model, int layers) {
    Network part =
        new Network(model.network().inputs(), model.network().layers().subList(0, layers));
    Twin twin = new Twin(model);
    Twin of = new Twin(part, Map.of());
    of.values.putAll(twin.values);
    return of.outputs(Twin.rows(features, INPUTS, batch), Twin.Mode.inference());
  }

  private static void assertStandard(double[][] z) {
    for (int j = 0; j < z[0].length; j++) {
      assertEquals(0, Twin.mean(z, j), 1e-5);
      assertEquals(1, Math.sqrt(Twin.variance(z, j)), 1e-5);
    }
  }

  @Test
  void everyLayersPreActivationsBeginStandardised() {
    Network network =
        Network.of(INPUTS, weight(9), RELU, weight(5), TANH, new Dropout(0.5), weight(3));
    try (Model model = network.build(backend, 3)) {
      start(model);
      for (int layers : new int[] {1, 3, 6}) {
        assertStandard(preActivations(model, layers));
      }
    }
  }

  @Test
  void aPlainLayerAndOneOfAGivenGainStayAsTheyAre() {
    Network network =
        Network.of(INPUTS, Linear.of(4), RELU, Linear.of(4).withWeightNorm(WeightNorm.ofGain(0.3)));
    try (Model model = network.build(backend, 3)) {
      List<float[]> before = model.parameters().stream().map(model::values).toList();
      start(model);
      for (int i = 0; i < before.size(); i++) {
        assertArrayEquals(before.get(i), model.values(model.parameters().get(i)));
      }
    }
  }

  /** Behind a batch norm it sees what the batch norm makes of this batch, as training will. */
  @Test
  void batchNormsInBetweenUseThisBatchAndHaveTheirOwnStatisticsBack() {
    Network network =
        Network.of(INPUTS, weight(4), BatchNorm.standard(), RELU, weight(3), TANH, Linear.of(2));
    try (Model model = network.build(backend, 3)) {
      start(model);
      assertEquals(
          List.of("0.parametrizations.weight.original0", "0.parametrizations.weight.original1"),
          model.parameters().stream().map(Parameter::name).limit(2).toList());
      Map<String, double[]> values = new Twin(model).values;
      assertTrue(values.get("0.bias") == null, "left out before a batch norm: only g is set");
      assertArrayEquals(new double[4], values.get("1.running_mean"));
      assertArrayEquals(new double[] {1, 1, 1, 1}, values.get("1.running_var"));

      double[][] z = preActivations(model, 1);
      for (int j = 0; j < 4; j++) {
        assertEquals(1, Math.sqrt(Twin.variance(z, j)), 1e-5);
      }
      Twin training = new Twin(new Network(INPUTS, network.layers().subList(0, 4)), Map.of());
      training.values.putAll(values);
      double[][] x = Twin.rows(features, INPUTS, batch);
      assertStandard(training.outputs(x, Twin.Mode.training(1, 0)));
    }
  }

  @Test
  void aUnitWithoutDeviationBeginsAtOneWithAFiniteBias() {
    Arrays.fill(features, 2);
    Map<String, double[]> values = started(Network.of(INPUTS, weight(4), RELU, weight(2)));
    for (String layer : new String[] {"0", "2"}) {
      for (double gain : values.get(layer + ".parametrizations.weight.original0")) {
        assertEquals(1, gain);
      }
      for (double bias : values.get(layer + ".bias")) {
        assertTrue(Double.isFinite(bias));
      }
    }
  }

  /** BLAS takes the last few rows another way than the others, so that sums differ by roundings. */
  @Test
  void roundingsOfEqualRowsAreNoDeviation() {
    int rows = 100;
    int inputs = 37;
    float[] equal = new float[rows * inputs];
    for (float size : new float[] {0.1f, 3.3f, 1e4f}) {
      for (int i = 0; i < equal.length; i++) {
        equal[i] = size * (1 + 0.37f * (i % inputs));
      }
      Matrix table = backend.inputs(equal, rows, inputs);
      try (Buffer held = table.buffer();
          Model model = Network.of(inputs, weight(50), RELU, weight(2)).build(backend, 1)) {
        DataStart.set(model, table, IntStream.range(0, rows).toArray());
        new Twin(model)
            .values.forEach(
                (name, values) -> {
                  if (name.endsWith("original0")) {
                    Arrays.stream(values).forEach(gain -> assertEquals(1, gain, name));
                  }
                });
      }
    }
  }

  @Test
  void theSameBatchGivesTheSameStart() {
    Network network = Network.of(INPUTS, weight(9), RELU, Residual.of(weight(9), TANH), weight(2));
    Map<String, double[]> first = started(network);
    Map<String, double[]> second = started(network);
    first.forEach((name, values) -> assertArrayEquals(values, second.get(name), name));
  }

  @Test
  void theBatchAloneDecides() {
    Network network = Network.of(INPUTS, weight(3));
    Map<String, double[]> first = started(network);
    for (int row : IntStream.range(16, 31).toArray()) {
      features[row * INPUTS] = 1e6f; // of no row in the batch
    }
    Map<String, double[]> second = started(network);
    first.forEach((name, values) -> assertArrayEquals(values, second.get(name), name));
  }
}
