package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;

/**
 * z = x Wᵀ + b, with W [units, inputs].
 *
 * @param bias whether there is a b; {@link Bias#AUTO} leaves it out right in front of a batch norm,
 *     which subtracts it again with the mean, and whose shift β makes it redundant. In front of a
 *     row norm it stays: the mean over a row's features takes off only what all units' b have in
 *     common
 * @param initialiser of the weights, or of the directions where they are normalised: {@link
 *     Initialiser.Kind#AUTO} is then normal(0.05)
 * @param weightNorm {@link WeightNorm#NONE} where W itself is learned
 */
public record Linear(int units, Bias bias, Initialiser initialiser, WeightNorm weightNorm)
    implements Layer {

  public enum Bias {
    AUTO,
    YES,
    NO
  }

  public Linear {
    if (units < 1) {
      throw new EvenkeelException("A linear layer needs at least 1 unit, not " + units);
    }
  }

  public Linear(int units, Bias bias, Initialiser initialiser) {
    this(units, bias, initialiser, WeightNorm.NONE);
  }

  public static Linear of(int units) {
    return new Linear(units, Bias.AUTO, Initialiser.auto());
  }

  public Linear withBias(boolean present) {
    return new Linear(units, present ? Bias.YES : Bias.NO, initialiser, weightNorm);
  }

  public Linear withInitialiser(Initialiser initialiser) {
    return new Linear(units, bias, initialiser, weightNorm);
  }

  public Linear withWeightNorm(WeightNorm weightNorm) {
    return new Linear(units, bias, initialiser, weightNorm);
  }

  public boolean hasWeightNorm() {
    return !weightNorm.equals(WeightNorm.NONE);
  }
}
