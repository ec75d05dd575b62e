package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.InputColumns;
import dev.evenkeel.data.Table;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.io.Spool;
import dev.evenkeel.io.Unreadable;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.PredictionFile;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "predict",
    description = "Writes what a trained model says of each row.",
    customSynopsis = "evenkeel predict --model=DIR|FILE [--data=FILE] [OPTIONS]",
    sortOptions = false)
final class PredictCommand implements Runnable {

  @Mixin private ModelOptions model;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "predictions.csv",
      description =
          "the predicted class and each class's probability, or the predicted values; - for stdout (default: ${DEFAULT-VALUE})")
  private Path out;

  @Option(
      names = "--format",
      paramLabel = "csv|jsonl",
      description =
          "jsonl: an object in each line (default: jsonl where --out ends in .jsonl, .ndjson or .json, else csv)")
  private PredictionFile.Form format;

  @Option(
      names = "--with",
      paramLabel = "COLUMN",
      description =
          "columns of the data, by name or number, as a,b, that stand in front of the answers as they are: what rows are known by")
  private List<String> with = List.of();

  @Option(
      names = "--with-inputs",
      description = "all columns of the data stand in front of the answers as they are")
  private boolean withInputs;

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

  private InputColumns inputs(String data, Table table) {
    if (table == null) {
      throw new EvenkeelException(
          "%s copies named columns, but %s has none: it is no CSV file. help: leave it out"
              .formatted(withInputs ? "--with-inputs" : "--with", data));
    }
    return InputColumns.of(table, with);
  }

  /** Whether all of it was taken; {@link Main} says so where it was not. */
  private static boolean writeToStdout(PredictionFile predictions, PredictionFile.Form form) {
    try {
      predictions.write(new OutputStreamWriter(new Stdout(), StandardCharsets.UTF_8), form);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void run() {
    boolean toStdout = List.of("-", "/dev/stdout").contains(out.toString());
    if (toStdout && common.json) {
      throw new EvenkeelException(
          "--out %s and --json would both write to stdout. help: leave one of them out"
              .formatted(out));
    }
    if (withInputs && !with.isEmpty()) {
      throw new EvenkeelException(
          "--with-inputs copies all columns, --with only some. help: leave one of them out");
    }
    if (toStdout || AtomicFile.isStream(out)) {
      common.takeStdout();
    }
    SavedModel saved = SavedModel.load(model.model);
    if (!toStdout) {
      requireOther(saved.file(), "the model");
      requireOther(Path.of(model.data(saved)), "the data");
    }
    try (Spool spool = Spool.of(Path.of(model.data(saved)))) {
      predict(saved, toStdout);
    }
  }

  private void predict(SavedModel saved, boolean toStdout) {
    Optional<InputColumns> inputs = Optional.empty();
    AtomicReference<Table> table = new AtomicReference<>();
    Dataset data = model.load(saved, common::say, table::set);
    if (withInputs || !with.isEmpty()) {
      inputs = Optional.of(inputs(model.data(saved), table.getAndSet(null)));
    }
    try (Backend backend = common.open();
        Model built = saved.build(backend)) {
      PredictionFile predictions =
          new PredictionFile(
              saved.preparation().orElseThrow(),
              Evaluator.outputs(built, data, saved.recipe().batch(), saved.preparation()),
              built.network().outputs(),
              inputs);
      PredictionFile.Form form = format == null ? PredictionFile.Form.of(out) : format;
      if (!toStdout) {
        predictions.write(out, form);
      } else if (!writeToStdout(predictions, form)) {
        return;
      }
      String where = toStdout ? "to stdout" : "in " + out;
      common.say("%s predicted %s", Words.counted(data.rows(), "row"), where);
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("device", backend.device());
      result.put("rows", data.rows());
      result.put("out", out.toString());
      common.result(result);
    }
  }
}
