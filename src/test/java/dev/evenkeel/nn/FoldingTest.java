package dev.evenkeel.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Twin;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A folded network's outputs are the original's, and what can be folded is. */
class FoldingTest {

  private static final int ROWS = 9;

  private static final BatchNorm NORM = BatchNorm.standard();
  private static final BatchNorm MEAN = BatchNorm.meanOnly();
  private static final Layer RELU = Activate.relu();
  private static final Layer TANH = Activate.of(Activation.TANH);
  private static final Linear WEIGHT = Linear.of(7).withWeightNorm(WeightNorm.ofGain(1.3));
  private static final Linear PLAIN = Linear.of(7).withBias(true);
  private static final Linear END = Linear.of(3).withBias(true);

  private static Arguments folds(Network network, Layer... left) {
    return Arguments.of(network, Network.of(network.inputs(), left));
  }

  static Stream<Arguments> foldable() {
    NormProp relu = new NormProp(Activation.RELU);
    return Stream.of(
        folds(Network.of(5, Linear.of(7), NORM, RELU, Linear.of(3)), PLAIN, RELU, END),
        folds(Network.of(5, Linear.of(7), MEAN, RELU, Linear.of(3)), PLAIN, RELU, END),
        folds(Network.of(5, Linear.of(7), NORM.withGhost(2), TANH, END), PLAIN, TANH, END),
        folds(Network.of(5, Linear.of(7), RELU, NORM, new Dropout(0.5), END), PLAIN, RELU, END),
        folds(Network.of(5, Linear.of(7), RELU, new Dropout(0.5), NORM, END), PLAIN, RELU, END),
        folds(Network.of(5, NORM, Linear.of(7).withBias(false), RELU, END), PLAIN, RELU, END),
        folds(Network.of(5, WEIGHT, RELU, END.withWeightNorm(WeightNorm.NONE)), PLAIN, RELU, END),
        folds(Network.of(5, WEIGHT, NORM, MEAN, RELU, relu, NORM, END), PLAIN, RELU, END),
        folds(Network.of(5, WEIGHT, RELU, relu, new AlphaDropout(0.1), END), PLAIN, RELU, END),
        folds(Network.of(5, Linear.of(3).withBias(false)), Linear.of(3).withBias(false)),
        folds(
            Network.of(5, Linear.of(7), RowNorm.layer(), RELU, NORM, END),
            PLAIN,
            RowNorm.layer(),
            RELU,
            END),
        folds(Network.of(5, TANH, NORM, RELU, END), TANH, NORM, RELU, END),
        folds(Network.of(5, Linear.of(7), RELU, relu, TANH, END), PLAIN, RELU, relu, TANH, END),
        folds(
            Network.of(
                5, Linear.of(7), Residual.of(NORM, RELU, WEIGHT, NORM), MEAN, RowNorm.rms(), END),
            PLAIN,
            Residual.of(NORM, RELU, PLAIN),
            MEAN,
            RowNorm.rms(),
            END),
        folds(
            Network.of(5, new Dropout(0.5), Residual.of(Residual.of(NORM, Linear.of(5)), NORM)),
            Residual.of(Residual.of(Linear.of(5).withBias(true)), NORM)));
  }

  @ParameterizedTest
  @MethodSource("foldable")
  void whatCanBeFoldedIsAndTheRestStays(Network network, Network expected) {
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 3)) {
      AsTrained.disturb(model, new Random(5));
      Folding folded = Folding.fold(model);
      assertEquals(expected, folded.network());
      assertSame(model, folded);
    }
  }

  /** By the float64 twins, so that nothing but the weights' one rounding (6e-8) differs. */
  private static void assertSame(Model model, Folding folded) {
    Random random = new Random(7);
    int inputs = model.network().inputs();
    float[] features = new float[ROWS * inputs];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian();
    }
    int[] all = java.util.stream.IntStream.range(0, ROWS).toArray();
    double[][] x = Twin.rows(features, inputs, all);
    double[][] expected = new Twin(model).outputs(x, Twin.Mode.inference());
    double[][] seen = new Twin(folded.network(), folded.values()).outputs(x, Twin.Mode.inference());
    double scale = largest(expected);
    assertTrue(scale > 1e-3, "outputs of 0 would show nothing");
    for (int n = 0; n < ROWS; n++) {
      assertEquals(expected[n].length, seen[n].length);
      for (int j = 0; j < expected[n].length; j++) {
        assertEquals(expected[n][j], seen[n][j], 1e-6 * scale, model.network()::toString);
      }
    }
    assertRuns(model, folded, features, scale);
  }

  /** Both in float32: a few roundings (6e-8) of sums in another order, through a few layers. */
  private static void assertRuns(Model model, Folding folded, float[] features, double scale) {
    try (Model other = folded.build(model.backend())) {
      float[] expected = AsTrained.outputs(model, features);
      float[] seen = AsTrained.outputs(other, features);
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], seen[i], 1e-5 * scale, model.network()::toString);
      }
    }
  }

  private static double largest(double[][] values) {
    return Arrays.stream(values).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElse(0);
  }

  @Test
  void networksMadeAtRandom() {
    int shorter = 0;
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      List<Layer> layers = new ArrayList<>(randomLayers(random, 6, 2));
      layers.add(Linear.of(3));
      Network network = new Network(6, layers);
      try (Backend backend = Device.cpu(1);
          Model model = network.build(backend, seed)) {
        AsTrained.disturb(model, random);
        Folding folded = Folding.fold(model);
        assertSame(model, folded);
        shorter += folded.network().layers().size() < layers.size() ? 1 : 0;
      }
    }
    assertTrue(shorter > 100, shorter + " networks had something to fold");
  }

  /** All layers are 6 wide, so that any may be a residual block. */
  private static List<Layer> randomLayers(Random random, int count, int depth) {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      switch (random.nextInt(depth > 0 ? 8 : 7)) {
        case 0, 1 ->
            layers.add(
                Linear.of(6)
                    .withBias(random.nextBoolean())
                    .withWeightNorm(
                        random.nextBoolean() ? WeightNorm.NONE : WeightNorm.ofGain(1.2)));
        case 2 -> layers.addAll(NormProp.block(6, Activation.values()[random.nextInt(10)]));
        case 3 -> layers.add(random.nextBoolean() ? TANH : RELU);
        case 4 -> layers.add(random.nextBoolean() ? NORM : MEAN);
        case 5 -> layers.add(random.nextBoolean() ? RowNorm.rms() : RowNorm.group(2));
        case 6 -> layers.add(random.nextBoolean() ? new Dropout(0.2) : new AlphaDropout(0.2));
        default -> layers.add(new Residual(randomLayers(random, 3, depth - 1)));
      }
    }
    return layers;
  }
}
