package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.DataStart;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The learning-rate range test (Smith, "Cyclical learning rates for training neural networks",
 * 2017): trains with a rate that rises exponentially from step to step, and watches where the loss
 * falls and where it leaves.
 *
 * <p>The model is left bitwise as it was found, its running statistics too. The optimizer's state
 * is the test's own, and random numbers have no state: a training after it is the same as without.
 *
 * @param points one for each step
 * @param diverged whether the loss left: it became NaN or infinite, or the smoothed one rose to
 *     four times its lowest and lost half of what had been gained since the first steps
 */
public record RateRange(List<Point> points, boolean diverged) {

  /** Of the loss smoothed so far: what the next step's loss leaves of it. */
  private static final double SMOOTHING = 0.95;

  private static final double LIMIT = 4;

  /** Steps at so low a rate that their mean loss is that of the start. */
  private static final int FIRST = 20;

  /** The share of the first steps' mean loss below which something was learned: not mere noise. */
  private static final double LEARNS = 0.95;

  /**
   * @param smoothed loss: the exponential average up to this step, corrected for its start
   */
  public record Point(long step, double learningRate, double loss, double smoothed) {}

  /**
   * Which rates are tried.
   *
   * @param steps over which the rate rises from {@code lowest} to {@code highest}
   */
  public record Span(double lowest, double highest, int steps) {

    public Span {
      if (!(lowest > 0 && lowest < highest && highest < Double.POSITIVE_INFINITY)) {
        throw new EvenkeelException(
            "A range of learning rates needs 0 < lowest < highest, not %s to %s"
                .formatted(lowest, highest));
      }
      if (steps < 2 * FIRST) {
        throw new EvenkeelException(
            "A range test needs at least %d steps, not %d".formatted(2 * FIRST, steps));
      }
    }

    /** From 1e-6 to 10 in 400 steps. */
    public static Span standard() {
      return new Span(1e-6, 10, 400);
    }

    double rate(int step) {
      return lowest * Math.pow(highest / lowest, (double) step / (steps - 1));
    }
  }

  public RateRange {
    points = List.copyOf(points);
  }

  /**
   * A tenth of the rate at which the smoothed loss was lowest: a safe step below the edge. Empty
   * where no rate made the loss fall.
   */
  public OptionalDouble suggestion() {
    if (points.size() <= FIRST) {
      return OptionalDouble.empty();
    }
    double start = start(points);
    Point lowest =
        points.stream()
            .skip(FIRST) // the averages of the first few are little but noise
            .min(Comparator.comparingDouble(Point::smoothed))
            .orElseThrow();
    return lowest.smoothed < LEARNS * start
        ? OptionalDouble.of(lowest.learningRate / 10)
        : OptionalDouble.empty();
  }

  private static double start(List<Point> points) {
    return points.stream().limit(FIRST).mapToDouble(Point::loss).average().orElseThrow();
  }

  /**
   * Runs the test, with the recipe's loss, optimizer, batch, clipping and seed; its learning rate,
   * schedule and length don't matter.
   */
  public static RateRange of(Model model, Recipe recipe, Dataset train, Span span) {
    Backend backend = model.backend();
    float[] parameters = values(backend, model.flatParameters());
    float[] statistics = values(backend, model.flatStatistics());
    try (TrainingStep.Source rows = TrainingStep.Source.of(backend, train)) {
      Batches batches = Batches.of(train.rows(), recipe.batch(), model.network().smallestBatch());
      int[] first = Streams.shuffled(train.rows(), recipe.seed(), 0);
      DataStart.set(model, rows.features(), Arrays.copyOf(first, batches.size(0)));
      try (TrainingStep step = TrainingStep.of(model, rows, recipe, batches.largest())) {
        return climb(step, batches, recipe.seed(), span);
      }
    } finally {
      backend.write(parameters, model.flatParameters());
      backend.write(statistics, model.flatStatistics());
    }
  }

  private static RateRange climb(TrainingStep step, Batches batches, long seed, Span span) {
    RowOrder order = step.order();
    List<Point> points = new ArrayList<>();
    double average = 0;
    double lowest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < span.steps; i++) {
      int batch = i % batches.count();
      if (batch == 0) {
        order.replace(Streams.shuffled(order.rows().length, seed, i / batches.count()));
      }
      order.moveTo(batches.start(batch));
      double rate = span.rate(i);
      float loss;
      try {
        loss = step.run(batches.size(batch), i, rate);
      } catch (NonFiniteException e) {
        return new RateRange(points, true);
      }
      average = SMOOTHING * average + (1 - SMOOTHING) * loss;
      double smoothed = average / (1 - Math.pow(SMOOTHING, i + 1));
      points.add(new Point(i + 1, rate, loss, smoothed));
      lowest = Math.min(lowest, smoothed);
      if (points.size() > FIRST
          && smoothed > Math.max(LIMIT * lowest, (start(points) + lowest) / 2)) {
        return new RateRange(points, true);
      }
    }
    return new RateRange(points, false);
  }

  private static float[] values(Backend backend, Matrix flat) {
    float[] values = new float[flat.columns()];
    backend.read(flat, values);
    return values;
  }
}
