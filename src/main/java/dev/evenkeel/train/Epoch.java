package dev.evenkeel.train;

import java.util.Map;

/**
 * What is known at the end of an epoch. Everything about validation is absent where no rows
 * validate.
 *
 * @param number from 1 on
 * @param steps taken so far
 * @param seconds trained so far
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
    double dataShare) {}
