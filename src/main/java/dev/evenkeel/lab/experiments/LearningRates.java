package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Chart;
import dev.evenkeel.lab.Check;
import dev.evenkeel.lab.Experiment;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Lab;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.lab.Numbers;
import dev.evenkeel.lab.Runs;
import dev.evenkeel.lab.Spread;
import dev.evenkeel.lab.Table;
import dev.evenkeel.lab.Trial;
import dev.evenkeel.optim.Optimizer;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** At which learning rates each method trains. */
public final class LearningRates implements Experiment {

  /** Within half a step of the grid, on a logarithmic axis: the same rate. */
  private static final double SAME = 1.8;

  private static final List<Integer> HIDDEN = Collections.nCopies(5, 100);

  /** What is compared with no norm, side by side in the figure. */
  private static final Map<String, List<Method>> FAMILIES = families();

  /** Points below the best accuracy that any method reached; what is as good works. */
  private static final double NEAR_BEST = 5;

  /** The highest rate that works in the pilot of the same net and steps. */
  private static final Map<Method, Double> PILOT =
      Map.of(
          Method.NONE, 0.3,
          Method.BATCH, 3.0,
          Method.LAYER, 1.0,
          Method.WEIGHT, 0.1,
          Method.NORMPROP, 0.1,
          Method.SELU, 0.1);

  private record Setting(Method method, double rate) {
    @Override
    public String toString() {
      return "%s, learning rate %s".formatted(method, rate);
    }
  }

  private static Map<String, List<Method>> families() {
    Map<String, List<Method>> families = new LinkedHashMap<>();
    families.put("over a batch", List.of(Method.BATCH, Method.MEAN_ONLY));
    families.put("over a row", List.of(Method.LAYER, Method.GROUP, Method.RMS));
    families.put("of the weights", List.of(Method.WEIGHT, Method.NORMPROP, Method.SELU));
    return families;
  }

  @Override
  public About about() {
    return About.of("learning-rates")
        .titled("Which learning rates work")
        .claims(
            "Batch norm makes a net less sensitive to its hyperparameters: it trains at a wider range of learning rates, and at larger ones.")
        .from("Ioffe and Szegedy 2015, section 3.3; Bjorck et al. 2018; lectures")
        .seeds(3);
  }

  @Override
  public void run(Lab lab, Finding finding) {
    LabData data = lab.images().standardised();
    List<Double> rates =
        lab.size(
            List.of(0.3, 3.0),
            List.of(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
            List.of(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0));
    List<Integer> hidden = lab.size(List.of(60, 60, 60), HIDDEN, HIDDEN);
    int steps = lab.size(100, 500, 5000);
    List<Setting> settings =
        Method.compared().stream()
            .flatMap(method -> rates.stream().map(rate -> new Setting(method, rate)))
            .toList();
    Runs<Setting, Trial.Result> runs =
        lab.sweep(
            settings,
            (setting, seed) ->
                Trial.of(setting.method.classifier(data, hidden, Activation.RELU), data)
                    .withOptimizer(Optimizer.gradientDescent(setting.rate))
                    .withSteps(steps)
                    .run(lab, seed));
    finding.method(
        "%s, standardised by one mean and deviation; %d-%d×%d-%d, He's weights and ReLU (SELU and LeCun's weights where that is the method; groups of 10 features; weight norm started from the first batch; NormProp's gain at 1/1.21), %,d steps of plain gradient descent, batches of 128.",
        data, data.inputs(), hidden.get(0), hidden.size(), data.classes(), steps);
    Range range = new Range(runs);
    show(lab, finding, runs, steps, range);
    judge(finding, range);
  }

  private static void show(
      Lab lab, Finding finding, Runs<Setting, Trial.Result> runs, int steps, Range range) {
    Chart chart =
        Chart.of("learning-rates", "Which learning rates work, by what is normalised")
            .subtitle("after %,d steps; %s".formatted(steps, lab.overSeeds("mean and range")))
            .x("learning rate")
            .logX()
            .y("test accuracy (%)")
            .yRange(0, 100);
    Table all =
        Table.of("learning-rates", "Test accuracy", "method", "learning rate", "test accuracy (%)");
    for (Setting setting : runs.settings()) {
      Spread percent = runs.spread(setting, Trial.Result::percent);
      all.row(setting.method.toString(), setting.rate, percent);
      FAMILIES.forEach(
          (family, methods) -> {
            if (setting.method == Method.NONE || methods.contains(setting.method)) {
              chart
                  .panel(family)
                  .band(
                      setting.method.toString(),
                      setting.rate,
                      percent.mean(),
                      percent.min(),
                      percent.max());
            }
          });
    }
    finding.figure(chart);
    finding.data(all);
    Table table =
        Table.of(
            "ranges",
            "Rates that work: within %.0f points of the best, so %.1f %% or more"
                .formatted(NEAR_BEST, range.enough),
            "method",
            "best accuracy (%)",
            "at",
            "lowest rate that works",
            "highest",
            "width (decades)");
    for (Method method : Method.compared()) {
      Setting best = range.best(method);
      table.row(
          method.toString(),
          range.accuracy(best),
          best.rate,
          range.lowest(method),
          range.highest(method),
          range.decades(method));
    }
    finding.table(table);
  }

  private static void judge(Finding finding, Range range) {
    double ratio = range.highest(Method.BATCH) / range.highest(Method.NONE);
    double wider = range.decades(Method.BATCH) - range.decades(Method.NONE);
    finding
        .check("highest rate that works: batch norm / no norm", ratio)
        .above(5); // as the paper raised it at the least
    finding
        .check("width of the range: batch norm − no norm (decades)", wider)
        .above(0.25); // half a step of the grid
    for (Method method : Method.compared()) {
      if (PILOT.containsKey(method)) {
        Check pilot =
            finding
                .published("highest rate that works, pilot: " + method, range.highest(method))
                .between(PILOT.get(method) / SAME, PILOT.get(method) * SAME)
                .notAtSmoke("the pilot is on MNIST");
        if (method == Method.NORMPROP || method == Method.SELU) {
          pilot.knownToFail(
              "0.1 is at the edge, which moves with the seed and with the scale of the inputs");
        }
      }
    }
    Method next =
        Method.compared().stream()
            .filter(method -> method != Method.BATCH)
            .max(Comparator.comparingDouble(range::decades))
            .orElseThrow();
    finding.because(
        "With batch norm rates from %s to %s work, %.1f decades; without any norm %s to %s, %.1f decades. What it gains it gains at large rates: at %s, the smallest, it reaches %s %%, without any norm %s %%. Of the other methods, %s has the widest range, %.1f decades.",
        Numbers.text(range.lowest(Method.BATCH)),
        Numbers.text(range.highest(Method.BATCH)),
        range.decades(Method.BATCH),
        Numbers.text(range.lowest(Method.NONE)),
        Numbers.text(range.highest(Method.NONE)),
        range.decades(Method.NONE),
        range.smallest(Method.BATCH).rate,
        range.accuracy(range.smallest(Method.BATCH)),
        range.accuracy(range.smallest(Method.NONE)),
        next,
        range.decades(next));
  }

  /** The rates at which a method is good enough, on the mean of the seeds. */
  private static final class Range {
    private final Runs<Setting, Trial.Result> runs;
    private final double enough;

    Range(Runs<Setting, Trial.Result> runs) {
      this.runs = runs;
      this.enough =
          runs.settings().stream().mapToDouble(this::percent).max().orElseThrow() - NEAR_BEST;
    }

    Spread accuracy(Setting setting) {
      return runs.spread(setting, Trial.Result::percent);
    }

    private double percent(Setting setting) {
      return accuracy(setting).mean();
    }

    private Stream<Setting> of(Method method) {
      return runs.settings().stream().filter(setting -> setting.method == method);
    }

    private DoubleStream working(Method method) {
      return of(method).filter(s -> percent(s) >= enough).mapToDouble(Setting::rate);
    }

    Setting best(Method method) {
      return runs.best(setting -> setting.method == method, Trial.Result::percent);
    }

    Setting smallest(Method method) {
      return of(method).findFirst().orElseThrow();
    }

    /** NaN where none works. */
    double lowest(Method method) {
      return working(method).min().orElse(Double.NaN);
    }

    double highest(Method method) {
      return working(method).max().orElse(Double.NaN);
    }

    double decades(Method method) {
      return Math.log10(highest(method) / lowest(method));
    }
  }
}
