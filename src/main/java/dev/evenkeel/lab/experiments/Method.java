package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.WeightNorm;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How a hidden layer is normalised, in front of its activation but for NormProp. */
enum Method {
  NONE("none"),
  BATCH("batch"),
  LAYER("layer"),
  /** Lengths and biases from the first batch. */
  WEIGHT("weight"),
  /** γ begins at one over the activation's gradient factor. */
  NORMPROP("NormProp"),
  /** γ begins at 1. */
  NORMPROP_AT_1("NormProp, γ = 1");

  private final String label;

  Method(String label) {
    this.label = label;
  }

  /** "ReLU + batch": how a net of both is called in figures. */
  String with(Activation function) {
    return this == NONE ? name(function) : name(function) + " + " + label;
  }

  static String name(Activation function) {
    return switch (function) {
      case RELU -> "ReLU";
      case SELU -> "SELU";
      default -> function.label();
    };
  }

  String label() {
    return label;
  }

  /** One hidden layer. */
  List<Layer> hidden(int width, Activation function) {
    Linear linear = Linear.of(width);
    Activate activate = Activate.of(function);
    return switch (this) {
      case NONE -> List.of(linear, activate);
      case BATCH -> List.of(linear, BatchNorm.standard(), activate);
      case LAYER -> List.of(linear, RowNorm.layer(), activate);
      case WEIGHT -> List.of(linear.withWeightNorm(WeightNorm.fromData()), activate);
      case NORMPROP -> NormProp.block(width, function);
      case NORMPROP_AT_1 ->
          List.of(linear.withWeightNorm(WeightNorm.ofGain(1)), activate, new NormProp(function));
    };
  }

  /** Hidden layers alone. */
  Network stack(int inputs, int width, int depth, Activation function) {
    return new Network(
        inputs,
        IntStream.range(0, depth)
            .mapToObj(layer -> hidden(width, function))
            .flatMap(List::stream)
            .collect(Collectors.toList()));
  }

  /** Hidden layers, and a linear one to the outputs. */
  Network classifier(int inputs, int width, int depth, Activation function, int classes) {
    List<Integer> widths = IntStream.range(0, depth).mapToObj(layer -> width).toList();
    return Network.mlp(inputs, widths, classes, units -> hidden(units, function));
  }
}
