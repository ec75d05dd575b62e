package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.metric.Temperature;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Measured;
import dev.evenkeel.train.Portion;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "calibrate",
    description =
        "Makes a classifier's probabilities as sure as its answers are right, by one temperature; the answers stay.",
    customSynopsis = "evenkeel calibrate --model=DIR|FILE --out=DIR [OPTIONS]",
    sortOptions = false)
final class CalibrateCommand implements Runnable {

  private static final List<String> METRICS = List.of("logloss", "brier", "ece");

  @Mixin private ModelOptions model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "folder for the calibrated model.safetensors")
  private Path out;

  @Mixin private CommonOptions common;

  @Override
  public void run() {
    SavedModel saved = SavedModel.load(model.model);
    Task task = ModelOptions.preparation(saved).target().task();
    if (!(task instanceof Task.Classification)) {
      throw new EvenkeelException(
          task instanceof Task.Flags
              ? "%s predicts flags, but only the probabilities of classes are calibrated. help: evaluate tells how often each flag is right"
                  .formatted(saved.file())
              : "%s predicts numbers, which have no probabilities to calibrate. help: evaluate tells how its residuals lie"
                  .formatted(saved.file()));
    }
    Measured measured = model.loadToSet(saved, common::say);
    RunFolder.fillWithModel(out, () -> calibrate(saved, measured));
  }

  private void calibrate(SavedModel saved, Measured measured) {
    try (Backend backend = common.open();
        Model built = saved.build(backend)) {
      Predictions before = predictions(built, measured.rows(), saved);
      Temperature temperature = Temperature.of(before);
      built.scaleOutputs(1 / temperature.value());
      Predictions after = predictions(built, measured.rows(), saved);
      Path file = out.resolve(SavedModel.MODEL_FILE);
      saved.write(file, built);
      common.say(
          "temperature %.4f: probabilities %s", temperature.value(), becomes(temperature.value()));
      TextTable table = new TextTable(1, List.of("", "before", "after"));
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("device", backend.device());
      result.put("rows", measured.rows().rows());
      result.put("temperature", temperature.value());
      for (String name : METRICS) {
        double was = Metric.named(name).of(before);
        double is = Metric.named(name).of(after);
        table.row(List.of(name, Evaluation.number(was), Evaluation.number(is)));
        result.put(name + "_before", was);
        result.put(name, is);
      }
      table.lines().forEach(common::say);
      common.say(
          "These are the rows that chose it; evaluate --model %s%s measures others",
          out, testsOnOthers(saved) ? "" : " --data FILE");
      result.put("out", file.toString());
      common.result(result);
    }
  }

  /** Whether the model's own test rows, which evaluate takes by itself, are none of these. */
  private boolean testsOnOthers(SavedModel saved) {
    DataPlan plan = ModelOptions.plan(saved);
    Portion test = plan.test();
    return test.isFile() ? !plan.withData(test.file()).isOf(model.data(saved)) : test.share() > 0;
  }

  private static String becomes(double temperature) {
    boolean same = Math.abs(temperature - 1) < 5e-5; // 1.0000, as it is shown
    return same ? "stay as they are" : temperature > 1 ? "get less sure" : "get surer";
  }

  private static Predictions predictions(Model model, Dataset rows, SavedModel saved) {
    return Evaluator.predictions(model, rows, saved.recipe().batch(), saved.preparation());
  }
}
