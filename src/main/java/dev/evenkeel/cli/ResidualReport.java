package dev.evenkeel.cli;

import dev.evenkeel.metric.Predictions;
import dev.evenkeel.metric.Residuals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How the residuals of each target lie. */
final class ResidualReport {

  private static final int LONGEST_NAME = 24;

  private final List<String> targets;
  private final Predictions predictions;

  ResidualReport(List<String> targets, Predictions predictions) {
    this.targets = targets;
    this.predictions = predictions;
  }

  void put(Map<String, Object> result) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (int k = 0; k < targets.size(); k++) {
      double[] quantiles = Residuals.quantiles(predictions, k);
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("target", targets.get(k));
      for (int i = 0; i < quantiles.length; i++) {
        one.put("q" + Residuals.PERCENTS.get(i), quantiles[i]);
      }
      all.add(one);
    }
    result.put("residuals", all);
  }

  List<String> lines() {
    List<String> heading = new ArrayList<>(List.of("true − predicted"));
    Residuals.PERCENTS.forEach(percent -> heading.add(percent + " %"));
    TextTable table = new TextTable(1, heading);
    for (int k = 0; k < targets.size(); k++) {
      List<String> row = new ArrayList<>(List.of(TextTable.cut(targets.get(k), LONGEST_NAME)));
      for (double quantile : Residuals.quantiles(predictions, k)) {
        row.add(Evaluation.number(quantile));
      }
      table.row(row);
    }
    List<String> lines = new ArrayList<>(List.of(""));
    lines.addAll(table.lines());
    return lines;
  }
}
