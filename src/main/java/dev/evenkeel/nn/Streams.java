package dev.evenkeel.nn;

/**
 * Which Philox streams a seed's random numbers come from, so that no two uses ever share one.
 * Dropout has the streams layer · 2⁴⁰ + step, which are positive and below 2⁶²; the split of a
 * table has −1; a search's trials have −2⁴⁰ and those below.
 */
public final class Streams {

  private Streams() {}

  /** First weights of the n-th layer that draws any. */
  static long weights(int layer) {
    return Long.MIN_VALUE + layer;
  }

  /** The order of the training rows in an epoch. */
  public static long shuffle(long epoch) {
    return (1L << 62) + epoch;
  }
}
