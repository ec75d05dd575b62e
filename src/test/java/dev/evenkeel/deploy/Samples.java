package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.WeightNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Networks of every kind, with values as after a training, and what the backend makes of them. */
final class Samples {

  static final int INPUTS = 5;
  private static final int WIDTH = 8;

  private Samples() {}

  /** By their names: every norm before the activation and behind it, every activation, the rest. */
  static Map<String, Network> networks() {
    Map<String, Network> networks = new TreeMap<>();
    norms()
        .forEach(
            (name, norm) -> {
              networks.put(name + " before", network(wide(), norm, Activate.relu()));
              networks.put(name + " after", network(wide(), Activate.relu(), norm));
            });
    WeightNorm gain = WeightNorm.ofGain(1.3);
    networks.put("weight", network(wide().withWeightNorm(gain), Activate.relu()));
    networks.put(
        "weight + mean-only",
        network(
            wide().withWeightNorm(WeightNorm.fromData()), BatchNorm.meanOnly(), Activate.relu()));
    for (Activation function : Activation.values()) {
      networks.put(function.label(), network(wide(), Activate.of(function)));
      List<Layer> normProp = new ArrayList<>(NormProp.block(WIDTH, function));
      normProp.add(Activate.of(Activation.TANH)); // so that it can't be folded
      networks.put("normprop " + function.label(), network(normProp.toArray(Layer[]::new)));
    }
    networks.put(
        "residual",
        network(
            wide(),
            Residual.of(
                BatchNorm.standard(),
                Activate.relu(),
                wide().withWeightNorm(gain),
                Residual.of(RowNorm.rms(), wide()))));
    networks.put(
        "dropout",
        network(
            wide(),
            BatchNorm.standard(),
            new Dropout(0.5),
            Activate.of(Activation.SELU),
            new AlphaDropout(0.1)));
    networks.put(
        "no linear layer next to the norm",
        network(Activate.of(Activation.TANH), BatchNorm.meanOnly(), Activate.relu()));
    return networks;
  }

  private static Map<String, Layer> norms() {
    return Map.of(
        "batch", BatchNorm.standard(),
        "ghost", BatchNorm.standard().withGhost(2).withEpsilon(0.01),
        "mean-only", BatchNorm.meanOnly(),
        "layer", RowNorm.layer(),
        "rms", RowNorm.rms().withEpsilon(0.01),
        "group", RowNorm.group(2),
        "instance", RowNorm.instance(2).withEpsilon(0.1));
  }

  private static Linear wide() {
    return Linear.of(WIDTH);
  }

  private static Network network(Layer... hidden) {
    List<Layer> layers = new ArrayList<>(List.of(hidden));
    layers.add(Linear.of(3));
    return new Network(INPUTS, layers);
  }

  static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 2 * (float) random.nextGaussian();
    }
    return values;
  }

  /**
   * @param tolerance as a share of the largest output
   */
  static void assertClose(float[] expected, float[] seen, double tolerance) {
    double scale = 0;
    for (float value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    assertTrue(scale > 1e-3, "outputs of 0 would show nothing");
    assertArrayEquals(expected, seen, (float) (tolerance * scale));
  }
}
