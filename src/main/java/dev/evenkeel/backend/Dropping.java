package dev.evenkeel.backend;

/** What dropout does: an element becomes scale · x + shift if it is kept, else {@code dropped}. */
public record Dropping(double probability, double scale, double shift, double dropped) {

  /** Srivastava et al. 2014, scaled in training so that nothing is left to do at inference. */
  public static Dropping inverted(double probability) {
    return new Dropping(probability, 1 / (1 - probability), 0, 0);
  }

  /**
   * Klambauer et al. 2017: drops to the value that SELU tends to, α′ = −λα, then brings mean 0 and
   * variance 1 back by a x + b.
   */
  public static Dropping alpha(double probability) {
    double keep = 1 - probability;
    double low = -Activation.SELU_LAMBDA * Activation.SELU_ALPHA;
    double a = 1 / Math.sqrt(keep + low * low * keep * probability);
    double b = -a * probability * low;
    return new Dropping(probability, a, b, a * low + b);
  }

  /** What the backward pass does to gradients. */
  public Dropping backward() {
    return new Dropping(probability, scale, 0, 0);
  }
}
