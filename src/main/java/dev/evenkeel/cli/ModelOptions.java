package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Table;
import dev.evenkeel.io.Spool;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Measured;
import dev.evenkeel.train.Portion;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Options that name a trained model and data for it. */
final class ModelOptions {

  private static final List<String> STDIN = List.of("-", "/dev/stdin");

  @Option(
      names = "--model",
      paramLabel = "DIR|FILE",
      required = true,
      description = "the run folder, or a model file")
  Path model;

  @Option(
      names = "--data",
      paramLabel = "NAME|FILE",
      description =
          "data of the kind that the model was trained on, or - for stdin (default: what it was trained on: all its rows or, where targets are compared, its test rows or the file of them; to calibrate, those that validated)")
  private String data;

  @Option(
      names = "--target",
      paramLabel = "FILE",
      description = "for NPY and IDX data, the file of targets; for NPZ, an array in it")
  private String target;

  @ArgGroup(
      validate = false,
      heading =
          "%nA CSV that is written in another way than the one that the model was trained on:%n")
  private TableOptions table = new TableOptions();

  String data(SavedModel saved) {
    return data == null ? itsData(saved) : data;
  }

  /**
   * What a model was trained on, where no other data are given; refused where they are not here.
   */
  static String itsData(SavedModel saved) {
    DataPlan plan = plan(saved);
    if (plan.data().isEmpty()) {
      throw new EvenkeelException(
          "%s does not say which data it was trained on. help: --data NAME|FILE"
              .formatted(saved.file()));
    }
    requireHere(plan, saved.file());
    return plan.data();
  }

  /** Of data that a model names, and nobody here. */
  static void requireHere(DataPlan plan, Path model) {
    String name = plan.data();
    if (STDIN.contains(name)) { // to wait for it in silence helps nobody
      throw new EvenkeelException(
          "%s was trained on stdin, which does not come again by itself. help: --data FILE, or --data - to give it again"
              .formatted(model));
    }
    if (!plan.findsData()) {
      throw new EvenkeelException(
          "There is no file %s any more%s, on which %s was trained. help: --data FILE says where it is now"
              .formatted(
                  name,
                  Path.of(name).isAbsolute()
                      ? ""
                      : " (in the folder %s)".formatted(Path.of("").toAbsolutePath()),
                  model));
    }
  }

  /** Prepared rows, of which no targets are wanted. */
  Dataset load(SavedModel saved, Consumer<String> notes, Consumer<Table> tables) {
    Preparation preparation = preparation(asGiven(saved));
    String name = data(saved);
    try (Spool spool = Spool.of(Path.of(name))) {
      return readingPlan(saved).load(name, false, preparation, notes, tables);
    }
  }

  /** Prepared rows with targets; of the data that trained the model, the test rows. */
  Measured loadMeasured(SavedModel saved, Consumer<String> notes) {
    Portion test = plan(saved).test();
    String name = data == null && test.isFile() ? test.file() : data(saved);
    try (Spool spool = Spool.of(Path.of(name))) {
      return Measured.of(readingPlan(saved), name, asGiven(saved), notes);
    }
  }

  /** Prepared rows with targets; of the data that trained the model, the validation rows. */
  Measured loadToSet(SavedModel saved, Consumer<String> notes) {
    String name = data(saved);
    try (Spool spool = Spool.of(Path.of(name))) {
      return Measured.toSet(readingPlan(saved), name, asGiven(saved), notes);
    }
  }

  /** The model with what is said here about how its data are read. */
  private SavedModel asGiven(SavedModel saved) {
    Preparation trained = preparation(saved);
    return saved.withPreparation(trained.withReading(table.over(trained.reading())));
  }

  private DataPlan readingPlan(SavedModel saved) {
    Preparation preparation = preparation(saved);
    DataPlan plan = plan(saved);
    if (target != null && takesTargetFile(preparation, List.of(target))) {
      plan = plan.withTarget(target);
    } else if (data != null && !plan.isOf(data)) {
      plan = plan.withTarget();
    }
    return plan;
  }

  /** Whether --target is the file of it; else it may only name what the model predicts anyway. */
  static boolean takesTargetFile(Preparation preparation, List<String> target) {
    boolean file = preparation.features().get(0) instanceof Feature.Columns;
    List<String> own = preparation.target().names();
    if (!file && !target.equals(own) && !target.equals(List.of(String.join(",", own)))) {
      throw new EvenkeelException(
          "--target %s is not what the model was trained to predict: %s. help: leave --target out; it finds its target by name"
              .formatted(String.join(",", target), String.join(", ", own)));
    }
    return file;
  }

  static Preparation preparation(SavedModel saved) {
    return saved
        .preparation()
        .orElseThrow(
            () ->
                new EvenkeelException(
                    "%s holds no preparation: it does not say what data must go through"
                        .formatted(saved.file())));
  }

  /** Of data "" where the model does not say. */
  static DataPlan plan(SavedModel saved) {
    String plan = saved.notes().get(TrainCommand.PLAN);
    return plan == null ? DataPlan.of("") : DataPlan.read(plan, saved.file().toString());
  }
}
