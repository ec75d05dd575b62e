package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Confusion;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.EveryClass;
import dev.evenkeel.train.Importance;
import dev.evenkeel.train.Measured;
import dev.evenkeel.train.SavedModel;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    description =
        "Measures a trained model on data with targets: metrics, then class by class with the confusion matrix, or how the residuals of numbers lie.",
    customSynopsis = "evenkeel evaluate --model=DIR|FILE [OPTIONS]",
    sortOptions = false)
final class EvaluateCommand implements Runnable {

  @Mixin private ModelOptions model;

  @Option(
      names = "--metrics",
      paramLabel = "METRIC",
      split = ",",
      description = Evaluation.NAMES + " (default: those of the training)")
  private List<String> metrics = List.of();

  @Option(
      names = "--importance",
      description =
          "tell by how much the first metric gets worse where a column's values change rows at random, for each column of the table; columns that say the same hide each other's importance")
  private boolean importance;

  @Mixin private CommonOptions common;

  @Override
  public void run() {
    SavedModel saved = SavedModel.load(model.model);
    if (importance) {
      Importance.requireColumns(ModelOptions.preparation(saved));
    }
    Measured measured = model.loadMeasured(saved, common::say);
    Dataset data = measured.rows();
    if (!data.hasTargets()) {
      throw new EvenkeelException(
          "%s has no targets to measure against. help: --target FILE".formatted(model.data(saved)));
    }
    boolean classes = data.task().hasProbabilities();
    Evaluation.requireFit("--metrics", metrics, data.task());
    Set<String> names =
        metrics.isEmpty()
            ? Evaluation.metrics(saved.recipe(), classes)
            : new LinkedHashSet<>(metrics);
    EveryClass.require(names, data, "row");
    try (Backend backend = common.open();
        Model built = saved.build(backend);
        Evaluator evaluator =
            new Evaluator(
                built, data, Optional.of(saved.recipe().loss()), saved.recipe().batch())) {
      evaluator.run();
      var predictions = evaluator.predictions(saved.preparation());
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("device", backend.device());
      result.put("rows", data.rows());
      if (measured.changed()) {
        result.put("data_changed", true);
      }
      result.put("loss", evaluator.loss());
      common.say(
          "%s%s, loss %.5f",
          Words.counted(data.rows(), "row"),
          data.isWeighted() ? " by their weights" : "",
          evaluator.loss());
      if (saved.recipe().loss().weight(data.targets(), 0, data.rows()) == 0) {
        common.say("All these rows are of classes of weight 0, so that none counts in the loss.");
      }
      for (String name : names) {
        double value = Evaluator.value(Metric.named(name), data.task(), predictions);
        result.put(name, value);
        common.say(Evaluation.format(name, value));
      }
      ConstantAnswer.unbeaten(data.task(), predictions).ifPresent(common::say);
      Details details = details(data, predictions);
      details.put(result);
      details.lines().forEach(common::say);
      if (importance) {
        Metric first = Metric.named(firstMetric(saved, classes));
        ImportanceReport report =
            new ImportanceReport(
                built, ModelOptions.preparation(saved), data, first, saved.recipe().seed());
        result.put("importance", report.json());
        report.lines().forEach(common::say);
      }
      common.result(result);
    }
  }

  /** The one that the training was measured by, unless others were asked for. */
  private String firstMetric(SavedModel saved, boolean classes) {
    List<String> trained = saved.recipe().metrics();
    if (!metrics.isEmpty()) {
      return metrics.get(0);
    }
    return trained.isEmpty()
        ? Evaluation.metrics(saved.recipe(), classes).iterator().next()
        : trained.get(0);
  }

  private static Details details(Dataset data, Predictions predictions) {
    Task task = data.task();
    if (task instanceof Task.Classification known) {
      return new ClassReport(known.classes(), Confusion.of(predictions), data.isWeighted());
    }
    if (task instanceof Task.Flags flags) {
      return new FlagReport(flags.targets(), predictions);
    }
    return new ResidualReport(((Task.Regression) task).targets(), predictions);
  }
}
