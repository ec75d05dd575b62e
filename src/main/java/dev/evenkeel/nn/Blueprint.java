package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Dropping;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns the layers of a network into blocks, fusing neighbours: Linear with its bias and
 * activation, norms with the activation behind them, batch norm with the dropout behind that. Lays
 * the parameters out: those with weight decay first, with gaps between them that stay 0 (a gap's
 * gradient is 0 as well).
 */
final class Blueprint {

  private static final int ALIGNMENT = 32;

  /** Salimans and Kingma's, of the directions of a weight norm. */
  private static final double DIRECTION_DEVIATION = 0.05;

  /** A parameter or statistic whose place is not known yet. */
  static final class Slot {
    final String name;
    final int rows;
    final int columns;
    final boolean decays;
    private final Initial initial;
    Parameter parameter;

    private Slot(String name, int rows, int columns, boolean decays, Initial initial) {
      this.name = name;
      this.rows = rows;
      this.columns = columns;
      this.decays = decays;
      this.initial = initial;
    }

    private interface Initial {
      void write(Backend backend, long seed, Matrix value);
    }

    /** Floats that it takes up: what follows begins on a cache line of its own. */
    long room() {
      return ((long) rows * columns + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
  }

  private final List<Slot> parameters = new ArrayList<>();
  private final List<Slot> statistics = new ArrayList<>();
  private final List<Block> blocks;
  private int randomLayers;

  Blueprint(Network network) {
    blocks = blocks(network.layers(), network.inputs(), "");
  }

  List<Slot> parameters() {
    return parameters;
  }

  List<Slot> statistics() {
    return statistics;
  }

  Map<String, Long> sizes() {
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (List<Slot> slots : List.of(parameters, statistics)) {
      slots.forEach(slot -> sizes.put(slot.name, (long) slot.rows * slot.columns));
    }
    return sizes;
  }

  long parameterRoom() {
    return total(parameters);
  }

  long statisticsRoom() {
    return total(statistics);
  }

  long decayedRoom() {
    return total(parameters.stream().filter(slot -> slot.decays).toList());
  }

  private static long total(List<Slot> slots) {
    return slots.stream().mapToLong(Slot::room).sum();
  }

  /** Gives every slot its place. */
  List<Block> place(Model model) {
    long decayed = 0;
    long others = decayedRoom();
    for (Slot slot : parameters) {
      long offset = slot.decays ? decayed : others;
      slot.parameter = model.parameter(slot.name, offset, slot.rows, slot.columns, slot.decays);
      decayed += slot.decays ? slot.room() : 0;
      others += slot.decays ? 0 : slot.room();
    }
    long offset = 0;
    for (Slot slot : statistics) {
      slot.parameter = model.statistic(slot.name, offset, slot.columns);
      offset += slot.room();
    }
    return blocks;
  }

  /** Gives every slot, placed before, its first values. */
  void initialise(Backend backend, long seed) {
    for (List<Slot> slots : List.of(parameters, statistics)) {
      slots.forEach(slot -> slot.initial.write(backend, seed, slot.parameter.value()));
    }
  }

  private List<Block> blocks(List<Layer> layers, int inputs, String prefix) {
    List<Block> made = new ArrayList<>();
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      String name = prefix + i;
      Layer layer = layers.get(i);
      Layer next = i + 1 < layers.size() ? layers.get(i + 1) : null;
      Activation fused = next instanceof Activate a ? a.function() : Activation.IDENTITY;
      if (layer instanceof Linear linear) {
        made.add(linear(linear, name, width, next, fused, follows(layers, i)));
        width = linear.units();
      } else if (layer instanceof BatchNorm norm) {
        int behind = i + (fused == Activation.IDENTITY ? 1 : 2);
        DropoutBlock dropout = behind < layers.size() ? dropout(layers.get(behind)) : null;
        made.add(norm(norm, name, width, fused, dropout));
        i += dropout == null ? 0 : 1;
      } else if (layer instanceof RowNorm norm) {
        made.add(norm(norm, name, width, fused));
      } else {
        fused = Activation.IDENTITY;
        made.add(alone(layer, name, width));
      }
      i += fused == Activation.IDENTITY ? 0 : 1;
    }
    return made;
  }

  /** A layer that takes no activation in. */
  private Block alone(Layer layer, String name, int width) {
    if (layer instanceof Activate activate) {
      return new ActivationBlock(name, activate.function());
    } else if (layer instanceof NormProp normProp) {
      return new NormPropBlock(name, normProp);
    }
    DropoutBlock dropout = dropout(layer);
    if (dropout != null) {
      return dropout;
    }
    Residual residual = (Residual) layer;
    return new ResidualBlock(name, blocks(residual.layers(), width, name + "."));
  }

  /** Null for another layer. */
  private DropoutBlock dropout(Layer layer) {
    if (layer instanceof Dropout dropout) {
      return new DropoutBlock(Dropping.inverted(dropout.probability()), randomLayers++);
    } else if (layer instanceof AlphaDropout dropout) {
      return new DropoutBlock(Dropping.alpha(dropout.probability()), randomLayers++);
    }
    return null;
  }

  private Block linear(
      Linear linear, String name, int inputs, Layer next, Activation fused, Activation follows) {
    Slot gain =
        linear.hasWeightNorm()
            ? slot(
                name + Parameter.GAIN,
                linear.units(),
                1,
                false,
                constant((float) linear.weightNorm().gain()))
            : null;
    Slot weight = weight(linear, name, inputs, follows);
    boolean bias =
        linear.bias() == Linear.Bias.YES
            || linear.bias() == Linear.Bias.AUTO && !(next instanceof BatchNorm);
    Slot biasSlot = bias ? slot(name + ".bias", 1, linear.units(), false, constant(0)) : null;
    boolean fromData = linear.weightNorm().start() == WeightNorm.Start.DATA;
    return new LinearBlock(name, weight, gain, biasSlot, fused, fromData);
  }

  private Slot weight(Linear linear, String name, int inputs, Activation follows) {
    int stream = randomLayers++;
    boolean normed = linear.hasWeightNorm();
    Initialiser initialiser =
        normed && linear.initialiser().kind() == Initialiser.Kind.AUTO
            ? Initialiser.normal(DIRECTION_DEVIATION)
            : linear.initialiser();
    return slot(
        name + (normed ? Parameter.DIRECTION : ".weight"),
        linear.units(),
        inputs,
        true,
        (backend, seed, value) ->
            initialiser.fill(value, follows, new Philox(seed, Streams.weights(stream)), backend));
  }

  private Block norm(
      BatchNorm norm, String name, int width, Activation fused, DropoutBlock dropout) {
    boolean scales = !norm.centresOnly();
    return new NormBlock(
        name,
        norm,
        fused,
        dropout,
        scales ? slot(name + ".weight", 1, width, false, constant(1)) : null,
        slot(name + ".bias", 1, width, false, constant(0)),
        statistic(name + ".running_mean", width, 0),
        scales ? statistic(name + ".running_var", width, 1) : null,
        statistic(name + Parameter.COUNT, 1, 0));
  }

  private Block norm(RowNorm norm, String name, int width, Activation fused) {
    Slot gamma = slot(name + ".weight", 1, width, false, constant(1));
    Slot beta = norm.centred() ? slot(name + ".bias", 1, width, false, constant(0)) : null;
    return new RowNormBlock(name, norm, fused, gamma, beta);
  }

  /** "1 batch-norm + relu": what a block is called to whoever measures or looks for NaN. */
  static String label(String name, String what, Activation activation) {
    return "%s %s%s"
        .formatted(name, what, activation == Activation.IDENTITY ? "" : " + " + activation.label());
  }

  private Slot slot(String name, int rows, int columns, boolean decays, Slot.Initial initial) {
    if ((long) rows * columns > Integer.MAX_VALUE) {
      throw new EvenkeelException(
          "The parameter %s of %d x %d has more than 2,147,483,647 elements"
              .formatted(name, rows, columns));
    }
    Slot slot = new Slot(name, rows, columns, decays, initial);
    parameters.add(slot);
    return slot;
  }

  private Slot statistic(String name, int columns, float initial) {
    Slot slot = new Slot(name, 1, columns, false, constant(initial));
    statistics.add(slot);
    return slot;
  }

  private static Slot.Initial constant(float initial) {
    return (backend, seed, value) -> {
      float[] values = new float[(int) value.size()];
      Arrays.fill(values, initial);
      backend.write(values, value);
    };
  }

  /** The activation that the outputs of a linear layer meet before the next linear layer. */
  private static Activation follows(List<Layer> layers, int linear) {
    for (int i = linear + 1; i < layers.size(); i++) {
      if (layers.get(i) instanceof Activate activate) {
        return activate.function();
      }
      if (layers.get(i) instanceof Linear || layers.get(i) instanceof Residual) {
        return Activation.IDENTITY;
      }
    }
    return Activation.IDENTITY;
  }
}
