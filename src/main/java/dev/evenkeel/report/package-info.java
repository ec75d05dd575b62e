/**
 * A run as a page to look at: what its folder says, drawn by uPlot, which is written into the page.
 *
 * <p>Order of use: load the run's {@code SavedModel}, let {@link dev.evenkeel.report.Answers} run
 * it over rows that it was not trained on, {@link dev.evenkeel.report.RunReport#write write}. uPlot
 * is an optional dependency. A report belongs to one thread; the file appears whole or not at all.
 */
package dev.evenkeel.report;
