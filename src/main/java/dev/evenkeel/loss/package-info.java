/**
 * What training makes small.
 *
 * <p>A {@link dev.evenkeel.loss.Loss} is a description, part of a {@code train.Recipe}; the trainer
 * binds it to the backend. Descriptions never change and may be shared among threads.
 */
package dev.evenkeel.loss;
