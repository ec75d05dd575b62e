package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.OnCpu;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.io.Json;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NetworkTest extends OnCpu {

  private static final BatchNorm NORM = BatchNorm.standard();

  private List<String> parameterNames(Network network) {
    try (Model model = network.build(backend, 1)) {
      return model.parameters().stream().map(Parameter::name).toList();
    }
  }

  @Test
  void aBiasIsLeftOutRightBeforeANormAndNowhereElse() {
    assertEquals(
        List.of("0.weight", "1.weight", "1.bias", "3.weight", "3.bias"),
        parameterNames(Network.of(3, Linear.of(4), NORM, Activate.relu(), Linear.of(2))));
    assertEquals(
        List.of("0.weight", "0.bias", "2.weight", "2.bias"),
        parameterNames(Network.of(3, Linear.of(4), Activate.relu(), NORM)),
        "the activation stands between");
    assertEquals(
        List.of("0.weight", "0.bias", "2.weight", "2.bias"),
        parameterNames(Network.of(3, Linear.of(4), new Dropout(0.5), NORM)),
        "dropout stands between");
    assertEquals(
        List.of("0.weight", "0.bias", "1.0.weight", "1.0.bias"),
        parameterNames(Network.of(3, Linear.of(4), Residual.of(NORM))),
        "the residual adds the bias past the norm");
  }

  @Test
  void theDirectionsOfWeightNormBeginAsSalimansHasThem() {
    Linear normed = Linear.of(OUTPUTS).withWeightNorm(WeightNorm.fromData());
    try (Model model = Network.of(INPUTS, normed, Activate.relu()).build(backend, 5)) {
      float[] v = model.values(model.parameters().get(1));
      double squares = 0;
      for (float one : v) {
        squares += (double) one * one / v.length;
      }
      assertDeviation(0.05, Math.sqrt(squares));
    }
    try (Model model =
        Network.of(INPUTS, normed.withInitialiser(Initialiser.normal(2))).build(backend, 5)) {
      float[] v = model.values(model.parameters().get(1));
      assertTrue(Math.abs(v[0]) + Math.abs(v[1]) + Math.abs(v[2]) > 0.5, "one that is asked for");
    }
  }

  @Test
  void aBiasThatIsAskedForIsThereAndOneThatIsNotWantedIsNot() {
    assertEquals(
        List.of("0.weight", "0.bias", "1.weight", "1.bias"),
        parameterNames(Network.of(3, Linear.of(4).withBias(true), NORM)));
    assertEquals(List.of("0.weight"), parameterNames(Network.of(3, Linear.of(4).withBias(false))));
  }

  @Test
  void namesAreThoseOfAnEqualSequentialInPyTorch() {
    Network network =
        Network.of(
            3,
            Linear.of(4),
            NORM,
            Activate.relu(),
            new Dropout(0.1),
            Residual.of(Linear.of(5), Activate.relu(), Residual.of(NORM), Linear.of(4)),
            Linear.of(2));
    try (Model model = network.build(backend, 1)) {
      assertEquals(
          List.of(
              "0.weight 4x3",
              "1.weight 1x4",
              "1.bias 1x4",
              "4.0.weight 5x4",
              "4.0.bias 1x5",
              "4.2.0.weight 1x5",
              "4.2.0.bias 1x5",
              "4.3.weight 4x5",
              "4.3.bias 1x4",
              "5.weight 2x4",
              "5.bias 1x2"),
          model.parameters().stream()
              .map(p -> p.name() + " " + p.rows() + "x" + p.columns())
              .toList());
      assertEquals(
          List.of(
              "1.running_mean",
              "1.running_var",
              "1.num_batches_tracked",
              "4.2.0.running_mean",
              "4.2.0.running_var",
              "4.2.0.num_batches_tracked"),
          model.statistics().stream().map(Parameter::name).toList());
      assertEquals(12 + 4 + 4 + 20 + 5 + 5 + 5 + 20 + 4 + 8 + 2, model.parameterCount());
      assertTrue(model.parameterCount() < model.flatParameters().columns(), "room to align");
    }
  }

  @Test
  void weightsAloneDecayAndComeFirst() {
    Network network = Network.of(3, Linear.of(4), NORM, Activate.relu(), Linear.of(2));
    try (Model model = network.build(backend, 1)) {
      assertEquals(32 + 32, model.decayed(), "each begins at a multiple of 32 floats");
      for (Parameter parameter : model.parameters()) {
        boolean weight = List.of("0.weight", "3.weight").contains(parameter.name());
        assertEquals(weight, parameter.decays(), parameter.name());
        assertEquals(weight, parameter.offset() < model.decayed(), parameter.name());
      }
      float[] flat = new float[model.flatParameters().columns()];
      backend.read(model.flatParameters(), flat);
      for (Parameter parameter : model.parameters()) {
        int from = (int) parameter.offset();
        assertArrayEquals(
            model.values(parameter),
            Arrays.copyOfRange(flat, from, from + (int) parameter.size()),
            parameter.name());
        Matrix elsewhere = parameter.in(model.flatParameters());
        assertEquals(parameter.value(), elsewhere);
      }
    }
  }

  @Test
  void gammaAndVarianceBeginAtOneAndTheRestAtZero() {
    try (Model model = Network.of(2, Linear.of(3).withBias(true), NORM).build(backend, 1)) {
      float[] zeros = new float[3];
      float[] ones = {1, 1, 1};
      assertArrayEquals(zeros, model.values(model.parameters().get(1)));
      assertArrayEquals(ones, model.values(model.parameters().get(2)));
      assertArrayEquals(zeros, model.values(model.parameters().get(3)));
      assertArrayEquals(zeros, model.values(model.statistics().get(0)));
      assertArrayEquals(ones, model.values(model.statistics().get(1)));
      assertArrayEquals(new float[1], model.values(model.statistics().get(2)));
    }
  }

  private float[] flat(Network network, long seed) {
    try (Model model = network.build(backend, seed)) {
      float[] flat = new float[model.flatParameters().columns()];
      backend.read(model.flatParameters(), flat);
      return flat;
    }
  }

  @Test
  void theSeedAloneDecidesTheWeights() {
    Network network = Network.mlp(5, List.of(8, 8), 3);
    assertArrayEquals(flat(network, 3), flat(network, 3));
    assertNotEquals(Arrays.toString(flat(network, 3)), Arrays.toString(flat(network, 4)));
    float[] wide = flat(Network.of(5, Linear.of(8), Linear.of(5), Linear.of(8)), 3);
    assertNotEquals(wide[0], wide[40 + 40], "layers of one shape differ");
  }

  @Test
  void aBiasDoesNotChangeTheWeights() {
    float[] without = flat(Network.of(5, Linear.of(8), NORM, Linear.of(2)), 3);
    float[] with = flat(Network.of(5, Linear.of(8).withBias(true), NORM, Linear.of(2)), 3);
    assertArrayEquals(Arrays.copyOf(without, 56), Arrays.copyOf(with, 56));
  }

  @Test
  void anMlpIsLinearNormReluAndALinearEnd() {
    assertEquals(
        Network.of(
            7,
            Linear.of(5),
            NORM,
            Activate.relu(),
            Linear.of(4),
            NORM,
            Activate.relu(),
            Linear.of(3)),
        Network.mlp(7, List.of(5, 4), 3));
    assertEquals(3, Network.mlp(7, List.of(5, 4), 3).outputs());
    assertEquals(7, Network.of(7).outputs());
  }

  @Test
  void aNormIsFoundHoweverDeep() {
    assertTrue(Network.of(2, Residual.of(Residual.of(NORM))).hasBatchNorm());
    assertFalse(Network.of(2, Residual.of(Residual.of(Linear.of(2)))).hasBatchNorm());
  }

  private static final int OUTPUTS = 120;
  private static final int INPUTS = 80;

  /** The standard deviation of the weights of a layer in a network that is built. */
  private double deviation(Linear linear, Layer... behind) {
    Layer[] layers = new Layer[behind.length + 1];
    layers[0] = linear;
    System.arraycopy(behind, 0, layers, 1, behind.length);
    try (Model model = Network.of(INPUTS, layers).build(backend, 5)) {
      float[] weights = model.values(model.parameters().get(0));
      double mean = 0;
      double squares = 0;
      double fourth = 0;
      for (float w : weights) {
        mean += w / (double) weights.length;
        squares += (double) w * w / weights.length;
        fourth += Math.pow(w, 4) / weights.length;
      }
      // Four standard errors of the mean; a normal's kurtosis is 3, with a standard error of 0.05.
      assertEquals(0, mean, 4 * Math.sqrt(squares / weights.length));
      assertEquals(3, fourth / (squares * squares), 0.25);
      return Math.sqrt(squares);
    }
  }

  /** The standard error of a deviation of 9,600 normal numbers is 0.7 %; four of them. */
  private static void assertDeviation(double expected, double seen) {
    assertEquals(1, seen / expected, 0.03);
  }

  @Test
  void initialisersHaveTheDeviationsOfTheirPapers() {
    Linear linear = Linear.of(OUTPUTS);
    assertDeviation(Math.sqrt(2.0 / 80), deviation(linear.withInitialiser(Initialiser.he())));
    assertDeviation(Math.sqrt(2.0 / 200), deviation(linear.withInitialiser(Initialiser.xavier())));
    assertDeviation(Math.sqrt(1.0 / 80), deviation(linear.withInitialiser(Initialiser.lecun())));
    assertDeviation(0.05, deviation(linear.withInitialiser(Initialiser.normal(0.05))));
  }

  /** Drawn some rows at a time: 300,000 weights, which are three times and a part of one. */
  @Test
  void everyRowOfALargeLayerIsDrawn() {
    int inputs = 1000;
    try (Model model = Network.of(inputs, Linear.of(300), Activate.relu()).build(backend, 5)) {
      float[] weights = model.values(model.parameters().get(0));
      assertEquals(300 * inputs, weights.length);
      for (int row = 0; row < 300; row++) {
        double squares = 0;
        for (int i = row * inputs; i < (row + 1) * inputs; i++) {
          squares += (double) weights[i] * weights[i] / inputs;
        }
        // The standard error of a deviation of 1,000 normal numbers is 2.2 %; six of them.
        assertEquals(1, Math.sqrt(squares * inputs / 2), 0.135, "row " + row);
      }
      float[] sorted = weights.clone();
      Arrays.sort(sorted);
      int equal = 0;
      for (int i = 1; i < sorted.length; i++) {
        equal += sorted[i] == sorted[i - 1] ? 1 : 0;
      }
      // Floats near 0.04 lie 4e-9 apart: some of 300,000 are equal by chance, no row is another.
      assertTrue(equal < 3000, equal + " weights are equal to others");
    }
  }

  @Test
  void theAutomaticInitialiserGoesByTheActivationThatFollows() {
    Linear linear = Linear.of(OUTPUTS);
    double he = Math.sqrt(2.0 / 80);
    double xavier = Math.sqrt(2.0 / 200);
    double lecun = Math.sqrt(1.0 / 80);
    for (Activation activation : Activation.values()) {
      double expected =
          switch (activation) {
            case RELU, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS -> he;
            case SELU -> lecun;
            case IDENTITY, SIGMOID, TANH -> xavier;
          };
      assertDeviation(expected, deviation(linear, Activate.of(activation)));
      assertDeviation(expected, deviation(linear, NORM, new Dropout(0), Activate.of(activation)));
    }
    assertDeviation(xavier, deviation(linear));
    assertDeviation(xavier, deviation(linear, Linear.of(5), Activate.relu()));
    assertDeviation(xavier, deviation(linear, Residual.of(Activate.relu()), Activate.relu()));
  }

  @Test
  void anOrthogonalInitialiserMakesTheShorterSideOrthonormal() {
    for (int[] shape : new int[][] {{7, 7}, {5, 40}, {40, 5}, {1, 9}, {130, 60}}) {
      for (double gain : new double[] {1, 1.5}) {
        assertOrthogonal(shape[0], shape[1], gain);
      }
    }
  }

  private void assertOrthogonal(int outputs, int inputs, double gain) {
    Initialiser orthogonal = new Initialiser(Initialiser.Kind.ORTHOGONAL, gain);
    float[] w = flat(Network.of(inputs, new Linear(outputs, Linear.Bias.NO, orthogonal)), 8);
    boolean byRows = outputs <= inputs;
    int count = Math.min(outputs, inputs);
    int length = Math.max(outputs, inputs);
    for (int a = 0; a < count; a++) {
      for (int b = 0; b <= a; b++) {
        double dot = 0;
        for (int k = 0; k < length; k++) {
          dot += (double) w[at(byRows, a, k, inputs)] * w[at(byRows, b, k, inputs)];
        }
        assertEquals(a == b ? gain * gain : 0, dot, 1e-6, outputs + " x " + inputs);
      }
    }
  }

  private static int at(boolean byRows, int vector, int element, int columns) {
    return byRows ? vector * columns + element : element * columns + vector;
  }

  @Test
  void initialisersAreFoundByName() {
    assertEquals(Initialiser.auto(), Initialiser.named("auto"));
    assertEquals(Initialiser.he(), Initialiser.named("He"));
    assertEquals(Initialiser.xavier(), Initialiser.named("xavier"));
    assertEquals(Initialiser.lecun(), Initialiser.named("lecun"));
    assertEquals(Initialiser.orthogonal(), Initialiser.named("orthogonal"));
    assertEquals(Initialiser.normal(0.05), Initialiser.named("normal(0.05)"));
    for (String wrong : List.of("normal", "normal(x)", "normal(0.05", "uniform", "")) {
      Expect.failure(
          () -> Initialiser.named(wrong),
          "Unknown initialiser '" + wrong + "'; there are: auto, he, xavier, lecun, normal(0.05)");
    }
  }

  static Stream<Layer> layers() {
    return Stream.of(
        Linear.of(3),
        new Linear(2, Linear.Bias.YES, Initialiser.normal(0.05)),
        new Linear(2, Linear.Bias.NO, new Initialiser(Initialiser.Kind.ORTHOGONAL, 1.25)),
        NORM,
        new BatchNorm(1e-3, RunningStatistics.cumulative(), RunningVariance.BIASED),
        new BatchNorm(0, RunningStatistics.population(), RunningVariance.UNBIASED),
        new BatchNorm(1e-300, RunningStatistics.exponential(1.0 / 3), RunningVariance.UNBIASED),
        Activate.of(Activation.LEAKY_RELU),
        NORM.withGhost(16),
        BatchNorm.meanOnly().withGhost(2).withRunning(RunningStatistics.cumulative()),
        Linear.of(6).withWeightNorm(WeightNorm.fromData()),
        Linear.of(6).withWeightNorm(WeightNorm.ofGain(1 / 1.2111738962)).withBias(false),
        RowNorm.layer(),
        RowNorm.rms().withEpsilon(1e-7),
        RowNorm.group(3),
        RowNorm.instance(3),
        new AlphaDropout(0.05),
        new Residual(NormProp.block(6, Activation.GELU)),
        new Dropout(1.0 / 3),
        Residual.of(),
        Residual.of(Linear.of(2), Residual.of(NORM, new Dropout(0)), Linear.of(6)));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void everyLayerComesBackFromJson(Layer layer) {
    Network network = Network.of(6, layer, Linear.of(2));
    String text = Json.write(network);
    Network back = Json.read(text, Network.class, "the text");
    assertEquals(network, back);
    assertEquals(network.hashCode(), back.hashCode());
    assertEquals(network.toString(), back.toString());
    assertEquals(text, Json.write(back));
  }

  @Test
  void jsonIsReadableAndStable() {
    assertEquals(
        """
        {"inputs":2,"layers":[\
        {"type":"linear","units":3,"bias":"AUTO","initialiser":{"kind":"AUTO","sigma":1.0},\
        "weightNorm":{"start":"NONE","gain":1.0}},\
        {"type":"batch-norm","epsilon":1.0E-5,"running":{"type":"exponential","weight":0.1},\
        "runningVariance":"UNBIASED","ghostRows":0,"centresOnly":false},\
        {"type":"activation","function":"leaky-relu"},\
        {"type":"dropout","probability":0.5}]}""",
        Json.write(
            Network.of(
                2, Linear.of(3), NORM, Activate.of(Activation.LEAKY_RELU), new Dropout(0.5))));
  }

  @Test
  void jsonOfNoNetworkIsRefusedInWords() {
    Expect.failure(
        () -> Json.read("{\"inputs\":2}", Network.class, "a.json"),
        "a.json does not hold a valid Network",
        "layers");
    Expect.failure(
        () -> Json.read("{\"inputs\":2,\"layers\":[{\"type\":\"conv\"}]}", Network.class, "a.json"),
        "conv");
    Expect.failure(
        () ->
            Json.read(
                "{\"inputs\":2,\"layers\":[{\"type\":\"dropout\",\"probability\":2}]}",
                Network.class,
                "a.json"),
        "The dropout probability must be at least 0 and below 1, not 2");
    Expect.failure(
        () -> Json.read("{\"inputs\":2,\"layers\":[null]}", Network.class, "a.json"), "a.json");
  }

  @Test
  void everyImpossibleNetworkIsNamed() {
    Expect.failure(() -> Network.of(0), "A network needs at least 1 input, not 0");
    Expect.failure(() -> Linear.of(0), "A linear layer needs at least 1 unit, not 0");
    Expect.failure(
        () -> Network.of(4, Linear.of(3), Residual.of(Linear.of(5))),
        "A residual block of 3 inputs ends with 5 outputs; x + f(x) needs equal widths");
    Expect.failure(
        () -> Network.of(4, Residual.of(Residual.of(Linear.of(5)), Linear.of(4))),
        "A residual block of 4 inputs ends with 5 outputs");
    for (double p : new double[] {-0.1, 1, Double.NaN}) {
      Expect.failure(
          () -> new Dropout(p), "The dropout probability must be at least 0 and below 1, not " + p);
    }
    for (double epsilon : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      Expect.failure(
          () -> NORM.withEpsilon(epsilon),
          "Batch norm's epsilon must be at least 0, not " + epsilon);
    }
    for (double weight : new double[] {0, 1.5, Double.NaN}) {
      Expect.failure(
          () -> RunningStatistics.exponential(weight),
          "The weight of the new batch in the running statistics must be above 0 and at most 1,"
              + " not "
              + weight);
    }
    for (double sigma : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      Expect.failure(
          () -> Initialiser.normal(sigma),
          "An initialiser's sigma must be at least 0 and finite, not " + sigma);
    }
    Expect.failure(
        () -> Network.of(65536, Linear.of(65536)).build(backend, 1),
        "The parameter 0.weight of 65536 x 65536 has more than 2,147,483,647 elements");
  }

  @Test
  void oneRowCannotTrainThroughBatchNorm() {
    Network network = Network.of(2, NORM, Linear.of(2));
    try (Model model = network.build(backend, 1);
        Memory memory = new Memory(backend, 1)) {
      Matrix row = memory.take(1, 2);
      Matrix gradients = memory.takeFixed(1, model.flatParameters().columns());
      Expect.failure(
          () -> Pass.training(model, memory, row, gradients, new dev.evenkeel.backend.Step(), 1),
          "Batch norm can't be trained on a batch of one row",
          "help: a batch of at least 2 rows");
      assertEquals(2, Pass.inference(model, memory, row).output().columns());
    }
  }
}
