/**
 * Measures of a whole set's predictions, on the host: accuracy, losses, areas and errors; class by
 * class, and how residuals lie.
 *
 * <p>Order of use: an {@code Evaluator} runs the model over a set, {@code predictions} gives what
 * it said beside the targets, {@link dev.evenkeel.metric.Metric#of} measures it. Metrics hold
 * nothing between calls and may be shared among threads.
 */
package dev.evenkeel.metric;
