package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.into;
import static dev.evenkeel.train.Runs.parameters;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Twin;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Source;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Initialiser;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Claims about whole training runs. */
class NumericsTest {

  private static final int STEPS = 200;

  /** Of every step's loss, as a share of it, and of the weights, as a share of their norm. */
  private static final double CURVE_TOLERANCE = 1e-4;

  /** All that a run of 200 steps gives: its losses, then its parameters. */
  private static float[][] run(int threads, Optimizer optimizer) {
    Network network =
        Network.of(
            64,
            Linear.of(280),
            BatchNorm.standard(),
            Activate.relu(),
            new Dropout(0.1),
            Linear.of(150),
            BatchNorm.standard(),
            Activate.of(Activation.GELU),
            Linear.of(10));
    Recipe recipe =
        Recipe.classification().withOptimizer(optimizer).withBatch(96).withSteps(STEPS).withClip(5);
    try (Backend backend = Device.cpu(threads);
        Model model = network.build(backend, 1)) {
      List<Float> curve = new ArrayList<>();
      new Trainer(model, recipe, Digits.DATA.train()).withListener(into(curve)).fit();
      float[] losses = new float[STEPS];
      for (int i = 0; i < STEPS; i++) {
        losses[i] = curve.get(i);
      }
      return new float[][] {losses, parameters(model)};
    }
  }

  @Test
  void oneTwoAndThreeThreadsTrainTheSameCurve() {
    Optimizer optimizer = Optimizer.momentum(0.02);
    float[][] one = run(1, optimizer);
    assertTrue(one[0][STEPS - 1] < 0.3 * one[0][0], "it learned");
    for (int threads = 2; threads <= 3; threads++) {
      float[][] more = run(threads, optimizer);
      for (int step = 0; step < STEPS; step++) {
        String what = "step " + (step + 1) + " on " + threads + " threads";
        assertEquals(one[0][step], more[0][step], CURVE_TOLERANCE * one[0][step], what);
      }
      assertTrue(distance(one[1], more[1]) < CURVE_TOLERANCE);
    }
  }

  private static double distance(float[] a, float[] b) {
    double square = 0;
    double norm = 0;
    for (int i = 0; i < a.length; i++) {
      square += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      norm += (double) a[i] * a[i];
    }
    return Math.sqrt(square / norm);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void theSameRunTwiceGivesTheSameBits(int threads) {
    float[][] first = run(threads, Optimizer.adamw(1e-3));
    float[][] second = run(threads, Optimizer.adamw(1e-3));
    assertArrayEquals(first[0], second[0]);
    assertArrayEquals(first[1], second[1]);
  }

  // Against the twin

  static Stream<Optimizer> optimizers() {
    return Stream.of(
        Optimizer.gradientDescent(0.1),
        Optimizer.nesterov(0.02).withWeightDecay(1e-3),
        Optimizer.adam(0.003),
        Optimizer.adamw(0.003));
  }

  /** The optimizer's rule in doubles, for one parameter. */
  private static double next(
      Optimizer optimizer, double[] state, double p, double g, double decay, double rate, int t) {
    if (optimizer instanceof Optimizer.GradientDescent) {
      return p - rate * (g + decay * p);
    } else if (optimizer instanceof Optimizer.Momentum m) {
      double decayed = g + decay * p;
      state[0] = m.momentum() * state[0] + decayed;
      return p - rate * (m.nesterov() ? decayed + m.momentum() * state[0] : state[0]);
    }
    boolean decoupled = optimizer instanceof Optimizer.AdamW;
    double whole = decoupled ? g : g + decay * p;
    state[0] = 0.9 * state[0] + 0.1 * whole;
    state[1] = 0.999 * state[1] + 0.001 * whole * whole;
    double mean = state[0] / (1 - Math.pow(0.9, t));
    double square = state[1] / (1 - Math.pow(0.999, t));
    return (decoupled ? p - rate * decay * p : p) - rate * mean / (Math.sqrt(square) + 1e-8);
  }

  /** Smooth activations: at a kink the two could take different sides, and part for good. */
  @ParameterizedTest
  @MethodSource("optimizers")
  void twoHundredStepsStayWithTheTwinInDoubles(Optimizer optimizer) {
    Network network =
        Network.of(
            6,
            Linear.of(7),
            BatchNorm.standard(),
            Activate.of(Activation.TANH),
            new Dropout(0.1),
            Linear.of(5),
            BatchNorm.standard(),
            Activate.of(Activation.SILU),
            Linear.of(3));
    Dataset data = threeClouds(60);
    Recipe recipe =
        Recipe.classification()
            .withOptimizer(optimizer)
            .withSchedule(Schedule.cosine(0.1))
            .withBatch(20)
            .withSteps(STEPS)
            .withSeed(21);
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 1)) {
      Twin twin = new Twin(model);
      List<Float> curve = new ArrayList<>();
      new Trainer(model, recipe, data).withListener(into(curve)).fit();
      double[] expected = trainTwin(twin, recipe, data);
      assertTrue(expected[STEPS - 1] < 0.7 * expected[0], "it learned");
      for (int step = 0; step < STEPS; step++) {
        double tolerance = CURVE_TOLERANCE * expected[step];
        assertEquals(expected[step], curve.get(step), tolerance, "step " + (step + 1));
      }
      Twin after = new Twin(model);
      for (String name : twin.values.keySet()) {
        double[] seen = after.values.get(name);
        double norm = Math.sqrt(Arrays.stream(seen).map(v -> v * v).sum());
        for (int i = 0; i < seen.length; i++) {
          assertEquals(twin.values.get(name)[i], seen[i], CURVE_TOLERANCE * norm, name);
        }
      }
    }
  }

  private static double[] trainTwin(Twin twin, Recipe recipe, Dataset data) {
    Map<String, double[][]> states = new HashMap<>();
    double[] losses = new double[STEPS];
    Batches batches = Batches.of(data.rows(), recipe.batch(), 2);
    int[] order = {};
    for (int step = 0; step < STEPS; step++) {
      int batch = step % batches.count();
      if (batch == 0) {
        order = Streams.shuffled(data.rows(), recipe.seed(), step / batches.count());
      }
      int from = batches.start(batch);
      int[] rows = Arrays.copyOfRange(order, from, from + batches.size(batch));
      double[][] x = Twin.rows(data.features(), data.columns(), rows);
      double[][] t = Twin.rows(data.targets(), 1, rows);
      Twin.Mode mode = Twin.Mode.training(recipe.seed(), step);
      losses[step] = twin.loss(x, t, recipe.loss(), mode);
      Map<String, double[]> gradients = new HashMap<>();
      for (String name : twin.parameterNames()) {
        double[] gradient = new double[twin.values.get(name).length];
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] = twin.derivative(name, i, x, t, recipe.loss(), mode);
        }
        gradients.put(name, gradient);
      }
      twin.moveStatistics(x, mode);
      double rate = recipe.optimizer().learningRate() * recipe.schedule().factor(step, STEPS);
      for (String name : twin.parameterNames()) {
        double[] values = twin.values.get(name);
        double[][] state = states.computeIfAbsent(name, n -> new double[values.length][2]);
        boolean decays = List.of("0.weight", "4.weight", "7.weight").contains(name);
        double decay = decays ? recipe.optimizer().weightDecay() : 0;
        for (int i = 0; i < values.length; i++) {
          double g = gradients.get(name)[i];
          values[i] = next(recipe.optimizer(), state[i], values[i], g, decay, rate, step + 1);
        }
      }
    }
    return losses;
  }

  private static Dataset threeClouds(int rows) {
    Philox random = new Philox(5, 0);
    float[] features = new float[rows * 6];
    int[] labels = new int[rows];
    for (int i = 0; i < rows; i++) {
      labels[i] = i % 3;
      for (int j = 0; j < 6; j++) {
        features[i * 6 + j] = (float) (random.nextGaussian() + (j % 3 == labels[i] ? 1.5 : 0));
      }
    }
    return Dataset.classification("clouds", features, 6, labels, List.of("a", "b", "c"));
  }

  // The paper

  /**
   * Ioffe and Szegedy 2015, section 4.1: three layers of 100 sigmoids on binary images, weights
   * from a small Gaussian, batches of 60. The paper plots that its net with batch norm is nearly
   * done when the other has hardly begun.
   */
  @Test
  void thePapersNetLearnsMnistWithBatchNormWhereItHasHardlyBegunWithout() {
    Source.Arrays mnist = mnist();
    Dataset train = binary(mnist.data());
    Dataset test = binary(mnist.test().orElseThrow());
    double with = paperAccuracy(train, test, true);
    double without = paperAccuracy(train, test, false);
    assertTrue(with >= 0.92, "with batch norm: " + with);
    assertTrue(without < 0.4, "without: " + without);
  }

  private static Source.Arrays mnist() {
    try {
      return (Source.Arrays) Catalog.standard().load("mnist");
    } catch (EvenkeelException e) {
      boolean missing = e.getMessage().startsWith("The data set mnist is not here");
      assumeTrue(!missing, e.getMessage());
      throw e;
    }
  }

  private static Dataset binary(Dataset images) {
    float[] pixels = new float[images.features().length];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = images.features()[i] > 127 ? 1 : 0;
    }
    List<String> classes = IntStream.range(0, 10).mapToObj(Integer::toString).toList();
    return Dataset.classification("binary mnist", pixels, 784, images.labels(), classes);
  }

  private static double paperAccuracy(Dataset train, Dataset test, boolean norm) {
    Linear linear = Linear.of(100).withInitialiser(Initialiser.normal(0.05));
    Activate sigmoid = Activate.of(Activation.SIGMOID);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      layers.addAll(
          norm ? List.of(linear, BatchNorm.standard(), sigmoid) : List.of(linear, sigmoid));
    }
    layers.add(Linear.of(10).withInitialiser(Initialiser.normal(0.05)));
    Network network = new Network(784, layers);
    Recipe recipe =
        Recipe.classification()
            .withOptimizer(Optimizer.gradientDescent(0.1))
            .withSchedule(Schedule.constant())
            .withBatch(60)
            .withSteps(2000);
    try (Backend backend = Device.cpu();
        Model model = network.build(backend, 1)) {
      new Trainer(model, recipe, train).fit();
      return Metric.named("accuracy")
          .of(Evaluator.predictions(model, test, 1000, Optional.empty()));
    }
  }
}
