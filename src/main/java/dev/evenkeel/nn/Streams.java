package dev.evenkeel.nn;

import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.RowOrder;

/**
 * Which Philox streams a seed's random numbers come from, so that no two uses ever share one.
 * Dropout has the streams layer · 2⁴⁰ + step, which are positive and below 2⁶²; the split of a
 * table has −1, and the splits within its folds have −2 and those below; a search's trials have
 * −2⁴⁰ and those below.
 */
public final class Streams {

  private Streams() {}

  /** First weights of the n-th layer that draws any. */
  static long weights(int layer) {
    return Long.MIN_VALUE + layer;
  }

  /** The order of a table's training rows in an epoch. */
  public static int[] shuffled(int rows, long seed, long epoch) {
    int[] order = RowOrder.natural(rows).rows();
    new Philox(seed, (1L << 62) + epoch).shuffle(order);
    return order;
  }
}
