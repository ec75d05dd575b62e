package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;

/** An element-wise non-linearity as a layer. */
public record Activate(Activation function) implements Layer {

  public static Activate of(Activation function) {
    return new Activate(function);
  }

  public static Activate relu() {
    return new Activate(Activation.RELU);
  }

  /** The function of one number, in double. */
  public double value(double x) {
    return GaussianMoments.value(function, x);
  }
}
