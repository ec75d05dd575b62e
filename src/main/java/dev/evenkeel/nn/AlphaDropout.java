package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;

/**
 * Dropout that keeps mean 0 and variance 1 (Klambauer et al. 2017): in training each element falls
 * with this probability to the value that SELU tends to, −λα, and an affine map brings the moments
 * back; at inference nothing happens. Meant for behind SELU, at 0.05 or 0.1.
 */
public record AlphaDropout(double probability) implements Layer {

  public AlphaDropout {
    if (!(probability >= 0 && probability < 1)) {
      throw new EvenkeelException(
          "The alpha dropout probability must be at least 0 and below 1, not " + probability);
    }
  }
}
