package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import java.util.ArrayList;
import java.util.List;
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
    for (Layer layer : layers) {
      if (layer instanceof Linear linear) {
        width = linear.units();
      } else if (layer instanceof Residual residual) {
        int end = outputs(width, residual.layers());
        if (end != width) {
          throw new EvenkeelException(
              "A residual block of %d inputs ends with %d outputs; x + f(x) needs equal widths"
                  .formatted(width, end));
        }
      }
    }
    return width;
  }

  /** Whether a batch norm stands anywhere in it: then a training batch needs 2 rows. */
  public boolean hasBatchNorm() {
    return norms(layers).findAny().isPresent();
  }

  boolean hasPopulationStatistics() {
    return norms(layers).anyMatch(norm -> norm.running() instanceof RunningStatistics.Population);
  }

  private static Stream<BatchNorm> norms(List<Layer> layers) {
    return layers.stream()
        .flatMap(
            layer ->
                layer instanceof Residual residual
                    ? norms(residual.layers())
                    : layer instanceof BatchNorm norm ? Stream.of(norm) : Stream.empty());
  }

  /** A model with fresh parameters, the same on every device for one seed. */
  public Model build(Backend backend, long seed) {
    return new Model(this, backend, seed);
  }
}
