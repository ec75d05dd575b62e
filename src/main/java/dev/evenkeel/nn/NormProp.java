package dev.evenkeel.nn;

import dev.evenkeel.backend.Activation;
import java.util.List;

/**
 * Normalisation propagation (Arpit et al. 2016): right behind an activation, y = (x − c₁) / c₂,
 * with the mean and deviation that the activation has where its input is a standard normal. So if
 * the inputs of a network are standardised and its weights' rows have unit length, all layers
 * nearly are, without any statistics.
 *
 * @param function the activation in front of it
 */
public record NormProp(Activation function) implements Layer {

  /**
   * What a function makes of z ~ N(0, 1).
   *
   * @param mean c₁ = E f(z)
   * @param deviation c₂ = √Var f(z)
   * @param gradientFactor √(E f′(z)²) / c₂: what a layer at gain 1 multiplies gradients by; for
   *     ReLU √(π / (π − 1)) = 1.2111738962
   */
  public record Moments(double mean, double deviation, double gradientFactor) {}

  /**
   * The usual hidden layer: linear with unit rows times a gain that begins at 1 / factor, so that
   * gradients keep their size, then the function, then this.
   */
  public static List<Layer> block(int units, Activation function) {
    WeightNorm gain = WeightNorm.ofGain(1 / moments(function).gradientFactor());
    return List.of(
        Linear.of(units).withWeightNorm(gain), Activate.of(function), new NormProp(function));
  }

  public Moments moments() {
    return moments(function);
  }

  /** By quadrature, to about 1e-14. */
  public static Moments moments(Activation function) {
    return GaussianMoments.of(function);
  }
}
