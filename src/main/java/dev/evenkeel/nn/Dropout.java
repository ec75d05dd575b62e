package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;

/**
 * Inverted dropout (Srivastava et al. 2014): in training each element is 0 with this probability
 * and scaled by 1 / (1 − probability) otherwise; at inference nothing happens.
 */
public record Dropout(double probability) implements Layer {

  public Dropout {
    if (!(probability >= 0 && probability < 1)) {
      throw new EvenkeelException(
          "The dropout probability must be at least 0 and below 1, not " + probability);
    }
  }
}
