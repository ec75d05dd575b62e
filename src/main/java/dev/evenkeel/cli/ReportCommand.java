package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.Json;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.nn.Model;
import dev.evenkeel.report.Answers;
import dev.evenkeel.report.RunReport;
import dev.evenkeel.report.UPlot;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Measured;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "report",
    description =
        "Writes report.html into a run folder: curves, gradients and activations by layer, what was answered, the network. It needs nothing else to be looked at.",
    customSynopsis = "evenkeel report --model=DIR [OPTIONS]",
    sortOptions = false)
final class ReportCommand implements Runnable {

  @Mixin private ModelOptions model;

  @Mixin private CommonOptions common;

  @Override
  public void run() {
    if (Files.isRegularFile(model.model)) {
      throw new EvenkeelException(
          "--model %s is a file, but a report is of a run's folder. help: --model %s"
              .formatted(model.model, model.model.toAbsolutePath().getParent()));
    }
    SavedModel saved = SavedModel.load(model.model);
    Measured measured = model.loadMeasured(saved, common::say);
    Dataset data = measured.rows();
    Optional<Answers> answers = Optional.empty();
    if (data.hasTargets()) {
      try (Backend backend = common.open();
          Model built = saved.build(backend)) {
        Predictions predictions =
            Evaluator.predictions(built, data, saved.recipe().batch(), saved.preparation());
        Map<String, String> metrics = Evaluation.shown(saved.recipe(), data.task(), predictions);
        answers = Optional.of(new Answers(measured.words(), data.task(), predictions, metrics));
      }
    }
    write(model.model, saved, answers, common::say)
        .ifPresent(file -> common.result(Map.of("report", file.toString())));
  }

  /** Says where the report is, or why there is none. */
  @SuppressWarnings("unchecked") // what was written is a map of texts
  static Optional<Path> write(
      Path folder, SavedModel saved, Optional<Answers> answers, Consumer<String> say) {
    if (!UPlot.isPresent()) {
      say.accept("No report.html: the charting library uPlot is not on the class path");
      return Optional.empty();
    }
    String conditions = saved.notes().getOrDefault(TrainCommand.CONDITIONS, "{}");
    Map<String, String> known = new LinkedHashMap<>();
    known.putAll(Json.read(conditions, Map.class, saved.file().toString()));
    Path file = new RunReport(folder, saved, answers, known).write();
    say.accept("report: " + file);
    return Optional.of(file);
  }
}
