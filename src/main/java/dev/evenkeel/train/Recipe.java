package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.optim.Fade;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import java.util.List;

/**
 * How to train, as plain data that every checkpoint carries.
 *
 * @param fade how weight decay and dropout move over the run
 * @param epochs walks through the training rows; 0 where {@code steps} says when to stop
 * @param steps training steps; 0 where {@code epochs} says when to stop
 * @param batch the largest number of rows of a mini-batch
 * @param clip the largest global norm of the gradient; 0 clips nothing
 * @param patience validations without a better {@code monitor} before training stops early; 0
 *     trains to the end
 * @param keepsBest whether the model holds the weights of the best epoch at the end, by {@code
 *     monitor}, instead of the last ones; it does where patience is given
 * @param monitor "loss", or the metric that decides what is best
 * @param metrics by name; taken on the validation rows after each epoch
 */
public record Recipe(
    Loss loss,
    Optimizer optimizer,
    Schedule schedule,
    Fade fade,
    int epochs,
    long steps,
    int batch,
    double clip,
    int patience,
    boolean keepsBest,
    String monitor,
    List<String> metrics,
    long seed) {

  private static final int FEWEST_EPOCHS = 20;

  /** A small table needs many walks before anything is learned. */
  private static final int FEWEST_STEPS = 500;

  public Recipe {
    if ((epochs > 0) == (steps > 0)) {
      throw new EvenkeelException(
          "Training ends after a number of epochs or of steps; one of the two must be given, not epochs %d and steps %d"
              .formatted(epochs, steps));
    }
    if (batch < 1) {
      throw new EvenkeelException("A batch needs at least 1 row, not " + batch);
    }
    if (!(clip >= 0 && clip < Double.POSITIVE_INFINITY)) {
      throw new EvenkeelException("The clipping norm must be at least 0 and finite, not " + clip);
    }
    if (patience < 0) {
      throw new EvenkeelException("The patience must be at least 0 validations, not " + patience);
    }
    keepsBest |= patience > 0;
    metrics.forEach(Metric::named); // refuses those that there are not
    metrics = List.copyOf(metrics);
    if (!monitor.equals("loss")) {
      Metric.named(monitor);
    }
  }

  /**
   * {@link #classification}, {@link #regression} or {@link #flags} of as many epochs as these rows
   * need.
   */
  public static Recipe of(Dataset train) {
    Recipe recipe = of(train.task());
    int batches = (train.rows() + recipe.batch - 1) / recipe.batch;
    return recipe.withEpochs(enoughEpochs(batches));
  }

  private static Recipe of(Task task) {
    return switch (task.kind()) {
      case CLASSIFICATION -> classification();
      case REGRESSION -> regression();
      case FLAGS -> flags();
    };
  }

  /** As many as make 500 steps, and at least 20. */
  public static int enoughEpochs(int stepsPerEpoch) {
    return Math.max(FEWEST_EPOCHS, (FEWEST_STEPS + stepsPerEpoch - 1) / stepsPerEpoch);
  }

  /** Cross-entropy, AdamW at 1e-3 with a cosine schedule, 20 epochs of batches of 128, accuracy. */
  public static Recipe classification() {
    return new Recipe(
        Loss.crossEntropy(),
        Optimizer.adamw(1e-3),
        Schedule.cosine(),
        Fade.none(),
        FEWEST_EPOCHS,
        0,
        128,
        0,
        0,
        false,
        "loss",
        List.of("accuracy"),
        1);
  }

  /**
   * Mean squared error, AdamW at 1e-3 with a cosine schedule, 20 epochs of batches of 128, RMSE.
   */
  public static Recipe regression() {
    return classification().withLoss(Loss.meanSquared()).withMetrics(List.of("rmse"));
  }

  /** As {@link #classification}, of each flag by itself. */
  public static Recipe flags() {
    return classification().withLoss(Loss.binaryCrossEntropy());
  }

  /**
   * For tables, in the manner of RealMLP (Holzmüller et al. 2024): AdamW with a memory of 0.95 and
   * a rate in four waves, weight decay and dropout that fade, smoothed classes, and the weights of
   * the best of 256 epochs, which needs rows to validate on. To it belong robustly scaled features
   * ({@link dev.evenkeel.data.Scaling#ROBUST}) and three hidden layers of 256 with dropout 0.15 and
   * no norm, behind which a decay of weights would regularise little.
   *
   * <p>RealMLP divides weights by the root of their fan-in. Its rate of 0.04 is 0.04 / √256 for
   * weights that are not divided, and its decay, which acts by the product of both, 16 times 0.02.
   */
  public static Recipe tabular(Task task) {
    boolean classes = task instanceof Task.Classification;
    Recipe plain = of(task);
    return plain
        .withLoss(classes ? new Loss.SoftmaxCrossEntropy(0.1, List.of()) : plain.loss)
        .withOptimizer(new Optimizer.AdamW(2.5e-3, 0.9, 0.95, 1e-8, 0.32))
        .withSchedule(Schedule.cosineLog())
        .withFade(Fade.flatCosine())
        .withEpochs(256)
        .withBatch(256)
        .keepingBest();
  }

  /** Whether more of what is monitored is better. */
  public boolean higherIsBetter() {
    return !monitor.equals("loss") && Metric.named(monitor).higherIsBetter();
  }

  public Recipe withLoss(Loss loss) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withOptimizer(Optimizer optimizer) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withSchedule(Schedule schedule) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withFade(Fade fade) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withEpochs(int epochs) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, 0, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withSteps(long steps) {
    return new Recipe(
        loss, optimizer, schedule, fade, 0, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withBatch(int batch) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withClip(double clip) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  /**
   * Stops after so many validations without a better one, and takes back the weights of the best
   * epoch. 0 does neither: {@link #keepingBest} comes after it.
   */
  public Recipe withEarlyStopping(int patience, String monitor) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, false, monitor,
        metrics, seed);
  }

  /** Trains to the end, unless there is patience, and takes back the weights of the best epoch. */
  public Recipe keepingBest() {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, true, monitor,
        metrics, seed);
  }

  public Recipe withMetrics(List<String> metrics) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }

  public Recipe withSeed(long seed) {
    return new Recipe(
        loss, optimizer, schedule, fade, epochs, steps, batch, clip, patience, keepsBest, monitor,
        metrics, seed);
  }
}
