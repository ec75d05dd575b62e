package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.nn.Model;
import dev.evenkeel.optim.ScheduleState;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * What a training knows of its run so far: how far it has come, where its schedule stands, and
 * which epoch was the best. The {@link Trainer} walks; this takes down.
 */
final class Course {

  private final Model model;
  private final Recipe recipe;
  private ScheduleState schedule;
  private final List<Epoch> history = new ArrayList<>();
  private Progress progress;
  private Map<String, float[]> best = Map.of();

  /**
   * At its start.
   *
   * @param data fingerprints of the training and validation data
   */
  Course(Model model, Recipe recipe, List<String> data) {
    this.model = model;
    this.recipe = recipe;
    this.schedule = new ScheduleState(recipe.schedule());
    this.progress = Progress.start(schedule.saved(), data, model.backend().description());
  }

  /** Goes on from a checkpoint: model and optimizer are as they were then. */
  void resume(SavedModel saved, List<Matrix> optimizerState) {
    Progress from = Checkpoint.progress(saved);
    if (!saved.network().equals(model.network()) || !saved.recipe().equals(recipe)) {
      throw new EvenkeelException(
          "%s was made with another network or recipe: training can't go on from it"
              .formatted(saved.file()));
    }
    if (!from.data().equals(progress.data())) {
      boolean sameTrain = from.data().get(0).equals(progress.data().get(0));
      throw new EvenkeelException(
          "%s was trained on other data: the rows to %s on are not the same. help: go on with the very same file, split and seed"
              .formatted(saved.file(), sameTrain ? "validate" : "train"));
    }
    model.fill(saved.values(model, ""));
    Checkpoint.restoreOptimizer(saved, model, optimizerState);
    best = Checkpoint.best(saved, model);
    schedule = ScheduleState.restore(recipe.schedule(), from.schedule());
    history.addAll(from.history());
    progress = from.on(model.backend().description());
  }

  Progress progress() {
    return progress;
  }

  /** The weights of the best epoch so far, where they are kept; else empty. */
  Map<String, float[]> best() {
    return best;
  }

  double learningRate(long step, long total) {
    return recipe.optimizer().learningRate() * schedule.factor(step, total);
  }

  boolean patienceIsOut() {
    return recipe.patience() > 0 && progress.epoch() - progress.bestEpoch() >= recipe.patience();
  }

  /**
   * Amid an epoch.
   *
   * @param batch that comes next
   */
  void within(long step, int batch, double lossSum, double seconds) {
    progress =
        new Progress(
            step,
            batch,
            lossSum,
            seconds,
            schedule.saved(),
            progress.history(),
            progress.bestEpoch(),
            progress.bestScore(),
            progress.data(),
            progress.device());
  }

  /**
   * At the end of an epoch.
   *
   * @param validation by name; empty where there are no rows for it
   */
  Epoch endEpoch(
      long step,
      double trainLoss,
      double rate,
      double seconds,
      double examplesPerSecond,
      double dataShare,
      Map<String, Double> validation) {
    boolean isBest = false;
    if (!validation.isEmpty()) {
      schedule.observe(validation.get("loss"));
      isBest = isBetter(validation.get(recipe.monitor()));
    }
    Epoch epoch =
        new Epoch(
            progress.epoch() + 1,
            step,
            seconds,
            rate,
            trainLoss,
            validation,
            isBest,
            examplesPerSecond,
            dataShare);
    if (isBest && recipe.keepsBest()) {
      best = model.values();
    }
    history.add(epoch);
    progress =
        new Progress(
            step,
            0,
            0,
            seconds,
            schedule.saved(),
            Collections.unmodifiableList(history), // copies would grow with the square of epochs
            isBest ? epoch.number() : progress.bestEpoch(),
            isBest ? validation.get(recipe.monitor()) : progress.bestScore(),
            progress.data(),
            progress.device());
    return epoch;
  }

  private boolean isBetter(double score) {
    double before = progress.bestScore();
    if (Double.isNaN(before)) {
      return !Double.isNaN(score);
    }
    return recipe.higherIsBetter() ? score > before : score < before;
  }
}
