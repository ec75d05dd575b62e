package dev.evenkeel.cli;

import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.ColumnNames;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.SavedModel;
import java.util.LinkedHashMap;
import java.util.Map;

/** Under which conditions a run is trained, for its report. */
final class Conditions {

  private Conditions() {}

  static Map<String, String> of(Backend backend, DataPlan plan, Parts parts, Model model) {
    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("data", plan.data());
    conditions.put("target", ColumnNames.listed(parts.preparation().target().names()));
    conditions.put(
        "rows",
        "%,d train, %,d validate, %,d test; %s"
            .formatted(
                parts.train().rows(),
                parts.valid().map(Dataset::rows).orElse(0),
                parts.test().map(Dataset::rows).orElse(0),
                plan.way()));
    Preparation preparation = parts.preparation();
    String robust = "less their median, by the distance of their quartiles, smoothly clipped";
    boolean pieces = preparation.features().stream().anyMatch(Feature.Pieces.class::isInstance);
    conditions.put(
        "features",
        preparation.clip() == 0
            ? "less their mean, by their deviation"
            : pieces ? "numbers in pieces of their range, others " + robust : robust);
    conditions.put("parameters", "%,d".formatted(model.parameterCount()));
    conditions.put("device", backend.description());
    conditions.put("Evenkeel", SavedModel.version());
    conditions.put("Java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    conditions.put(
        "system",
        "%s %s, %s, %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"),
                Words.counted(Runtime.getRuntime().availableProcessors(), "processor")));
    return conditions;
  }
}
