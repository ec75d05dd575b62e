package dev.evenkeel.nn;

import dev.evenkeel.EvenkeelException;

/**
 * Weight normalisation of a linear layer (Salimans and Kingma 2016): each unit's weights are w = g
 * v / ‖v‖, with the length g and the direction v learned apart. No statistics, so batches of any
 * size.
 *
 * <p>Weight decay acts on v alone, whose length means nothing: it keeps the directions quick to
 * turn, and does not shorten w. (PyTorch's optimizers decay g as well, unless told not to.)
 *
 * @param start where g begins
 * @param gain of {@link Start#GAIN}
 */
public record WeightNorm(Start start, double gain) {

  /** How the lengths begin. */
  public enum Start {
    /** There is no weight norm. */
    NONE,
    /** From the first mini-batch: see {@link DataStart}; until then 1. */
    DATA,
    /** All alike. */
    GAIN
  }

  /** A plain linear layer. */
  public static final WeightNorm NONE = new WeightNorm(Start.NONE, 1);

  public WeightNorm {
    if (!(gain > 0 && gain < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException("Weight norm's gain must be above 0 and finite, not " + gain);
    }
  }

  /**
   * Lengths and biases from the first mini-batch of a training, layer by layer, so that each unit's
   * pre-activations begin with mean 0 and deviation 1.
   */
  public static WeightNorm fromData() {
    return new WeightNorm(Start.DATA, 1);
  }

  /** Every length begins at {@code gain}. */
  public static WeightNorm ofGain(double gain) {
    return new WeightNorm(Start.GAIN, gain);
  }
}
