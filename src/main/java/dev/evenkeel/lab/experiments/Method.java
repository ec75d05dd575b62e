package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.WeightNorm;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** The methods that experiments compare, each by the hidden layer that it makes. */
enum Method {
  NONE("none", "no norm"),
  BATCH("batch", "batch norm"),
  MEAN_ONLY("mean-only", "mean-only batch norm"),
  LAYER("layer", "layer norm"),
  GROUP("group", "group norm"),
  RMS("RMS", "RMS norm"),
  /** Lengths and biases from the first batch. */
  WEIGHT("weight", "weight norm"),
  /** γ begins at one over the activation's gradient factor. */
  NORMPROP("NormProp", "NormProp"),
  /** γ begins at 1. */
  NORMPROP_AT_1("NormProp, γ = 1", "NormProp, γ = 1"),
  /** No norm, but SELU in place of the activation, whatever that is. */
  SELU("SELU", "SELU");

  /** Neighbouring features of a group at most: there are several in the narrowest net. */
  private static final int GROUP_LENGTH = 10;

  private final String label;
  private final String words;

  Method(String label, String words) {
    this.label = label;
    this.words = words;
  }

  /** Every method at the start that its authors give it. */
  static List<Method> compared() {
    return Stream.of(values()).filter(method -> method != NORMPROP_AT_1).toList();
  }

  /** A hidden layer, with the norm in front of the activation where it has a place. */
  List<Layer> hidden(int units, Activation function) {
    Linear linear = Linear.of(units);
    Activate activate = Activate.of(function);
    return switch (this) {
      case NONE -> List.of(linear, activate);
      case BATCH -> List.of(linear, BatchNorm.standard(), activate);
      case MEAN_ONLY ->
          List.of(linear.withWeightNorm(WeightNorm.fromData()), BatchNorm.meanOnly(), activate);
      case LAYER -> List.of(linear, RowNorm.layer(), activate);
      case GROUP -> List.of(linear, RowNorm.group(groups(units)), activate);
      case RMS -> List.of(linear, RowNorm.rms(), activate);
      case WEIGHT -> List.of(linear.withWeightNorm(WeightNorm.fromData()), activate);
      case NORMPROP -> NormProp.block(units, function);
      case NORMPROP_AT_1 ->
          List.of(linear.withWeightNorm(WeightNorm.ofGain(1)), activate, new NormProp(function));
      case SELU -> List.of(linear, Activate.of(Activation.SELU));
    };
  }

  /** The fewest that part the units evenly and are no longer than that. */
  private static int groups(int units) {
    int groups = (units + GROUP_LENGTH - 1) / GROUP_LENGTH;
    while (units % groups != 0) {
      groups++;
    }
    return groups;
  }

  /** Hidden layers alone. */
  Network stack(int inputs, int width, int depth, Activation function) {
    return new Network(
        inputs,
        Collections.nCopies(depth, hidden(width, function)).stream()
            .flatMap(List::stream)
            .toList());
  }

  /** Hidden layers, and a linear one to the classes. */
  Network classifier(LabData data, List<Integer> hidden, Activation function) {
    return Network.mlp(data.inputs(), hidden, data.classes(), units -> hidden(units, function));
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

  @Override
  public String toString() {
    return words;
  }
}
