package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Twin;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import dev.evenkeel.nn.WeightNorm;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.tensor.RowOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole networks against their float64 twins: losses, gradients, running statistics, and outputs at
 * inference, over steps whose batches differ in size.
 */
class ModelGradientTest {

  /** Steps that shrink and grow the batch, so that every plan runs in memory that others used. */
  private static final int[] BATCHES = {7, 5, 7, 6};

  /**
   * The largest error of a gradient, as a share of the largest gradient of its parameter (or of a
   * hundredth of the largest of all, where its own are that small): a few hundred float32 roundings
   * (6e-8), which batch norm over five rows can enlarge by its 1/√(σ² + ε).
   */
  private static final double GRADIENT_TOLERANCE = 1e-4;

  /**
   * For networks of up to ten norms and twenty layers, which each enlarge what comes from behind.
   */
  private static final double DEEP_GRADIENT_TOLERANCE = 1e-3;

  private double gradientTolerance = GRADIENT_TOLERANCE;

  /** Of values that one forward walk makes, as a share of the largest. */
  private static final double VALUE_TOLERANCE = 2e-5;

  private static final int ROWS = 25;
  private static final long SEED = 0x5EED_0000_1234_5678L;

  /** All values away from 0 and 1, where mistakes hide. */
  private static void jitter(Model model, Random random) {
    for (Parameter parameter : model.parameters()) {
      float[] values = model.values(parameter);
      for (int i = 0; i < values.length; i++) {
        values[i] = 0.8f * values[i] + 0.3f * (float) random.nextGaussian();
      }
      model.backend().write(values, parameter.value());
    }
  }

  private static float[] gaussian(Random random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] targets(Loss loss, int outputs, Random random) {
    boolean classes = loss instanceof Loss.SoftmaxCrossEntropy;
    float[] values = gaussian(random, classes ? ROWS : ROWS * outputs);
    for (int i = 0; i < values.length; i++) {
      if (classes) {
        values[i] = random.nextInt(outputs);
      } else if (loss instanceof Loss.BinaryCrossEntropy) {
        values[i] = random.nextInt(3) / 2f;
      }
    }
    return values;
  }

  private void check(Network network, Loss loss) {
    check(network, loss, 1, Integer.MAX_VALUE);
  }

  /**
   * Momentum 0 keeps the gradient itself as its velocity, and a learning rate of 1e-30 moves
   * nothing but zeros: so a whole training step shows its gradient.
   */
  private void check(Network network, Loss loss, int threads, int mostDerivatives) {
    Random random = new Random(network.toString().hashCode()); // its own, enums', differs by run
    float[] features = gaussian(random, ROWS * network.inputs());
    float[] targets = targets(loss, network.outputs(), random);
    int targetColumns = targets.length / ROWS;
    int[] order = IntStream.range(0, ROWS).map(i -> (i * 7 + 3) % ROWS).toArray();
    RowOrder rowOrder = new RowOrder(order);
    Optimizer bare = new Optimizer.Momentum(1e-30, 0, false, 0);
    try (Backend backend = Device.cpu(threads);
        Model model = network.build(backend, 11)) {
      jitter(model, random);
      Twin twin = new Twin(model);
      TrainingStep.Source source =
          new TrainingStep.Source(
              backend.table(features, ROWS, network.inputs()),
              backend.table(targets, ROWS, targetColumns),
              rowOrder);
      try (TrainingStep step = new TrainingStep(model, source, loss, bare, 0, 7, SEED)) {
        long planned = backend.allocated();
        int position = 0;
        for (int number = 0; number < BATCHES.length; number++) {
          int rows = BATCHES[number];
          rowOrder.moveTo(position);
          int[] batch = Arrays.copyOfRange(order, position, position + rows);
          position += rows;
          double[][] x = Twin.rows(features, network.inputs(), batch);
          double[][] t = Twin.rows(targets, targetColumns, batch);
          Twin.Mode mode = Twin.Mode.training(SEED, number);

          double expected = twin.loss(x, t, loss, mode);
          double seen = step.run(rows, number, bare.learningRate());
          assertEquals(expected, seen, VALUE_TOLERANCE * Math.max(1, expected), network::toString);
          assertGradients(model, step, twin, x, t, loss, mode, random, mostDerivatives);
          twin.moveStatistics(x, mode);
        }
        assertEquals(planned, backend.allocated(), "smaller batches fit the memory of the largest");
      }
      assertStatistics(model, twin);
      assertInference(model, twin, features);
    }
  }

  private void assertGradients(
      Model model,
      TrainingStep step,
      Twin twin,
      double[][] x,
      double[][] t,
      Loss loss,
      Twin.Mode mode,
      Random random,
      int most) {
    float[] flat = new float[model.flatParameters().columns()];
    model.backend().read(step.optimizerState().get(0), flat);
    Map<Parameter, double[]> errors = new LinkedHashMap<>();
    double largest = 0;
    for (Parameter parameter : model.parameters()) {
      int size = (int) parameter.size();
      int[] indexes =
          size <= most
              ? IntStream.range(0, size).toArray()
              : random.ints(most, 0, size).distinct().toArray();
      double error = 0;
      double scale = 0;
      for (int index : indexes) {
        double expected = twin.derivative(parameter.name(), index, x, t, loss, mode);
        error = Math.max(error, Math.abs(expected - flat[(int) parameter.offset() + index]));
        scale = Math.max(scale, Math.abs(expected));
      }
      errors.put(parameter, new double[] {error, scale});
      largest = Math.max(largest, scale);
    }
    assertTrue(largest > 1e-4, "the gradient is not 0 everywhere, or nothing was tested");
    for (Map.Entry<Parameter, double[]> entry : errors.entrySet()) {
      double scale = Math.max(entry.getValue()[1], 0.01 * largest);
      double error = entry.getValue()[0] / scale;
      assertTrue(
          error < gradientTolerance,
          () ->
              "gradient of %s in a batch of %d rows: error %.2g of %s"
                  .formatted(entry.getKey().name(), x.length, error, model.network()));
    }
  }

  private static void assertStatistics(Model model, Twin twin) {
    for (Parameter statistic : model.statistics()) {
      assertClose(twin.values.get(statistic.name()), model.values(statistic), statistic.name());
    }
  }

  private static void assertInference(Model model, Twin twin, float[] features) {
    int inputs = model.network().inputs();
    Dataset data = Dataset.unlabelled("rows", features, inputs);
    double[][] all = Twin.rows(features, inputs, IntStream.range(0, ROWS).toArray());
    double[] expected =
        Stream.of(twin.outputs(all, Twin.Mode.inference()))
            .flatMapToDouble(Arrays::stream)
            .toArray();
    for (int chunk : new int[] {ROWS, 8, 1}) {
      try (Evaluator evaluator = new Evaluator(model, data, Optional.empty(), chunk)) {
        assertClose(expected, evaluator.run(), "outputs in chunks of " + chunk);
        assertClose(expected, evaluator.run(), "outputs in chunks of " + chunk + ", run again");
      }
    }
  }

  private static void assertClose(double[] expected, float[] seen, String what) {
    assertEquals(expected.length, seen.length, what);
    double scale = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    for (int i = 0; i < seen.length; i++) {
      assertEquals(expected[i], seen[i], VALUE_TOLERANCE * Math.max(scale, 1e-3), what);
    }
  }

  private static final BatchNorm NORM = BatchNorm.standard();
  private static final Layer RELU = Activate.relu();
  private static final Layer TANH = Activate.of(Activation.TANH);

  @ParameterizedTest
  @EnumSource(Activation.class)
  void everyActivationBehindLinearAndNormAndOnItsOwn(Activation activation) {
    Activate act = Activate.of(activation);
    check(Network.of(4, Linear.of(5), act, Linear.of(3)), Loss.crossEntropy());
    check(Network.of(4, Linear.of(5).withBias(false), act, Linear.of(3)), Loss.crossEntropy());
    check(Network.of(4, Linear.of(5), NORM, act, Linear.of(3)), Loss.crossEntropy());
    check(Network.of(4, Linear.of(5), act, act, NORM, Linear.of(3)), Loss.crossEntropy());
    check(Network.of(4, act, Linear.of(3), act), Loss.crossEntropy());
  }

  static Stream<Loss> losses() {
    return Stream.of(
        Loss.crossEntropy(),
        Loss.crossEntropy(0.1),
        new Loss.SoftmaxCrossEntropy(0, List.of(0.5, 2.0, 1.25, 0.0)),
        new Loss.SoftmaxCrossEntropy(0.2, List.of(3.0, 1.0, 0.1, 0.7)),
        Loss.binaryCrossEntropy(),
        Loss.meanSquared(),
        Loss.meanAbsolute(),
        Loss.huber(0.7));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void everyLossBehindAWholeNetwork(Loss loss) {
    check(Network.of(5, Linear.of(8), NORM, TANH, new Dropout(0.25), Linear.of(4)), loss);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void everyNetworkThatMemoryReuseCouldBreak(Network network) {
    check(network, Loss.crossEntropy(0.05));
  }

  static Stream<Network> networks() {
    BatchNorm cumulative =
        NORM.withRunning(RunningStatistics.cumulative())
            .withRunningVariance(RunningVariance.BIASED)
            .withEpsilon(1e-3);
    BatchNorm quick = NORM.withRunning(RunningStatistics.exponential(1));
    Layer gelu = Activate.of(Activation.GELU);
    return Stream.of(
        Network.of(3, Linear.of(3)),
        Network.of(4, NORM),
        Network.of(4, NORM, Linear.of(3)),
        Network.of(4, new Dropout(0.5), Linear.of(3)),
        Network.of(4, Linear.of(6).withBias(true), cumulative, RELU, Linear.of(3)),
        Network.of(4, Linear.of(6), RELU, quick, Linear.of(3), NORM),
        Network.of(5, Linear.of(9), NORM, RELU, Linear.of(2), NORM, RELU, Linear.of(7), TANH),
        Network.of(5, Residual.of(Linear.of(5), NORM, RELU), Linear.of(3)),
        Network.of(5, Residual.of(), Linear.of(4), Residual.of(), Linear.of(3)),
        Network.of(5, Linear.of(4), Residual.of(new Dropout(0.3)), Linear.of(3)),
        Network.of(5, Linear.of(4), Residual.of(TANH), Residual.of(NORM), Linear.of(3)),
        Network.of(
            5,
            Linear.of(6),
            NORM,
            RELU,
            Residual.of(Linear.of(11), NORM, gelu, new Dropout(0.2), Linear.of(6), NORM),
            RELU,
            Residual.of(NORM, gelu, Linear.of(2), NORM, gelu, Linear.of(6)),
            NORM,
            Linear.of(3)),
        Network.of(
            4,
            Residual.of(Residual.of(Linear.of(7), TANH, Linear.of(4)), NORM, Residual.of(RELU)),
            Linear.of(8),
            Residual.of(
                Residual.of(Residual.of(new Dropout(0.4), Linear.of(8)), TANH, Linear.of(8))),
            Linear.of(3)));
  }

  static Stream<Network> norms() {
    // An epsilon that two or three features which happen to be near can't blow roundings up by.
    RowNorm groups = RowNorm.group(2).withEpsilon(0.01);
    RowNorm threes = RowNorm.instance(3).withEpsilon(0.01);
    RowNorm pairs = RowNorm.instance(2).withEpsilon(0.01);
    BatchNorm biased = NORM.withRunningVariance(RunningVariance.BIASED).withEpsilon(1e-3);
    Linear weightNormed = Linear.of(6).withWeightNorm(WeightNorm.ofGain(0.8));
    Linear fromData = Linear.of(6).withWeightNorm(WeightNorm.fromData());
    Layer gelu = Activate.of(Activation.GELU);
    Layer selu = Activate.of(Activation.SELU);
    return Stream.of(
        Network.of(4, RowNorm.layer()),
        Network.of(4, Linear.of(6), RowNorm.layer(), RELU, Linear.of(3)),
        Network.of(4, Linear.of(6), TANH, RowNorm.layer().withEpsilon(1e-2), Linear.of(3)),
        Network.of(4, Linear.of(6), RowNorm.rms(), gelu, RowNorm.rms(), Linear.of(3)),
        Network.of(4, Linear.of(6), groups, TANH, RowNorm.group(1), Linear.of(3)),
        Network.of(4, Linear.of(6), threes, TANH, pairs, Linear.of(3)),
        Network.of(4, Linear.of(6), Residual.of(RowNorm.rms(), gelu, weightNormed), Linear.of(3)),
        Network.of(
            4,
            Linear.of(6),
            Residual.of(RowNorm.layer()),
            RowNorm.group(3).withEpsilon(0.01),
            Linear.of(3)),
        Network.of(4, weightNormed, RELU, Linear.of(3)),
        Network.of(4, fromData.withBias(false), Linear.of(1).withWeightNorm(WeightNorm.ofGain(2))),
        Network.of(4, fromData, NORM, gelu, weightNormed, BatchNorm.meanOnly(), TANH, Linear.of(3)),
        Network.of(4, new Residual(NormProp.block(4, Activation.RELU)), Linear.of(3)),
        Network.of(4, RELU, new NormProp(Activation.RELU), NORM, Linear.of(3)),
        Network.of(4, Linear.of(6), BatchNorm.meanOnly(), RELU, BatchNorm.meanOnly(), Linear.of(3)),
        Network.of(4, Linear.of(6), BLUNT.withGhost(2), RELU, BLUNT.withGhost(3), Linear.of(3)),
        Network.of(4, Linear.of(6), biased.withGhost(3), TANH, NORM.withGhost(99), Linear.of(3)),
        Network.of(4, BatchNorm.meanOnly().withGhost(2), Linear.of(3)),
        Network.of(4, BLUNT.withGhost(2).withRunning(RunningStatistics.cumulative()), Linear.of(3)),
        Network.of(4, Linear.of(6), selu, new AlphaDropout(0.3), weightNormed, Linear.of(3)),
        Network.of(4, Residual.of(new AlphaDropout(0.2), Linear.of(4), selu), Linear.of(3)));
  }

  @ParameterizedTest
  @MethodSource("norms")
  void everyNormInAWholeNetwork(Network network) {
    check(network, network.outputs() == 1 ? Loss.meanSquared() : Loss.crossEntropy(0.05));
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void everyActivationBehindRowAndWeightNormAndBeforeNormProp(Activation activation) {
    Activate act = Activate.of(activation);
    Layer groups = RowNorm.group(2).withEpsilon(0.01);
    check(Network.of(4, Linear.of(6), groups, act, Linear.of(3)), Loss.crossEntropy());
    check(Network.of(4, Linear.of(6), RowNorm.rms(), act, Linear.of(3)), Loss.crossEntropy());
    check(Network.of(4, Linear.of(6), BLUNT.withGhost(2), act, Linear.of(3)), Loss.crossEntropy());
    check(
        Network.of(4, Linear.of(6), BatchNorm.meanOnly(), act, Linear.of(3)), Loss.crossEntropy());
    List<Layer> block = new ArrayList<>(NormProp.block(6, activation));
    block.add(Linear.of(3));
    check(new Network(4, block), Loss.crossEntropy());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void widePanelsOnSeveralThreads(int threads) {
    Network network =
        Network.of(
            70,
            Linear.of(300),
            NORM,
            Activate.of(Activation.SILU),
            Residual.of(Linear.of(290), NORM, TANH, new Dropout(0.1), Linear.of(300)),
            NORM,
            Linear.of(10));
    check(network, Loss.crossEntropy(), threads, 6);
  }

  /** With momentum 0, the velocity is the gradient as it was clipped. */
  @Test
  void clippingScalesTheWholeGradientToTheNorm() {
    float[] features = gaussian(new Random(1), 40);
    float[] targets = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0};
    Optimizer bare = new Optimizer.Momentum(1e-30, 0, false, 0);
    try (Backend backend = Device.cpu(2);
        Model model = Network.mlp(4, List.of(8), 3).build(backend, 1)) {
      TrainingStep.Source source =
          new TrainingStep.Source(
              backend.table(features, 10, 4),
              backend.table(targets, 10, 1),
              new RowOrder(IntStream.range(0, 10).toArray()));
      float[][] gradients = new float[3][model.flatParameters().columns()];
      double[] limits = {0, 1e-3, 1e3};
      for (int i = 0; i < 3; i++) {
        try (TrainingStep step =
            new TrainingStep(model, source, Loss.crossEntropy(), bare, limits[i], 10, SEED)) {
          step.run(10, 0, 1e-30);
          backend.read(step.optimizerState().get(0), gradients[i]);
        }
      }
      double norm = 0;
      for (float g : gradients[0]) {
        norm += (double) g * g;
      }
      norm = Math.sqrt(norm);
      for (int j = 0; j < gradients[0].length; j++) {
        assertEquals(gradients[0][j] * 1e-3 / norm, gradients[1][j], 1e-9);
        assertEquals(gradients[0][j], gradients[2][j], "a limit above the norm changes nothing");
      }
    }
  }

  @Test
  void networksMadeAtRandom() {
    gradientTolerance = DEEP_GRADIENT_TOLERANCE;
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      int inputs = 2 + random.nextInt(5);
      List<Layer> layers = new ArrayList<>(randomLayers(random, inputs, 5, 2));
      layers.add(Linear.of(3));
      Loss loss = random.nextBoolean() ? Loss.crossEntropy() : Loss.meanSquared();
      check(new Network(inputs, layers), loss, 1 + seed % 2, 5);
    }
  }

  /** An epsilon that columns which dropout made constant can't blow roundings up by. */
  private static final BatchNorm BLUNT = NORM.withEpsilon(0.01);

  private static Layer randomNorm(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> RowNorm.layer().withEpsilon(0.01);
      case 1 -> RowNorm.rms().withEpsilon(0.01);
      case 2 -> BLUNT.withGhost(2 + random.nextInt(3));
      case 3 -> BatchNorm.meanOnly();
      default -> BLUNT;
    };
  }

  private static List<Layer> randomLayers(Random random, int width, int count, int depth) {
    List<Layer> layers = new ArrayList<>();
    int now = width;
    for (int i = 0; i < count; i++) {
      int kind = random.nextInt(depth > 0 ? 6 : 4);
      if (kind < 2) {
        now = 2 + random.nextInt(9);
        Linear linear = Linear.of(now);
        boolean normed = random.nextInt(3) == 0;
        layers.add(normed ? linear.withWeightNorm(WeightNorm.ofGain(1)) : linear);
        layers.addAll(kind == 0 ? List.of(randomNorm(random), TANH) : List.of());
      } else if (kind == 2) {
        Activation function = Activation.values()[random.nextInt(10)];
        layers.add(Activate.of(function));
        layers.addAll(random.nextInt(3) == 0 ? List.of(new NormProp(function)) : List.of());
      } else if (kind == 3) {
        double rate = 0.3 * random.nextInt(2);
        Layer dropout = random.nextBoolean() ? new Dropout(rate) : new AlphaDropout(rate);
        layers.add(random.nextBoolean() ? randomNorm(random) : dropout);
      } else {
        List<Layer> inner = new ArrayList<>(randomLayers(random, now, 3, depth - 1));
        if (random.nextInt(4) > 0 || new Network(now, inner).outputs() != now) {
          inner.add(Linear.of(now));
        }
        layers.add(new Residual(inner));
      }
    }
    return layers;
  }
}
