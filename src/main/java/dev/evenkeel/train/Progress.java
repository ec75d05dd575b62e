package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.optim.ScheduleState;
import java.util.List;

/**
 * How far a training has come: with the weights and the optimizer's vectors, all that is needed to
 * go on as if nothing had happened.
 *
 * @param step taken so far; dropout and the schedule count by it
 * @param batch of the epoch that comes next, from 0 on
 * @param lossSum over the rows of this epoch so far
 * @param history the epochs that are done
 * @param bestEpoch the best of them, 0 where there is none yet
 * @param bestScore the best monitored value so far; NaN before the first
 * @param data fingerprints of the training and validation data: going on with others is refused
 * @param device that trained so far; another one goes on correctly, but not bit for bit
 */
record Progress(
    long step,
    int batch,
    double lossSum,
    double seconds,
    ScheduleState.Saved schedule,
    List<Epoch> history,
    int bestEpoch,
    double bestScore,
    List<String> data,
    String device) {

  Progress {
    if (step < 0 || batch < 0 || bestEpoch < 0 || bestEpoch > history.size()) {
      throw new EvenkeelException(
          "A training can't be at step %d, epoch %d, batch %d, with its best epoch %d"
              .formatted(step, history.size(), batch, bestEpoch));
    }
  }

  static Progress start(ScheduleState.Saved schedule, List<String> data, String device) {
    return new Progress(0, 0, 0, 0, schedule, List.of(), 0, Double.NaN, data, device);
  }

  /** The same, going on there. */
  Progress on(String device) {
    return new Progress(
        step, batch, lossSum, seconds, schedule, history, bestEpoch, bestScore, data, device);
  }

  /** Under way, from 0 on; the order of its rows follows from the seed and this number. */
  int epoch() {
    return history.size();
  }
}
