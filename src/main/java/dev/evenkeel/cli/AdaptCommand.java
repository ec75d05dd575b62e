package dev.evenkeel.cli;

import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.PopulationStatistics;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "adapt",
    description =
        "Re-estimates batch norm's statistics on data that need no targets (AdaBN); the weights stay.",
    customSynopsis = "evenkeel adapt --model=DIR|FILE [--data=NAME|FILE] --out=DIR [OPTIONS]",
    sortOptions = false)
final class AdaptCommand implements Runnable {

  @Mixin private ModelOptions model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "folder for the adapted model.safetensors")
  private Path out;

  @Mixin private CommonOptions common;

  @Override
  public void run() {
    SavedModel saved = SavedModel.load(model.model);
    Dataset data = model.load(saved, common::say, table -> {});
    RunFolder.fillWithModel(out, () -> adapt(saved, data));
  }

  private void adapt(SavedModel saved, Dataset data) {
    try (Backend backend = common.open();
        Model built = saved.build(backend)) {
      PopulationStatistics.adapt(built, data.stored(), data.layout(), saved.recipe().batch());
      Path file = out.resolve(SavedModel.MODEL_FILE);
      saved.adaptedTo(model.data(saved)).write(file, built);
      common.say("statistics of %s in %s", Words.counted(data.rows(), "row"), file);
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("device", backend.device());
      result.put("rows", data.rows());
      result.put("out", file.toString());
      common.result(result);
    }
  }
}
