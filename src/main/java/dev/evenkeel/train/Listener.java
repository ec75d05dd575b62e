package dev.evenkeel.train;

import dev.evenkeel.nn.Parameter;
import java.nio.file.Path;
import java.util.List;

/**
 * Hears of training as it goes, on the training thread: be brief. All methods do nothing at first.
 */
public interface Listener {

  /**
   * @param epoch from 1 on, where training begins or goes on
   * @param step taken already
   * @param before the epochs trained before, where a run goes on
   */
  default void onStart(int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {}

  /**
   * Before the first step.
   *
   * @param step whose gradients may be read in {@link #onEpoch}: those of the epoch's last batch
   */
  default void onReady(TrainingStep step) {}

  /**
   * Before the first step.
   *
   * @param bytes of the device's memory that the run holds from now on; steps take no more
   */
  default void onMemory(long bytes) {}

  /**
   * @param step from 1 on
   * @param rows of this batch
   * @param dataNanos spent waiting for data in this run so far
   */
  default void onStep(
      int epoch, long step, int rows, float loss, double learningRate, long dataNanos) {}

  /** Whether {@link #onGradient} is wanted: to read gradients from the device takes its time. */
  default boolean wantsGradients() {
    return false;
  }

  /**
   * Before {@link #onEpoch} of about a hundred epochs of a run, for each parameter: its gradient of
   * the epoch's last batch, before clipping. Read once for all listeners that want it.
   *
   * @param values to be read until this returns, and not to be changed
   */
  default void onGradient(Parameter parameter, float[] values) {}

  default void onEpoch(Epoch epoch) {}

  /** After a checkpoint is safe on disk. */
  default void onCheckpoint(Path file) {}

  default void onEnd(Trained result) {}
}
