package dev.evenkeel.optim;

import dev.evenkeel.EvenkeelException;

/**
 * How regularisation moves over a run: factors on the weight decay and on the probability of every
 * dropout, each by a schedule of its own. What helps early, while much is still to be learned, may
 * stand in the way of the last steps.
 */
public record Fade(Schedule weightDecay, Schedule dropout) {

  public Fade {
    requireOpen("Weight decay", weightDecay);
    requireOpen("Dropout", dropout);
  }

  /** All of both throughout. */
  public static Fade none() {
    return new Fade(Schedule.constant(), Schedule.constant());
  }

  /** All of both in the first half of a run, then down to nothing. */
  public static Fade flatCosine() {
    return new Fade(Schedule.flatCosine(), Schedule.flatCosine());
  }

  /** One that waits for losses would stay at 1 for ever: they are told to the learning rate's. */
  private static void requireOpen(String what, Schedule schedule) {
    Schedule inner = schedule;
    while (inner instanceof Schedule.Warmup warmup) {
      inner = warmup.then();
    }
    if (inner instanceof Schedule.ReduceOnPlateau) {
      throw new EvenkeelException(
          "%s can't follow a plateau: that schedule is the learning rate's alone. help: constant, cosine or flat-cosine"
              .formatted(what));
    }
  }
}
