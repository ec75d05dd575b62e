package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Chart;
import dev.evenkeel.lab.Experiment;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Lab;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.lab.Runs;
import dev.evenkeel.lab.Spread;
import dev.evenkeel.lab.Table;
import dev.evenkeel.lab.Trial;
import dev.evenkeel.optim.Optimizer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All methods on one net, with large and with tiny batches. */
public final class Methods implements Experiment {

  private static final List<Integer> HIDDEN = List.of(128, 128, 128, 128);
  private static final int LARGE = 128;
  private static final int TINY = 4;
  private static final double ADAM_RATE = 1e-3;
  private static final int TINY_ROWS = 10_000;
  private static final int PILOT_STEPS = 1400;

  /** Of categories, where the methods' own names do not fit. */
  private static final Map<Method, String> SHORT =
      Map.of(
          Method.NONE, "none",
          Method.BATCH, "batch",
          Method.MEAN_ONLY, "mean-only",
          Method.LAYER, "layer",
          Method.GROUP, "group",
          Method.RMS, "RMS",
          Method.WEIGHT, "weight",
          Method.NORMPROP, "NormProp",
          Method.SELU, "SELU");

  /** Those that take statistics of the batch in every step. */
  private static final Set<Method> OF_BATCH = Set.of(Method.BATCH, Method.MEAN_ONLY);

  private record Setting(Method method, int batch, double rate) {
    @Override
    public String toString() {
      return "%s, batch %d, learning rate %s".formatted(method, batch, rate);
    }
  }

  @Override
  public About about() {
    return About.of("methods")
        .titled("All methods on one net, with 128 rows and with 4")
        .claims(
            "Batch norm is better than no norm and than any other at 128 rows a batch, but the worst at 4, where norms over a row do not care.")
        .from("lectures; the batch of 4: Ba, Kiros and Hinton 2016, section 6.6")
        .seeds(2);
  }

  @Override
  public void run(Lab lab, Finding finding) {
    LabData data = lab.images().standardised();
    int steps = lab.size(60, 600, PILOT_STEPS);
    int tinySteps = lab.size(250, 2500, 15_000);
    List<Double> rates = lab.size(List.of(0.03), List.of(0.03, 0.1), List.of(0.01, 0.03, 0.1));
    LabData few = data.take(TINY_ROWS, data.test().rows());
    Runs<Setting, Trial.Result> large =
        lab.sweep(
            settings(LARGE, rates),
            (setting, seed) ->
                trial(setting, data)
                    .withOptimizer(Optimizer.momentum(setting.rate))
                    .withSteps(steps)
                    .run(lab, seed));
    Runs<Setting, Trial.Result> tiny =
        lab.sweep(
            settings(TINY, List.of(ADAM_RATE)),
            (setting, seed) ->
                trial(setting, few)
                    .withOptimizer(Optimizer.adam(setting.rate))
                    .withSteps(tinySteps)
                    .run(lab, seed));
    finding.method(
        "%s, standardised by one mean and deviation; %d-128-128-128-128-%d with ReLU (but for SELU). Batches of %d: momentum 0.9, %,d steps, the best of the learning rates %s. Batches of %d: %,d of the rows, Adam at %s, %,d steps. Group norm has groups of 8 features, and so is what instance norm over 8 features is. Mean-only batch norm stands behind weight norm.",
        data,
        data.inputs(),
        data.classes(),
        LARGE,
        steps,
        rates,
        TINY,
        few.train().rows(),
        ADAM_RATE,
        tinySteps);
    Map<Method, Setting> best = best(large);
    show(lab, finding, large, best, tiny);
    judge(finding, large, best, tiny);
    if (data.name().equals("mnist")) {
      publish(finding, large, best, tiny, steps);
    }
  }

  private static List<Setting> settings(int batch, List<Double> rates) {
    return Method.compared().stream()
        .flatMap(method -> rates.stream().map(rate -> new Setting(method, batch, rate)))
        .toList();
  }

  private static Trial trial(Setting setting, LabData data) {
    return Trial.of(setting.method.classifier(data, HIDDEN, Activation.RELU), data)
        .withBatch(setting.batch);
  }

  /** Of each method the setting of the highest mean accuracy. */
  private static Map<Method, Setting> best(Runs<Setting, Trial.Result> runs) {
    Map<Method, Setting> best = new EnumMap<>(Method.class);
    for (Method method : Method.compared()) {
      best.put(method, runs.best(one -> one.method == method, Trial.Result::percent));
    }
    return best;
  }

  private static Setting tiny(Method method) {
    return new Setting(method, TINY, ADAM_RATE);
  }

  private static Spread percent(Runs<Setting, Trial.Result> runs, Setting setting) {
    return runs.spread(setting, Trial.Result::percent);
  }

  private static void show(
      Lab lab,
      Finding finding,
      Runs<Setting, Trial.Result> large,
      Map<Method, Setting> best,
      Runs<Setting, Trial.Result> tiny) {
    Chart chart =
        Chart.of("methods", "All methods on one net, with large and with tiny batches")
            .subtitle(lab.overSeeds("mean and sd"))
            .x("norm")
            .y("test accuracy (%)");
    Table table =
        Table.of(
            "methods",
            "Test accuracy and log loss",
            "method",
            "accuracy, 128 rows (%)",
            "log loss, 128 rows",
            "its learning rate",
            "accuracy, 4 rows (%)",
            "log loss, 4 rows");
    for (Method method : Method.compared()) {
      Setting setting = best.get(method);
      chart.dot("batches of 128", SHORT.get(method), percent(large, setting));
      chart.dot("batches of 4", SHORT.get(method), percent(tiny, tiny(method)));
      table.row(
          method.toString(),
          percent(large, setting),
          large.spread(setting, Trial.Result::logLoss),
          setting.rate,
          percent(tiny, tiny(method)),
          tiny.spread(tiny(method), Trial.Result::logLoss));
    }
    finding.figure(chart);
    finding.table(table);
  }

  private static void judge(
      Finding finding,
      Runs<Setting, Trial.Result> large,
      Map<Method, Setting> best,
      Runs<Setting, Trial.Result> tiny) {
    double none = percent(large, best.get(Method.NONE)).mean();
    double batch = percent(large, best.get(Method.BATCH)).mean();
    double others =
        best.values().stream()
            .filter(setting -> setting.method != Method.BATCH)
            .mapToDouble(setting -> percent(large, setting).mean())
            .max()
            .orElseThrow();
    String few = "360 test rows: one is 0.28 points, and the methods are closer than their spread";
    finding.check("128 rows: batch norm − no norm (points)", batch - none).above(0).notAtSmoke(few);
    finding
        .check("128 rows: batch norm − the best other (points)", batch - others)
        .above(0)
        .notAtSmoke(few);
    double noneTiny = percent(tiny, tiny(Method.NONE)).mean();
    double batchTiny = percent(tiny, tiny(Method.BATCH)).mean();
    double layerTiny = percent(tiny, tiny(Method.LAYER)).mean();
    double worst =
        tiny.settings().stream()
            .filter(setting -> !OF_BATCH.contains(setting.method))
            .mapToDouble(setting -> percent(tiny, setting).mean())
            .min()
            .orElseThrow();
    finding.check("4 rows: batch norm − no norm (points)", batchTiny - noneTiny).below(0);
    finding.check("4 rows: batch norm − layer norm (points)", batchTiny - layerTiny).below(0);
    finding
        .check(
            "4 rows: batch norm − the worst without statistics of the batch (points)",
            batchTiny - worst)
        .below(0)
        .notAtSmoke("weight norm's start from its first 4 rows still tells after so few steps");
    finding.because(
        "With 128 rows batch norm reaches %.2f %%, no norm %.2f %% and the best other method %.2f %%. With 4 rows it is at %.2f %%, no norm at %.2f %%, layer norm at %.2f %%, and the worst of those that take no statistics of the batch at %.2f %%: a mean and a deviation of 4 rows are mostly noise.",
        batch, none, others, batchTiny, noneTiny, layerTiny, worst);
  }

  /** A pilot of one seed in numpy; seeds differ by about 0.2 points. */
  private static void publish(
      Finding finding,
      Runs<Setting, Trial.Result> large,
      Map<Method, Setting> best,
      Runs<Setting, Trial.Result> tiny,
      int steps) {
    Map<Method, Double> pilot = new EnumMap<>(Method.class);
    pilot.put(Method.NONE, 96.86);
    pilot.put(Method.BATCH, 97.54);
    pilot.put(Method.LAYER, 97.12);
    pilot.put(Method.WEIGHT, 97.27);
    pilot.put(Method.NORMPROP, 97.27);
    pilot.put(Method.SELU, 96.77);
    pilot.forEach(
        (method, percent) ->
            finding
                .published(
                    "%s, 128 rows (%%), pilot in numpy after %,d steps"
                        .formatted(method, PILOT_STEPS),
                    percent(large, best.get(method)).mean())
                .near(percent, steps == PILOT_STEPS ? 0.5 : 1.5));
    double difference =
        percent(tiny, tiny(Method.BATCH)).mean() - percent(tiny, tiny(Method.LAYER)).mean();
    finding
        .published(
            "4 rows: batch norm − layer norm (points), pilot in numpy with two layers of 200",
            difference)
        .near(-1.48, 1);
    if (steps < PILOT_STEPS) {
      finding.because(
          "The pilot's numbers are those of longer runs: with 128 rows after %,d steps, ours after %,d; with 4 rows after six epochs, ours after one, and in a deeper net.",
          PILOT_STEPS, steps);
    }
  }
}
