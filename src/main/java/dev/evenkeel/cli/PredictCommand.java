package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.Unreadable;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.PredictionFile;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "predict",
    description = "Writes what a trained model says of each row.",
    customSynopsis = "evenkeel predict --model=DIR|FILE --data=FILE [OPTIONS]",
    sortOptions = false)
final class PredictCommand implements Callable<Integer> {

  @Mixin private ModelOptions model;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "predictions.csv",
      description =
          "CSV: the predicted class and each class's probability, or the predicted values (default: ${DEFAULT-VALUE})")
  private Path out;

  @Mixin private CommonOptions common;

  /** What is read is never replaced. */
  private void requireOther(Path read, String what) {
    try {
      if (Files.exists(out) && Files.exists(read) && Files.isSameFile(out, read)) {
        throw new EvenkeelException(
            "--out %s is %s itself, which the predictions would replace. help: another --out"
                .formatted(out, what));
      }
    } catch (IOException e) {
      throw Unreadable.because(read, e);
    }
  }

  @Override
  public Integer call() {
    SavedModel saved = SavedModel.load(model.model);
    requireOther(saved.file(), "the model");
    requireOther(Path.of(model.data(saved)), "the data");
    Dataset data = model.load(saved, common::say);
    try (Backend backend = common.open();
        Model built = saved.build(backend);
        Evaluator evaluator =
            new Evaluator(built, data, Optional.empty(), saved.recipe().batch())) {
      evaluator.run();
      PredictionFile.write(
          out,
          saved.preparation().orElseThrow(),
          evaluator.outputs(saved.preparation()),
          built.network().outputs());
      common.say("%s predicted in %s".formatted(Words.counted(data.rows(), "row"), out));
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("device", backend.device());
      result.put("rows", data.rows());
      result.put("out", out.toString());
      common.result(result);
    }
    return 0;
  }
}
