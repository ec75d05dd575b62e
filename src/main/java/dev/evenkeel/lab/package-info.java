/**
 * Experiments that test what is claimed about normalisation: each trains small networks, measures,
 * and judges the claim by its numbers. {@link dev.evenkeel.lab.Laboratory} runs them and writes a
 * report, data and figures.
 *
 * <p>An experiment is one class in {@code dev.evenkeel.lab.experiments}, listed in {@code
 * Experiments}:
 *
 * <pre>{@code
 * final class LargerSteps implements Experiment {
 *
 *   public About about() {
 *     return About.of("larger-steps")
 *         .titled("Batch norm and the learning rate")
 *         .claims("With batch norm a network trains at ten times the learning rate.")
 *         .from("Ioffe and Szegedy 2015, section 3.3");
 *   }
 *
 *   public void run(Lab lab, Finding finding) {
 *     LabData data = lab.images().standardised(); // digits at Scale.SMOKE
 *     Map<String, Network> nets = Map.of("none", ..., "batch norm", ...);
 *     Chart chart = Chart.of("accuracy", "...").x("learning rate").logX().y("accuracy (%)");
 *     Table table = Table.of("accuracy", "...", "method", "learning rate", "accuracy (%)");
 *     for (double rate : lab.size(List.of(0.1, 1.0), List.of(0.01, 0.1, 1.0), ...)) {
 *       Runs<String, Trial.Result> runs =
 *           lab.sweep(List.copyOf(nets.keySet()), (net, seed) ->
 *               Trial.of(nets.get(net), data).withLearningRate(rate).withSteps(500).run(lab, seed));
 *       for (String net : runs.settings()) {
 *         Spread accuracy = runs.spread(net, Trial.Result::percent);
 *         chart.line(net, rate, accuracy); // the band is one deviation over the seeds
 *         table.row(net, rate, accuracy);
 *       }
 *     }
 *     finding.method("784-100-100-10, momentum 0.9, ...");
 *     finding.figure(chart);
 *     finding.table(table);
 *     finding.check("accuracy at 1.0 with batch norm (%)", ...).above(95).notAtSmoke("too short");
 *     finding.check("...", ...).above(95).knownToFail("ReLU explodes by 1.21 a layer");
 *     finding.published("accuracy at 1.0, Udacity's notebook", ...).near(0.98, 0.01);
 *     finding.because("At 1.0 it reached %.1f %%, without it %.1f %%.", ...);
 *   }
 * }
 * }</pre>
 *
 * <p>The verdict follows from the checks: all passed, it holds; none, it does not; else it holds
 * partly. {@code published} numbers stand beside ours and decide nothing. A test runs every listed
 * experiment at {@code Scale.SMOKE} and expects each check to come out as it says: to pass, or to
 * fail where it is {@code knownToFail}.
 *
 * <p>{@code Trial.every(100, moment -> ...)}, {@code at}, {@code atStart} and {@code atEnd} look on
 * while it trains: at the test score, the model's values, the step's gradients, or a score on other
 * rows.
 */
package dev.evenkeel.lab;
