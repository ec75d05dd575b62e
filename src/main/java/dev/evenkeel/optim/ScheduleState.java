package dev.evenkeel.optim;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.optim.Schedule.ReduceOnPlateau;
import dev.evenkeel.optim.Schedule.Warmup;

/**
 * A schedule at work: asks it for each step's factor, and remembers the validation losses for a
 * {@link ReduceOnPlateau} (the schedule itself, or the one after a warm-up).
 *
 * <p>{@link #saved} and {@link #restore} carry it through a checkpoint, bit for bit.
 */
public final class ScheduleState {

  private final Schedule schedule;
  private Saved now;

  public ScheduleState(Schedule schedule) {
    this(schedule, new Saved(Double.POSITIVE_INFINITY, 0, 1));
  }

  private ScheduleState(Schedule schedule, Saved now) {
    this.schedule = schedule;
    this.now = now;
  }

  public static ScheduleState restore(Schedule schedule, Saved saved) {
    return new ScheduleState(schedule, saved);
  }

  public Saved saved() {
    return now;
  }

  /** The factor on the base learning rate at a step, counted from 0. */
  public double factor(long step, long totalSteps) {
    return schedule.factor(step, totalSteps) * now.reduction;
  }

  /** Takes in a validation's loss; NaN counts as no gain. */
  public void observe(double validationLoss) {
    Schedule inner = schedule;
    while (inner instanceof Warmup warmup) {
      inner = warmup.then();
    }
    if (inner instanceof ReduceOnPlateau plateau) {
      now = next(plateau, validationLoss);
    }
  }

  private Saved next(ReduceOnPlateau plateau, double loss) {
    // The sign keeps the bar below the best loss where losses are negative, as likelihoods may be.
    double bar = now.best * (1 - Math.copySign(plateau.threshold(), now.best));
    if (loss < bar) {
      return new Saved(loss, 0, now.reduction);
    }
    if (now.lossesWithoutGain < plateau.patience()) {
      return new Saved(now.best, now.lossesWithoutGain + 1, now.reduction);
    }
    double reduced = Math.max(now.reduction * plateau.factor(), plateau.minimum());
    return new Saved(now.best, 0, reduced);
  }

  /**
   * The numbers to keep in a checkpoint.
   *
   * @param best the lowest loss that counted as a gain; infinite before the first
   * @param lossesWithoutGain losses in a row since the last gain or reduction
   * @param reduction the product of the reductions so far
   */
  public record Saved(double best, int lossesWithoutGain, double reduction) {

    public Saved {
      if (Double.isNaN(best) || lossesWithoutGain < 0 || !(reduction >= 0 && reduction <= 1)) {
        throw new EvenkeelException(
            "Schedule state holds best=%s, lossesWithoutGain=%d, reduction=%s, expected a loss, at least 0, and from 0 to 1."
                .formatted(best, lossesWithoutGain, reduction));
      }
    }
  }
}
