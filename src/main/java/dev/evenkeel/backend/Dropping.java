package dev.evenkeel.backend;

/**
 * What dropout does: an element becomes scale · x + shift if it is kept, else {@code dropped}.
 * These follow from the probability of the moment, which a schedule may lower from step to step.
 *
 * @param probability before any schedule
 * @param alpha whether it keeps mean 0 and variance 1, as SELU wants it
 * @param ofGradients whether it is the backward pass, which only masks and scales
 */
public record Dropping(double probability, boolean alpha, boolean ofGradients) {

  /** The value that SELU tends to. */
  private static final double LOW = -Activation.SELU_LAMBDA * Activation.SELU_ALPHA;

  /** Srivastava et al. 2014, scaled in training so that nothing is left to do at inference. */
  public static Dropping inverted(double probability) {
    return new Dropping(probability, false, false);
  }

  /**
   * Klambauer et al. 2017: drops to the value that SELU tends to, α′ = −λα, then brings mean 0 and
   * variance 1 back by a x + b.
   */
  public static Dropping alpha(double probability) {
    return new Dropping(probability, true, false);
  }

  /** What the backward pass does to gradients. */
  public Dropping backward() {
    return new Dropping(probability, alpha, true);
  }

  /** The probability at a step. */
  public double probability(Step step) {
    return probability * step.dropout();
  }

  /**
   * An element is kept if its random word, unsigned, is at least this: 32 bits, so that a GPU
   * compares words. Of what is dropped all but surely, one in 2³² is kept.
   */
  public static long dropBelow(double probability) {
    return Math.min(Math.round(probability * 0x1p32), 0xffffffffL);
  }

  /** What a kept element is multiplied by. */
  public double scale(double probability) {
    double keep = 1 - probability;
    return alpha ? 1 / Math.sqrt(keep + LOW * LOW * keep * probability) : 1 / keep;
  }

  /** What is added to a kept element. */
  public double shift(double probability) {
    return alpha && !ofGradients ? -scale(probability) * probability * LOW : 0;
  }

  /** What a dropped element becomes. */
  public double dropped(double probability) {
    return alpha && !ofGradients ? scale(probability) * LOW + shift(probability) : 0;
  }
}
