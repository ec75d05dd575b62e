package dev.evenkeel.ui;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.report.RunReport;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.Observations;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.StepFile;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Runs to look at: trained ones, and files as a run would have left them. */
final class SampleRuns {

  private SampleRuns() {}

  /** A run of so many epochs whose loss falls like a power of them. */
  static Path finished(Path runs, String name, int epochs, double power) {
    StringBuilder history =
        new StringBuilder(
            "epoch,steps,seconds,learning_rate,train_loss,valid_loss,valid_accuracy,examples_per_second,data_share\n");
    for (int i = 1; i <= epochs; i++) {
      double loss = 2 * Math.pow(i, -power);
      history.append(
          String.format(
              Locale.ROOT,
              "%d,%d,%.2f,%.6f,%.5f,%.5f,%.5f,%.1f,0.01%n",
              i,
              100 * i,
              1.5 * i,
              0.001 * (1 - i / (epochs + 1.0)),
              loss,
              1.1 * loss + 0.05,
              1 - loss / 4,
              9e4 + 1e3 * Math.sin(i)));
    }
    return folder(runs, name, Map.of("history.csv", history.toString(), "model.safetensors", ""));
  }

  static Path folder(Path runs, String name, Map<String, String> files) {
    try {
      Path folder = Files.createDirectory(runs.resolve(name));
      for (var file : files.entrySet()) {
        Files.writeString(folder.resolve(file.getKey()), file.getValue());
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The mark of a run that another process trains: one that lives, since it started this one. */
  static String runningMark() {
    ProcessHandle other = ProcessHandle.current().parent().orElseThrow();
    return other.pid() + " " + other.info().startInstant().orElse(Instant.EPOCH);
  }

  /** Trains on the digits with all that the command line keeps of a run. */
  static void train(Path folder, int epochs, Listener more) {
    Parts data = DataPlan.of("digits").load(note -> {});
    Dataset train = data.train();
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(64, List.of(32, 16), 10).build(backend, 1);
        StepFile steps = new StepFile(folder, train.rows(), SampleRuns::fail);
        Observations seen = new Observations(folder, model, train, SampleRuns::fail)) {
      new Trainer(model, Recipe.classification().withEpochs(epochs), train)
          .withValidation(data.valid().orElseThrow())
          .withCheckpoints(folder)
          .withListener(new RunFolder.HistoryFile(folder))
          .withListener(steps)
          .withListener(seen)
          .withListener(more)
          .fit();
    }
  }

  static void report(Path folder) {
    new RunReport(folder, SavedModel.load(folder), Optional.empty(), Map.of("device", "CPU"))
        .write();
  }

  private static void fail(String words) {
    throw new AssertionError(words);
  }
}
