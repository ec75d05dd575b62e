package dev.evenkeel.train;

import java.util.Map;

/**
 * What is known at the end of an epoch. Everything about validation is absent where no rows
 * validate.
 *
 * @param number from 1 on
 * @param steps taken so far
 * @param seconds since the run began, with validation and files, less the time it lay stopped
 * @param trainLoss the mean over the epoch's batches, each as it was before its update
 * @param validation the loss as "loss", and the recipe's metrics by name; empty without validation
 * @param best whether this is the best validation so far
 * @param examplesPerSecond in the training steps of this epoch
 * @param dataShare the share of the training time that was spent waiting for data, 0 … 1
 */
public record Epoch(
    int number,
    long steps,
    double seconds,
    double learningRate,
    double trainLoss,
    Map<String, Double> validation,
    boolean best,
    double examplesPerSecond,
    double dataShare) {

  /** What is read from the device takes its time: of many epochs, about so many are looked into. */
  private static final int LOOKED_INTO = 100;

  /** Whether those who watch read weights, gradients and activations at the end of this epoch. */
  static boolean isLookedInto(int epoch, int epochs) {
    int every = Math.max(1, (epochs + LOOKED_INTO - 1) / LOOKED_INTO);
    return epoch % every == 0 || epoch == 1 || epoch == epochs;
  }
}
