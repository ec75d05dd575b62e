package dev.evenkeel.backend;

/**
 * The dropout of one layer, where another operation takes it in: what it does, and the words that
 * decide, as in {@link Backend#dropout}. The backward pass is given the same as the forward pass.
 */
public record Masking(Dropping dropping, long seed, int stream, Step step) {

  /** Everything is kept. */
  public static final Masking NONE = new Masking(Dropping.inverted(0), 0, 0, new Step());

  /** What the backward pass does to gradients. */
  public Masking backward() {
    return new Masking(dropping.backward(), seed, stream, step);
  }

  public boolean isNone() {
    return dropping.probability() == 0;
  }
}
