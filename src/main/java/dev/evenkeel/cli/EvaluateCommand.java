package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.SavedModel;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    description = "Measures a trained model on data with targets.",
    customSynopsis = "evenkeel evaluate --model=DIR|FILE [OPTIONS]",
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {

  @Mixin private ModelOptions model;

  @Option(
      names = "--metrics",
      paramLabel = "METRIC",
      split = ",",
      description = "accuracy, topK, logloss, auc, rmse, mae, r2 (default: those of the training)")
  private List<String> metrics = List.of();

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    SavedModel saved = SavedModel.load(model.model);
    DataPlan.Measured measured = model.loadMeasured(saved, common::say);
    Dataset data = measured.rows();
    if (!data.hasTargets()) {
      throw new EvenkeelException(
          "%s has no targets to measure against. help: --target FILE".formatted(model.data(saved)));
    }
    boolean classes = data.task() instanceof Task.Classification;
    Evaluation.requireFit("--metrics", metrics, classes);
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
      common.say("%s, loss %.5f".formatted(Words.counted(data.rows(), "row"), evaluator.loss()));
      Set<String> names =
          metrics.isEmpty()
              ? Evaluation.metrics(saved.recipe(), classes)
              : new LinkedHashSet<>(metrics);
      for (String name : names) {
        double value = Metric.named(name).of(predictions);
        result.put(name, value);
        common.say(Evaluation.format(name, value));
      }
      common.result(result);
    }
    return 0;
  }
}
