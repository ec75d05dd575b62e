package dev.evenkeel.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * A network's layers with their output widths and the sizes of what they hold, without a device:
 * nothing is allocated, so networks of any size have one.
 */
public final class Outline {

  /**
   * A layer, also one within a residual block.
   *
   * @param name as its parameters have it in front: "3", or "3.0" within a residual block
   * @param layer in words, as "batch norm"
   * @param width of its output
   * @param parameters that training learns
   * @param decayed those of them that take weight decay
   * @param statistics numbers that training keeps beside, as running means
   */
  public record Line(
      String name, String layer, int width, long parameters, long decayed, long statistics) {}

  private final Blueprint blueprint;
  private final List<Line> lines = new ArrayList<>();

  private Outline(Network network) {
    blueprint = new Blueprint(network);
    add(network.layers(), network.inputs(), "");
  }

  /** One line for each layer, in their order; a residual block is followed by its own layers. */
  public static List<Line> of(Network network) {
    return List.copyOf(new Outline(network).lines);
  }

  private int add(List<Layer> layers, int inputs, String prefix) {
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      String name = prefix + i;
      Layer layer = layers.get(i);
      width = layer instanceof Linear linear ? linear.units() : width;
      if (layer instanceof Residual residual) {
        lines.add(new Line(name, "residual, x + …", width, 0, 0, 0));
        add(residual.layers(), width, name + ".");
      } else {
        lines.add(line(name, words(layer), width));
      }
    }
    return width;
  }

  private Line line(String name, String words, int width) {
    long parameters = 0;
    long decayed = 0;
    long statistics = 0;
    for (Blueprint.Slot slot : blueprint.parameters()) {
      long size = slot.name.startsWith(name + ".") ? (long) slot.rows * slot.columns : 0;
      parameters += size;
      decayed += slot.decays ? size : 0;
    }
    for (Blueprint.Slot slot : blueprint.statistics()) {
      statistics += slot.name.startsWith(name + ".") ? (long) slot.rows * slot.columns : 0;
    }
    return new Line(name, words, width, parameters, decayed, statistics);
  }

  private static String words(Layer layer) {
    if (layer instanceof Linear linear) {
      return linear.hasWeightNorm() ? "linear, weight norm" : "linear";
    } else if (layer instanceof BatchNorm norm) {
      return "batch norm"
          + (norm.centresOnly() ? ", mean only" : "")
          + (norm.ghostRows() > 0 ? ", groups of %d rows".formatted(norm.ghostRows()) : "");
    } else if (layer instanceof RowNorm norm) {
      return norm.kind().label() + " norm";
    } else if (layer instanceof NormProp) {
      return "normprop";
    } else if (layer instanceof Activate activate) {
      return activate.function().label();
    } else if (layer instanceof Dropout dropout) {
      return "dropout " + dropout.probability();
    }
    return "alpha dropout " + ((AlphaDropout) layer).probability();
  }
}
