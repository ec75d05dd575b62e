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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** At which learning rates each method trains. */
public final class LearningRates implements Experiment {

  private static final int WIDTH = 100;

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
        .seeds(2);
  }

  @Override
  public void run(Lab lab, Finding finding) {
    LabData data = lab.images().standardised();
    List<Double> rates =
        lab.size(
            List.of(0.03, 0.3, 3.0),
            List.of(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
            List.of(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0));
    int depth = lab.size(3, 5, 5);
    int steps = lab.size(150, 500, 5000);
    List<Setting> settings =
        List.of(Method.values()).stream()
            .flatMap(method -> rates.stream().map(rate -> new Setting(method, rate)))
            .toList();
    Runs<Setting, Trial.Result> runs =
        lab.sweep(
            settings,
            (setting, seed) ->
                Trial.of(
                        setting.method.network(
                            data, Collections.nCopies(depth, WIDTH), Activation.RELU),
                        data)
                    .withOptimizer(Optimizer.gradientDescent(setting.rate))
                    .withSteps(steps)
                    .run(lab, seed));
    finding.method(
        "%s, standardised by one mean and deviation; %d-%dx%d-%d, ReLU (SELU where it is the method), %,d steps of plain gradient descent, batches of 128.",
        data, data.inputs(), WIDTH, depth, data.classes(), steps);
    show(lab, finding, runs, steps);
  }

  private static void show(Lab lab, Finding finding, Runs<Setting, Trial.Result> runs, int steps) {
    Chart chart =
        Chart.of("learning-rates", "Test accuracy by learning rate")
            .subtitle(
                "after %,d steps; mean and sd of %d seeds".formatted(steps, lab.seeds().size()))
            .x("learning rate")
            .logX()
            .y("test accuracy (%)");
    Table table =
        Table.of("learning-rates", "Test accuracy", "method", "learning rate", "test accuracy (%)");
    FAMILIES.forEach(
        (family, methods) -> {
          for (Setting setting : runs.settings()) {
            if (setting.method == Method.NONE || methods.contains(setting.method)) {
              chart
                  .panel(family)
                  .line(
                      setting.method.toString(),
                      setting.rate,
                      runs.spread(setting, Trial.Result::percent));
            }
          }
        });
    for (Setting setting : runs.settings()) {
      Spread accuracy = runs.spread(setting, Trial.Result::percent);
      table.row(setting.method.toString(), setting.rate, accuracy);
    }
    finding.figure(chart);
    finding.data(table);
  }
}
