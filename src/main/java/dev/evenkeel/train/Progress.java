package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.optim.ScheduleState;
import java.util.List;

/**
 * How far a training has come: with the weights and the optimizer's vectors, all that is needed to
 * go on as if nothing had happened.
 *
 * @param step taken so far; dropout and the schedule count by it
 * @param epoch under way, from 0 on; the order of its rows follows from the seed and this number
 * @param batch of the epoch that comes next, from 0 on
 * @param lossSum over the rows of this epoch so far
 * @param bestScore the best monitored value so far; NaN before the first
 * @param sinceBest validations since the best one
 * @param data fingerprints of the training and validation data: going on with others is refused
 * @param device that trained so far; another one goes on correctly, but not bit for bit
 */
record Progress(
    long step,
    int epoch,
    int batch,
    double lossSum,
    double seconds,
    ScheduleState.Saved schedule,
    List<Epoch> history,
    int bestEpoch,
    double bestScore,
    int sinceBest,
    List<String> data,
    String device) {

  Progress {
    if (step < 0 || epoch < 0 || batch < 0 || bestEpoch < 0 || sinceBest < 0) {
      throw new EvenkeelException(
          "A training can't be at step %d, epoch %d, batch %d, with its best epoch %d and %d validations since"
              .formatted(step, epoch, batch, bestEpoch, sinceBest));
    }
    history = List.copyOf(history);
  }

  static Progress start(ScheduleState.Saved schedule, List<String> data, String device) {
    return new Progress(0, 0, 0, 0, 0, schedule, List.of(), 0, Double.NaN, 0, data, device);
  }
}
