package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import java.util.List;

/**
 * How to train, as plain data that every checkpoint carries.
 *
 * @param epochs walks through the training rows; 0 where {@code steps} says when to stop
 * @param steps training steps; 0 where {@code epochs} says when to stop
 * @param batch the largest number of rows of a mini-batch
 * @param clip the largest global norm of the gradient; 0 clips nothing
 * @param patience validations without a better {@code monitor} before training stops early and
 *     takes back the best weights; 0 trains to the end and keeps the last ones
 * @param monitor "loss", or the metric that decides what is best
 * @param metrics by name; taken on the validation rows after each epoch
 */
public record Recipe(
    Loss loss,
    Optimizer optimizer,
    Schedule schedule,
    int epochs,
    long steps,
    int batch,
    double clip,
    int patience,
    String monitor,
    List<String> metrics,
    long seed) {

  public Recipe {
    metrics = List.copyOf(metrics);
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
  }

  /** Cross-entropy, AdamW at 1e-3 with a cosine schedule, 20 epochs of batches of 128, accuracy. */
  public static Recipe classification() {
    return new Recipe(
        Loss.crossEntropy(),
        Optimizer.adamw(1e-3),
        Schedule.cosine(),
        20,
        0,
        128,
        0,
        0,
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

  public Recipe withLoss(Loss loss) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withOptimizer(Optimizer optimizer) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withSchedule(Schedule schedule) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withEpochs(int epochs) {
    return new Recipe(
        loss, optimizer, schedule, epochs, 0, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withSteps(long steps) {
    return new Recipe(
        loss, optimizer, schedule, 0, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withBatch(int batch) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withClip(double clip) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withEarlyStopping(int patience, String monitor) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withMetrics(List<String> metrics) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }

  public Recipe withSeed(long seed) {
    return new Recipe(
        loss, optimizer, schedule, epochs, steps, batch, clip, patience, monitor, metrics, seed);
  }
}
