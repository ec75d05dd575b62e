package dev.evenkeel.train;

import java.util.List;

/**
 * How a training went. The model itself holds the final weights: the best ones where they were
 * asked for, else the last ones.
 *
 * @param seconds that the run took in all, with validation and files; {@link
 *     Epoch#examplesPerSecond} is of the training steps alone
 * @param bestEpoch the epoch with the best validation, 0 without validation
 * @param stoppedEarly whether patience ran out
 * @param keptBest whether the model holds the weights of the best epoch
 */
public record Trained(
    int epochs,
    long steps,
    double seconds,
    List<Epoch> history,
    int bestEpoch,
    boolean stoppedEarly,
    boolean keptBest) {

  public Epoch last() {
    return history.get(history.size() - 1);
  }

  /** The epoch whose weights the model holds. */
  public Epoch kept() {
    return keptBest && bestEpoch > 0 ? history.get(bestEpoch - 1) : last();
  }
}
