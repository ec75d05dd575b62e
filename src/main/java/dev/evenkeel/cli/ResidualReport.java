package dev.evenkeel.cli;

import dev.evenkeel.metric.Metric;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.metric.Residuals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** How the residuals of each target lie and, where there are several, how well each is met. */
final class ResidualReport extends Details {

  private static final List<Metric> METRICS =
      Stream.of(Metric.OF_NUMBERS.split(", ")).map(Metric::named).toList();

  private final List<String> targets;
  private final Predictions predictions;

  ResidualReport(List<String> targets, Predictions predictions) {
    this.targets = targets;
    this.predictions = predictions;
  }

  @Override
  void put(Map<String, Object> result) {
    if (targets.size() > 1) {
      result.put("targets", json(METRICS.stream().map(Metric::name).toList(), this::metrics));
    }
    List<String> keys = Residuals.PERCENTS.stream().map(percent -> "q" + percent).toList();
    result.put("residuals", json(keys, this::quantiles));
  }

  @Override
  List<String> lines() {
    List<String> lines = new ArrayList<>(List.of(""));
    if (targets.size() > 1) {
      List<String> names = METRICS.stream().map(Metric::name).toList();
      lines.addAll(table("target", names, this::metrics));
      lines.add("");
    }
    List<String> percents = Residuals.PERCENTS.stream().map(percent -> percent + " %").toList();
    lines.addAll(table("true − predicted", percents, this::quantiles));
    return lines;
  }

  private double[] metrics(int target) {
    Predictions own = predictions.ofTarget(target);
    return METRICS.stream().mapToDouble(metric -> metric.of(own)).toArray();
  }

  private double[] quantiles(int target) {
    return Residuals.quantiles(predictions, target);
  }

  private List<Map<String, Object>> json(List<String> keys, IntFunction<double[]> numbers) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (int k = 0; k < targets.size(); k++) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("target", targets.get(k));
      double[] own = numbers.apply(k);
      for (int i = 0; i < own.length; i++) {
        one.put(keys.get(i), own[i]);
      }
      all.add(one);
    }
    return all;
  }

  private List<String> table(String first, List<String> others, IntFunction<double[]> numbers) {
    List<String> heading = new ArrayList<>(List.of(first));
    heading.addAll(others);
    TextTable table = new TextTable(1, heading);
    for (int k = 0; k < targets.size(); k++) {
      List<String> row = new ArrayList<>(List.of(TextTable.cut(targets.get(k), LONGEST_NAME)));
      for (double number : numbers.apply(k)) {
        row.add(Evaluation.number(number));
      }
      table.row(row);
    }
    return table.lines();
  }
}
