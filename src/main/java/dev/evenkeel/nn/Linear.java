package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;

/**
 * z = x Wᵀ + b, with W [units, inputs].
 *
 * @param bias whether there is a b; {@link Bias#AUTO} leaves it out right in front of a norm, whose
 *     shift β makes it redundant
 */
public record Linear(int units, Bias bias, Initialiser initialiser) implements Layer {

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

  public static Linear of(int units) {
    return new Linear(units, Bias.AUTO, Initialiser.auto());
  }

  public Linear withBias(boolean present) {
    return new Linear(units, present ? Bias.YES : Bias.NO, initialiser);
  }

  public Linear withInitialiser(Initialiser initialiser) {
    return new Linear(units, bias, initialiser);
  }
}
