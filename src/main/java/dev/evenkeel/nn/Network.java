package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * The description of a network: comparable, printable, stored as JSON in every checkpoint. {@link
 * #build} makes a {@link Model} of it.
 */
public record Network(int inputs, List<Layer> layers) {

  public Network {
    layers = List.copyOf(layers);
    if (inputs < 1) {
      throw new EvenkeelException("A network needs at least 1 input, not " + inputs);
    }
    outputs(inputs, layers);
  }

  public static Network of(int inputs, Layer... layers) {
    return new Network(inputs, List.of(layers));
  }

  /** Hidden layers of linear, batch norm and ReLU, then a linear layer to the outputs. */
  public static Network mlp(int inputs, List<Integer> hidden, int outputs) {
    return mlp(
        inputs,
        hidden,
        outputs,
        width -> List.of(Linear.of(width), BatchNorm.standard(), Activate.relu()));
  }

  /** Hidden layers as {@code block} makes them of their widths, then a linear layer. */
  public static Network mlp(
      int inputs, List<Integer> hidden, int outputs, IntFunction<List<Layer>> block) {
    List<Layer> layers = new ArrayList<>();
    for (int width : hidden) {
      layers.addAll(block.apply(width));
    }
    layers.add(Linear.of(outputs));
    return new Network(inputs, layers);
  }

  /** The width of the last layer. */
  public int outputs() {
    return outputs(inputs, layers);
  }

  private static int outputs(int inputs, List<Layer> layers) {
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      if (layer instanceof Linear linear) {
        width = linear.units();
      } else if (layer instanceof RowNorm norm) {
        norm.requireFit(width);
      } else if (layer instanceof NormProp norm) {
        requireActivation(norm, i == 0 ? null : layers.get(i - 1));
      } else if (layer instanceof Residual residual) {
        int end = outputs(width, residual.layers());
        if (end != width) {
          throw new EvenkeelException(
              "A residual block of %s ends with %s; x + f(x) needs equal widths"
                  .formatted(Words.counted(width, "input"), Words.counted(end, "output")));
        }
      }
    }
    return width;
  }

  private static void requireActivation(NormProp norm, Layer before) {
    if (!new Activate(norm.function()).equals(before)) {
      throw new EvenkeelException(
          "NormProp's constants for %s hold right behind that activation alone, not behind %s"
              .formatted(norm.function().label(), before == null ? "nothing" : before));
    }
  }

  /** Whether a batch norm stands anywhere in it. */
  public boolean hasBatchNorm() {
    return flat(layers).anyMatch(BatchNorm.class::isInstance);
  }

  /** The fewest rows of a training batch: batch norm makes nothing of one. */
  public int smallestBatch() {
    return hasBatchNorm() ? 2 : 1;
  }

  boolean hasPopulationStatistics() {
    return flat(layers)
        .anyMatch(
            layer ->
                layer instanceof BatchNorm norm
                    && norm.running() instanceof RunningStatistics.Population);
  }

  /** Whether {@link DataStart} has something to set. */
  boolean startsFromData() {
    return flat(layers)
        .anyMatch(
            layer ->
                layer instanceof Linear linear
                    && linear.weightNorm().start() == WeightNorm.Start.DATA);
  }

  /** Those within residual blocks, too. */
  private static Stream<Layer> flat(List<Layer> layers) {
    return layers.stream()
        .flatMap(
            layer ->
                layer instanceof Residual residual ? flat(residual.layers()) : Stream.of(layer));
  }

  /**
   * Names and sizes of all that a model of it holds, parameters and statistics. Takes no memory for
   * them: whoever reads a description from a file compares these with what else is in the file
   * before the description is believed.
   */
  public Map<String, Long> sizes() {
    return new Blueprint(this).sizes();
  }

  /** A model with fresh parameters, the same on every device for one seed. */
  public Model build(Backend backend, long seed) {
    Model model = new Model(this, backend);
    model.initialise(seed);
    return model;
  }

  /** A model whose parameters are all 0, to plan its memory with: drawing the others takes time. */
  public Model withoutValues(Backend backend) {
    return new Model(this, backend);
  }
}
