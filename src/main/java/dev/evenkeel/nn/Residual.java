package dev.evenkeel.nn;

import java.util.List;

/** y = x + layers(x); the layers must end as wide as they begin. */
public record Residual(List<Layer> layers) implements Layer {

  public Residual {
    layers = List.copyOf(layers);
  }

  public static Residual of(Layer... layers) {
    return new Residual(List.of(layers));
  }
}
