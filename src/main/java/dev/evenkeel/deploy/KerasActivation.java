package dev.evenkeel.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.deploy.ImportedLayers.End;
import dev.evenkeel.deploy.KerasConfig.Entry;
import java.util.Map;

/** Keras' activations as ours, with the slopes and limits that its layers have by themselves. */
final class KerasActivation {

  private static final Map<String, Activation> BY_NAME =
      Map.ofEntries(
          Map.entry("linear", Activation.IDENTITY),
          Map.entry("relu", Activation.RELU),
          Map.entry("elu", Activation.ELU),
          Map.entry("selu", Activation.SELU),
          Map.entry("gelu", Activation.GELU),
          Map.entry("silu", Activation.SILU),
          Map.entry("swish", Activation.SILU),
          Map.entry("sigmoid", Activation.SIGMOID),
          Map.entry("tanh", Activation.TANH),
          Map.entry("softplus", Activation.SOFTPLUS));

  /** What leaky_relu has as a name, with no slope beside it. */
  private static final double SLOPE_OF_NAME = 0.2;

  private static final double SLOPE_OF_LAYER = 0.3;

  private static final double ROUNDING = 1e-6;

  private KerasActivation() {}

  /**
   * @param activation a name, or an object with a class and its configuration
   */
  static void add(JsonNode activation, String where, ImportedLayers layers) {
    JsonNode config = activation.path("config");
    if (activation.isMissingNode() || activation.isNull()) {
      return;
    }
    if (activation.isObject() && config.isObject()) {
      String kind = activation.path("class_name").asText();
      if (!addLayer(new Entry(kind, kind, config), where, layers)) {
        throw unknown(kind, where);
      }
      return;
    }
    addNamed(activation.isObject() ? config.asText() : activation.asText(), where, layers);
  }

  private static void addNamed(String name, String where, ImportedLayers layers) {
    switch (name) {
      case "softmax" -> layers.end(where, End.SOFTMAX);
      case "log_softmax" -> {
        layers.note(
            "The file gives logarithms of probabilities (log_softmax), Evenkeel the probabilities.");
        layers.end(where, End.SOFTMAX);
      }
      case "leaky_relu" -> leaky(SLOPE_OF_NAME, where, layers);
      default -> {
        if (!BY_NAME.containsKey(name)) {
          throw unknown(name, where);
        }
        layers.activate(where, BY_NAME.get(name));
      }
    }
  }

  /** Whether the layer is an activation. */
  static boolean addLayer(Entry layer, String where, ImportedLayers layers) {
    switch (layer.kind()) {
      case "Activation" -> add(layer.config().path("activation"), where, layers);
      case "Softmax" -> {
        if (layer.config().path("axis").asInt(-1) != -1) {
          throw new EvenkeelException(
              "%s works on axis %s, but the features are the last"
                  .formatted(where, layer.config().path("axis")));
        }
        layers.end(where, End.SOFTMAX);
      }
      case "ReLU" -> relu(layer, where, layers);
      case "LeakyReLU" ->
          leaky(layer.real("negative_slope", layer.real("alpha", SLOPE_OF_LAYER)), where, layers);
      case "ELU" -> {
        if (layer.real("alpha", 1) != 1) {
          throw refusal(where, "alpha is " + layer.real("alpha", 1), "1");
        }
        layers.activate(where, Activation.ELU);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void relu(Entry layer, String where, ImportedLayers layers) {
    boolean capped = layer.config().path("max_value").isNumber();
    if (capped || layer.real("threshold", 0) != 0) {
      throw refusal(where, "it has a limit or a threshold", "none");
    }
    double slope = layer.real("negative_slope", 0);
    if (slope == 0) {
      layers.activate(where, Activation.RELU);
    } else {
      leaky(slope, where, layers);
    }
  }

  private static void leaky(double slope, String where, ImportedLayers layers) {
    if (Math.abs(slope - Activation.LEAKY_SLOPE) > ROUNDING) {
      throw refusal(
          where, "its slope is " + (float) slope, Double.toString(Activation.LEAKY_SLOPE));
    }
    layers.activate(where, Activation.LEAKY_RELU);
  }

  private static EvenkeelException refusal(String where, String seen, String needed) {
    return new EvenkeelException(
        "%s can't be taken: %s, and Evenkeel has this activation with %s"
            .formatted(where, seen, needed));
  }

  private static EvenkeelException unknown(String name, String where) {
    return new EvenkeelException(
        "%s has the activation \"%s\", which can't be taken. help: linear, relu, leaky_relu with slope 0.01, elu, selu, gelu, silu, sigmoid, tanh, softplus can, and softmax at the end"
            .formatted(where, name));
  }
}
