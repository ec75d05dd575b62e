package dev.evenkeel.cli;

import dev.evenkeel.metric.FlagScores;
import dev.evenkeel.metric.Predictions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** How well each of several flags is told. */
final class FlagReport extends Details {

  private final List<String> names;
  private final List<FlagScores> flags;
  private final double allRight;

  FlagReport(List<String> names, Predictions predictions) {
    this.names = names;
    this.flags =
        IntStream.range(0, names.size()).mapToObj(k -> FlagScores.of(predictions, k)).toList();
    this.allRight = FlagScores.allRight(predictions);
  }

  @Override
  void put(Map<String, Object> result) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (int k = 0; k < names.size(); k++) {
      FlagScores scores = flags.get(k);
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("flag", names.get(k));
      one.put("share", scores.share());
      one.put("accuracy", scores.accuracy());
      one.put("precision", orNull(scores.precision()));
      one.put("recall", orNull(scores.recall()));
      one.put("f1", orNull(scores.f1()));
      one.put("auc", orNull(scores.auc()));
      all.add(one);
    }
    result.put("flags", all);
    result.put("all_right", allRight);
  }

  @Override
  List<String> lines() {
    TextTable table =
        new TextTable(
            1, List.of("flag", "true in", "accuracy", "precision", "recall", "F1", "AUC"));
    for (int k = 0; k < names.size(); k++) {
      FlagScores scores = flags.get(k);
      table.row(
          List.of(
              TextTable.cut(names.get(k), LONGEST_NAME),
              percent(scores.share()),
              percent(scores.accuracy()),
              percent(scores.precision()),
              percent(scores.recall()),
              percent(scores.f1()),
              Double.isNaN(scores.auc()) ? "–" : Evaluation.number(scores.auc())));
    }
    List<String> lines = new ArrayList<>(List.of(""));
    lines.addAll(table.lines());
    lines.add("all flags right in " + percent(allRight) + " of the rows");
    return lines;
  }
}
