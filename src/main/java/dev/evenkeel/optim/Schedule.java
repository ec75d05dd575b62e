package dev.evenkeel.optim;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.evenkeel.EvenkeelException;

/**
 * How the learning rate moves over a run: a factor on the base learning rate for every step. The
 * same factors serve {@link Fade}. Plain immutable data; what a schedule must remember while
 * training stands in {@link ScheduleState}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Schedule.Constant.class, name = "constant"),
  @JsonSubTypes.Type(value = Schedule.Step.class, name = "step"),
  @JsonSubTypes.Type(value = Schedule.Cosine.class, name = "cosine"),
  @JsonSubTypes.Type(value = Schedule.OneCycle.class, name = "one-cycle"),
  @JsonSubTypes.Type(value = Schedule.FlatCosine.class, name = "flat-cosine"),
  @JsonSubTypes.Type(value = Schedule.CosineLog.class, name = "cosine-log"),
  @JsonSubTypes.Type(value = Schedule.Warmup.class, name = "warmup"),
  @JsonSubTypes.Type(value = Schedule.ReduceOnPlateau.class, name = "plateau")
})
public sealed interface Schedule {

  /**
   * The factor on the base learning rate. Past the end of the run a schedule that has one holds its
   * last value.
   *
   * @param step counts updates from 0
   * @param totalSteps the updates of the whole run
   */
  double factor(long step, long totalSteps);

  static Schedule constant() {
    return new Constant();
  }

  static Schedule step(long everySteps, double factor) {
    return new Step(everySteps, factor);
  }

  /** Down to 0. */
  static Schedule cosine() {
    return new Cosine(0);
  }

  static Schedule cosine(double floor) {
    return new Cosine(floor);
  }

  /** Warms up over 30 % of the run from 1/25, and ends at 1/250,000: PyTorch's defaults. */
  static Schedule oneCycle() {
    return new OneCycle(0.3, 25, 1e4);
  }

  /** 1 in the first half of the run, then half a cosine down to 0. */
  static Schedule flatCosine() {
    return new FlatCosine(0.5);
  }

  /** Four waves, each twice as long as the one before: RealMLP's. */
  static Schedule cosineLog() {
    return new CosineLog(4);
  }

  /** A tenth after more than 10 validations without a gain of 0.01 %: PyTorch's defaults. */
  static Schedule reduceOnPlateau() {
    return new ReduceOnPlateau(0.1, 10, 1e-4, 0);
  }

  /** This schedule after a linear warm-up; the warm-up's steps are taken from the run's. */
  default Schedule afterWarmup(long steps) {
    return new Warmup(steps, this);
  }

  /** The schedule of a name with its defaults; {@code step} takes a tenth after each third. */
  static Schedule named(String name, long totalSteps) {
    return named(
        name, totalSteps, "constant, step, cosine, flat-cosine, cosine-log, one-cycle or plateau");
  }

  /** The same for a {@link Fade}, which can't follow a plateau. */
  static Schedule forFade(String name, long totalSteps) {
    return named(name, totalSteps, "constant, step, cosine, flat-cosine, cosine-log or one-cycle");
  }

  private static Schedule named(String name, long totalSteps, String known) {
    return switch (name) {
      case "constant" -> constant();
      case "step" -> step(Math.max(1, (totalSteps + 2) / 3), 0.1);
      case "cosine" -> cosine();
      case "flat-cosine" -> flatCosine();
      case "cosine-log" -> cosineLog();
      case "one-cycle" -> oneCycle();
      case "plateau" -> reduceOnPlateau();
      default ->
          throw new EvenkeelException("Unknown schedule '%s': expected %s.".formatted(name, known));
    };
  }

  /** The base learning rate throughout. */
  record Constant() implements Schedule {

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      return 1;
    }
  }

  /** Multiplies by {@code factor} after every {@code everySteps} steps. */
  record Step(long everySteps, double factor) implements Schedule {

    public Step {
      require(everySteps >= 1, "Step: everySteps", everySteps, "at least 1");
      require(factor > 0 && factor <= 1, "Step: factor", factor, "above 0 and at most 1");
    }

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      return Math.pow(factor, step / everySteps);
    }
  }

  /**
   * Half a cosine from 1 at the first step to {@code floor} at the last (Loshchilov and Hutter,
   * "SGDR", 2017, without restarts). A run of one step takes it at 1.
   */
  record Cosine(double floor) implements Schedule {

    public Cosine {
      require(floor >= 0 && floor <= 1, "Cosine: floor", floor, "from 0 to 1");
    }

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      return anneal(1, floor, step, totalSteps - 1);
    }
  }

  /**
   * 1 until a share {@code flat} of the run is over, then half a cosine that would be 0 at the step
   * after the last.
   */
  record FlatCosine(double flat) implements Schedule {

    public FlatCosine {
      require(flat >= 0 && flat < 1, "FlatCosine: flat", flat, "at least 0 and below 1");
    }

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      double begin = flat * totalSteps;
      return step <= begin ? 1 : anneal(1, 0, step - begin, totalSteps - begin);
    }
  }

  /**
   * {@code (1 − cos(2π log₂(1 + (2ᶜ − 1) t))) / 2} at the share t of the run, for c {@code cycles}:
   * so many waves from 0 to 1 and back, each twice as long as the one before (Holzmüller et al.,
   * "Better by Default", 2024). The first step is taken at 0.
   */
  record CosineLog(int cycles) implements Schedule {

    public CosineLog {
      require(cycles >= 1 && cycles <= 30, "CosineLog: cycles", cycles, "from 1 to 30");
    }

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      double time = Math.min(1, (double) step / totalSteps);
      double waves = Math.log1p(((1 << cycles) - 1) * time) / Math.log(2);
      return (1 - Math.cos(2 * Math.PI * waves)) / 2;
    }
  }

  /**
   * Up from {@code 1/startDivisor} to 1, then down to {@code 1/(startDivisor·endDivisor)}, each
   * half a cosine (Smith and Topin, "Super-convergence", 2018). The steps are counted as PyTorch's
   * OneCycleLR does: the peak lies at step {@code warmupFraction·totalSteps − 1}.
   */
  record OneCycle(double warmupFraction, double startDivisor, double endDivisor)
      implements Schedule {

    public OneCycle {
      require(
          warmupFraction >= 0 && warmupFraction <= 1,
          "OneCycle: warmupFraction",
          warmupFraction,
          "from 0 to 1");
      require(
          startDivisor >= 1 && Double.isFinite(startDivisor),
          "OneCycle: startDivisor",
          startDivisor,
          "at least 1, and finite");
      require(
          endDivisor >= 1 && Double.isFinite(endDivisor),
          "OneCycle: endDivisor",
          endDivisor,
          "at least 1, and finite");
    }

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      double start = 1 / startDivisor;
      double peak = warmupFraction * totalSteps - 1;
      return step <= peak
          ? anneal(1, start, peak - step, peak)
          : anneal(1, start / endDivisor, step - peak, totalSteps - 1 - peak);
    }
  }

  /**
   * Rises linearly over the first {@code steps} steps, from {@code 1/steps} to 1 times the first
   * factor of {@code then}, which runs over the steps that remain (Goyal et al., 2017).
   */
  record Warmup(long steps, Schedule then) implements Schedule {

    public Warmup {
      require(steps >= 0, "Warmup: steps", steps, "at least 0");
      require(then != null, "Warmup: then", then, "the schedule that follows");
    }

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      long remaining = Math.max(1, totalSteps - steps);
      return step < steps
          ? (step + 1.0) / steps * then.factor(0, remaining)
          : then.factor(step - steps, remaining);
    }
  }

  /**
   * Multiplies by {@code factor}, down to {@code minimum}, once more than {@code patience}
   * validations in a row fail to lower the best loss by the share {@code threshold}. The losses
   * that it reacts to live in {@link ScheduleState}; by itself it stays at 1.
   */
  record ReduceOnPlateau(double factor, int patience, double threshold, double minimum)
      implements Schedule {

    public ReduceOnPlateau {
      require(factor > 0 && factor < 1, "ReduceOnPlateau: factor", factor, "between 0 and 1");
      require(patience >= 0, "ReduceOnPlateau: patience", patience, "at least 0");
      require(
          threshold >= 0 && threshold < 1,
          "ReduceOnPlateau: threshold",
          threshold,
          "at least 0 and below 1");
      require(
          minimum >= 0 && minimum <= 1,
          "ReduceOnPlateau: minimum",
          minimum,
          "from 0 to 1: a share of the base learning rate");
    }

    @Override
    public double factor(long step, long totalSteps) {
      requireStep(step, totalSteps);
      return 1;
    }
  }

  /** Half a cosine from {@code from} at 0 to {@code to} at {@code length} and beyond. */
  private static double anneal(double from, double to, double position, double length) {
    if (position >= length) {
      return length > 0 ? to : from;
    }
    return to + (from - to) * (1 + Math.cos(Math.PI * position / length)) / 2;
  }

  /** Boxes its numbers for the message alone: it is asked at every training step. */
  private static void requireStep(long step, long totalSteps) {
    if (totalSteps < 1 || step < 0) {
      require(totalSteps >= 1, "Schedule: totalSteps", totalSteps, "at least 1");
      require(step >= 0, "Schedule: step", step, "at least 0");
    }
  }

  private static void require(boolean holds, String what, Object seen, String expected) {
    if (!holds) {
      throw new EvenkeelException("%s is %s, expected %s.".formatted(what, seen, expected));
    }
  }
}
