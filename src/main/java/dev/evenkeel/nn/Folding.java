package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model for inference alone, with as few layers as give the same outputs. At inference batch norm
 * and NormProp are an affine map of each feature, so the linear layer in front of it takes it in,
 * or else the one behind it; weight norm is a plain weight; dropout is nothing. Row norms depend on
 * the row and stay, and so does an affine map without a linear layer next to it, such as between
 * two activations or at the edge of a residual block. All sums are in double and rounded once.
 *
 * @param network without what was folded
 * @param values its parameters and running statistics, by their names
 */
public record Folding(Network network, Map<String, float[]> values) {

  /** A layer on its way into the folded network; dense and affine are null where it is not one. */
  private record Piece(Layer layer, String name, int inputs, DenseMap dense, AffineMap affine) {}

  /** The model itself stays as it is. */
  public static Folding fold(Model model) {
    return fold(model, true);
  }

  /** Only what training alone needs goes: dropout, and weight norm, which becomes plain weights. */
  public static Folding keepingNorms(Model model) {
    return fold(model, false);
  }

  private static Folding fold(Model model, boolean norms) {
    Map<String, float[]> before = model.values();
    Network network = model.network();
    Map<String, float[]> after = new LinkedHashMap<>();
    List<Piece> pieces = pieces(network.layers(), network.inputs(), "", before, norms);
    List<Layer> layers = layers(pieces, "", before, after, norms);
    return new Folding(new Network(network.inputs(), layers), after);
  }

  /** A model of it, on a device. */
  public Model build(Backend backend) {
    Model model = network.build(backend, 0);
    model.fill(values);
    return model;
  }

  private static List<Piece> pieces(
      List<Layer> layers, int inputs, String prefix, Map<String, float[]> values, boolean norms) {
    List<Piece> pieces = new ArrayList<>();
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      String name = prefix + i;
      if (layer instanceof Linear linear) {
        pieces.add(new Piece(layer, name, width, new DenseMap(linear, width, name, values), null));
        width = linear.units();
      } else if (!(layer instanceof Dropout) && !(layer instanceof AlphaDropout)) {
        Optional<AffineMap> affine = AffineMap.of(layer, width, name, values);
        pieces.add(new Piece(layer, name, width, null, affine.orElse(null)));
      }
    }
    while (norms && foldOne(pieces)) {
      // the list is shorter each time
    }
    return pieces;
  }

  private static boolean foldOne(List<Piece> pieces) {
    for (int i = 0; i < pieces.size(); i++) {
      AffineMap affine = pieces.get(i).affine;
      DenseMap front = i > 0 ? pieces.get(i - 1).dense : null;
      DenseMap behind = i + 1 < pieces.size() ? pieces.get(i + 1).dense : null;
      if (affine == null || front == null && behind == null) {
        continue;
      }
      if (front != null) {
        front.then(affine);
      } else {
        behind.after(affine);
      }
      pieces.remove(i);
      return true;
    }
    return false;
  }

  /** The folded layers under their new names, and their values. */
  private static List<Layer> layers(
      List<Piece> pieces,
      String prefix,
      Map<String, float[]> before,
      Map<String, float[]> after,
      boolean norms) {
    List<Layer> layers = new ArrayList<>();
    for (Piece piece : pieces) {
      String name = prefix + layers.size();
      String old = piece.name + ".";
      if (piece.dense != null) {
        layers.add(piece.dense.store(name, after));
      } else if (piece.layer instanceof Residual residual) {
        List<Piece> inner = pieces(residual.layers(), piece.inputs, old, before, norms);
        layers.add(new Residual(layers(inner, name + ".", before, after, norms)));
      } else {
        layers.add(piece.layer);
        before.forEach(
            (key, values) -> {
              if (key.startsWith(old)) {
                after.put(name + "." + key.substring(old.length()), values);
              }
            });
      }
    }
    return layers;
  }
}
