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
import java.util.List;

/** The methods that experiments compare, each by the hidden layer that it makes. */
enum Method {
  NONE("no norm"),
  BATCH("batch norm"),
  MEAN_ONLY("mean-only batch norm"),
  LAYER("layer norm"),
  GROUP("group norm"),
  RMS("RMS norm"),
  /** Started from the first batch. */
  WEIGHT("weight norm"),
  NORMPROP("NormProp"),
  /** No norm, but SELU in place of the activation, whatever that is. */
  SELU("SELU");

  /** Neighbouring features of a group at most: there are several in the narrowest net. */
  private static final int GROUP_LENGTH = 10;

  private final String words;

  Method(String words) {
    this.words = words;
  }

  /** A hidden layer, with the norm in front of the activation where it has a place. */
  List<Layer> block(int units, Activation activation) {
    Linear linear = Linear.of(units);
    Activate activate = Activate.of(activation);
    return switch (this) {
      case NONE -> List.of(linear, activate);
      case BATCH -> List.of(linear, BatchNorm.standard(), activate);
      case MEAN_ONLY ->
          List.of(linear.withWeightNorm(WeightNorm.fromData()), BatchNorm.meanOnly(), activate);
      case LAYER -> List.of(linear, RowNorm.layer(), activate);
      case GROUP -> List.of(linear, RowNorm.group(groups(units)), activate);
      case RMS -> List.of(linear, RowNorm.rms(), activate);
      case WEIGHT -> List.of(linear.withWeightNorm(WeightNorm.fromData()), activate);
      case NORMPROP -> NormProp.block(units, activation);
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

  Network network(LabData data, List<Integer> hidden, Activation activation) {
    return Network.mlp(data.inputs(), hidden, data.classes(), units -> block(units, activation));
  }

  @Override
  public String toString() {
    return words;
  }
}
