package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceOptions.Replay;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.io.EventFile;
import dev.evenkeel.io.Json;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.metric.Predictions;
import dev.evenkeel.nn.Model;
import dev.evenkeel.report.Answers;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.EveryClass;
import dev.evenkeel.train.Observations;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Portion;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.StepFile;
import dev.evenkeel.train.StoppedException;
import dev.evenkeel.train.TensorBoard;
import dev.evenkeel.train.Trained;
import dev.evenkeel.train.Trainer;
import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "train",
    description = "Trains a network on a data set, and keeps it in a run folder.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {

  static final String PLAN = "data";
  static final String TENSORBOARD = "tensorboard";
  static final String CONDITIONS = "conditions";

  private static final Set<String> RESUMABLE =
      Set.of(
          "--resume",
          "--data",
          "--target",
          "--valid",
          "--test",
          "--tensorboard",
          "--device",
          "--threads",
          "--json",
          "--debug");

  @Spec private CommandSpec spec;

  @ArgGroup(validate = false, heading = "%nData:%n")
  private final DataOptions data = new DataOptions();

  @ArgGroup(validate = false, heading = "%nNetwork:%n")
  private final NetworkOptions network = new NetworkOptions();

  @ArgGroup(validate = false, heading = "%nTraining:%n")
  private final RecipeOptions recipe = new RecipeOptions();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "folder for checkpoint and model (default: runs/DATA-N, the first that is free)")
  private Path out;

  @Option(
      names = "--from",
      paramLabel = "DIR|FILE",
      description =
          "start with this model's weights, network and preparation of the data, not with new ones; of another run, of import, or of adapt")
  private Path from;

  @Option(
      names = "--tensorboard",
      paramLabel = "DIR",
      description =
          "folder for TensorBoard's events, one for each run: loss, learning rate, speed, metrics, gradient norms, histograms of weights, gradients and activations (default: none)")
  private Path tensorBoard;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description =
          "go on with a run from its checkpoint; takes no options but the common ones, --tensorboard, and --data, --valid and --test FILE where these lie elsewhere now")
  private Path resume;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    try (Backend backend = common.openUnsaid(Replay.GRAPH)) {
      return resume != null ? resume(backend) : start(backend);
    }
  }

  private int start(Backend backend) {
    recipe.requireSound(data, network);
    if (from != null) {
      return startFrom(backend, SavedModel.load(from));
    }
    network.requireEffect(recipe.otherwise());
    DataPlan plan = data.plan(recipe.otherwise(), recipe.seed);
    requireNewFolder();
    Parts parts = plan.load(common::say);
    RecipeOptions.Training made = recipe.training(network, parts.train());
    Supplier<Model> build = () -> made.network().build(backend, recipe.seed);
    return start(backend, plan, parts, made.recipe(), build, false);
  }

  /** What the model brings along can't be chosen; how it is trained can. */
  private int startFrom(Backend backend, SavedModel saved) {
    List.of("--scale", "--one-hot", "--drop", "--categorical", "--task")
        .forEach(name -> requireNotGiven(spec.findOption(name)));
    for (String one : List.of("--header", "--hidden")) { // and all of their groups
      spec.findOption(one).group().options().forEach(this::requireNotGiven);
    }
    DataPlan before = ModelOptions.plan(saved);
    boolean named = spec.commandLine().getParseResult().hasMatchedOption("--data");
    boolean own = !named || before.isOf(data.data);
    if (own) { // another split would test on rows that the model was trained on
      List.of("--valid", "--test", "--group", "--split", "--weights")
          .forEach(name -> requireNotGiven(spec.findOption(name)));
    }
    DataPlan plan = data.plan(before, own, recipe.seed);
    if (!named) {
      ModelOptions.itsData(saved);
    }
    Preparation preparation = ModelOptions.preparation(saved);
    if (data.target.length > 0) {
      ModelOptions.takesTargetFile(preparation, List.of(data.target));
    }
    requireNewFolder();
    Parts parts = plan.load(preparation, common::say);
    boolean knowsThese = own && saved.learnedFrom(parts);
    if (own && !knowsThese) {
      common.say(
          "%s has changed since %s learned from it, so rows that now test or validate may be among those it learned from. help: for a fair measure, keep rows apart for evaluate --data",
          plan.data(), saved.file());
    }
    Recipe how = recipe.recipe(parts.train(), saved.network().smallestBatch());
    int outputs = recipe.outputs(parts.train());
    if (saved.network().outputs() != outputs) {
      throw new EvenkeelException(
          "%s has %s, but %s and this loss need %d. help: for two classes, --loss binary goes with one output and --loss cross-entropy with two"
              .formatted(
                  saved.file(),
                  Words.counted(saved.network().outputs(), "output"),
                  plan.data(),
                  outputs));
    }
    boolean knowsOthers = !knowsThese || saved.mayKnowOthers();
    return start(backend, plan, parts, how, () -> saved.build(backend), knowsOthers);
  }

  /** Before data are read, which may take minutes. */
  private void requireNewFolder() {
    if (out != null) {
      RunFolder.requireNew(out);
    }
  }

  private void requireNotGiven(OptionSpec option) {
    if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
      throw new EvenkeelException(
          "%s can't be chosen with --from: the model brings its own. help: leave one of them out"
              .formatted(option.longestName()));
    }
  }

  /**
   * @param knowsOthers whether the model that is built may have learned from other rows before
   */
  private int start(
      Backend backend,
      DataPlan plan,
      Parts parts,
      Recipe how,
      Supplier<Model> build,
      boolean knowsOthers) {
    parts.valid().ifPresent(rows -> EveryClass.require(how.metrics(), rows, "validation row"));
    parts.test().ifPresent(rows -> EveryClass.require(how.metrics(), rows, "test row"));
    Path folder = out == null ? RunFolder.next(Path.of("runs"), plan.data()) : out;
    return RunFolder.fill(
        folder,
        () -> {
          try (Model model = build.get()) {
            Trainer trainer = new Trainer(model, how, parts).withNote(PLAN, Json.write(plan));
            if (knowsOthers) {
              trainer.withNote(SavedModel.STARTED_FROM, from.toString());
            }
            return run(backend, plan, parts, model, how, trainer, folder);
          }
        });
  }

  private int resume(Backend backend) {
    var parsed = spec.commandLine().getParseResult();
    for (var option : parsed.matchedOptions()) {
      String name = option.longestName();
      if (!RESUMABLE.contains(name)) {
        throw new EvenkeelException(
            "%s can't be changed when a run is resumed: it goes on as it was started. help: leave it out, or let its weights learn on in a new run, by --from %s in place of --resume"
                .formatted(name, resume));
      }
    }
    resume = RunFolder.named(resume);
    SavedModel checkpoint = RunFolder.checkpoint(resume);
    if (!checkpoint.notes().containsKey(PLAN)) {
      throw new EvenkeelException(
          "%s was not made by this command, and does not say what it was trained on"
              .formatted(checkpoint.file()));
    }
    if (data.target.length > 0) {
      ModelOptions.takesTargetFile(ModelOptions.preparation(checkpoint), List.of(data.target));
    }
    DataPlan plan = resumedPlan(ModelOptions.plan(checkpoint));
    Parts parts = plan.load(ModelOptions.preparation(checkpoint), note -> {});
    boolean learned = checkpoint.learnedFrom(parts); // or else the trainer refuses
    if (learned && !parts.test().flatMap(checkpoint::testedOn).orElse(true)) {
      throw new EvenkeelException(
          "The rows that %s was to be tested on have changed: their fingerprint is another. help: go on with the very same files"
              .formatted(resume));
    }
    if (!checkpoint.device().equals(backend.description())) {
      common.say(
          "So far %s was trained on %s; it goes on on %s, as well, but not to the last bit",
          resume, checkpoint.device(), backend.description());
    }
    try (Model model = checkpoint.network().build(backend, checkpoint.recipe().seed())) {
      Trainer trainer =
          new Trainer(model, checkpoint.recipe(), parts)
              .resuming(checkpoint)
              .withNote(PLAN, Json.write(plan));
      String startedFrom = checkpoint.notes().get(SavedModel.STARTED_FROM);
      if (startedFrom != null) {
        trainer.withNote(SavedModel.STARTED_FROM, startedFrom);
      }
      if (tensorBoard == null) {
        tensorBoard = notedBoard(checkpoint);
      }
      return run(backend, plan, parts, model, checkpoint.recipe(), trainer, resume);
    }
  }

  /** The data may lie elsewhere by now; whether they are the same, their fingerprint tells. */
  private DataPlan resumedPlan(DataPlan plan) {
    if (spec.commandLine().getParseResult().hasMatchedOption("--data")) {
      plan = plan.withData(data.data);
    } else {
      ModelOptions.requireHere(plan, resume);
    }
    plan =
        plan.withParts(
            moved("--valid", data.valid, plan.valid()), moved("--test", data.test, plan.test()));
    return data.target.length == 0 ? plan : plan.withTarget(data.target);
  }

  /** Where a file of rows kept apart lies now. */
  private Portion moved(String option, Portion given, Portion before) {
    if (!spec.commandLine().getParseResult().hasMatchedOption(option)) {
      return before;
    }
    if (!given.isFile() || !before.isFile()) {
      throw new EvenkeelException(
          "%s %s can't be chosen when a run is resumed: it was started with %s %s. help: leave it out"
              .formatted(option, given, option, before));
    }
    return given;
  }

  private int run(
      Backend backend,
      DataPlan plan,
      Parts parts,
      Model model,
      Recipe how,
      Trainer trainer,
      Path folder) {
    parts.test().ifPresent(rows -> trainer.withNote(SavedModel.TEST_ROWS, rows.fingerprint()));
    trainer.withCheckpoints(folder).withListener(new RunFolder.HistoryFile(folder));
    common.sayDevice();
    common.say(
        "%s · %s train, %,d validate, %,d test · %s",
        Words.counted(model.parameterCount(), "parameter"),
        Words.counted(parts.train().rows(), "row"),
        parts.valid().map(Dataset::rows).orElse(0),
        parts.test().map(Dataset::rows).orElse(0),
        plan.way());
    Map<String, String> conditions = Conditions.of(backend, plan, parts, model);
    trainer.withNote(CONDITIONS, Json.write(conditions));
    Trained trained;
    StopSignals signals = new StopSignals(folder, System.err::println);
    try (signals;
        ProgressLine progress = new ProgressLine(backend);
        TensorBoard board = tensorBoard == null ? null : board(model, parts.train(), trainer);
        StepFile steps = new StepFile(folder, parts.train().rows(), System.err::println);
        Observations seen = new Observations(folder, model, parts.train(), System.err::println)) {
      trained =
          trainer
              .withListener(steps)
              .withListener(seen)
              .withListener(progress)
              .withListener(signals)
              .fit();
    } catch (StoppedException e) {
      common.say(
          "Training was stopped, as asked, after %s. help: --resume %s goes on",
          Words.counted(e.steps(), "step"), folder);
      Path checkpoint = folder.resolve(SavedModel.CHECKPOINT_FILE);
      common.result(
          Map.of("stopped", true, "steps", e.steps(), "checkpoint", checkpoint.toString()));
      return signals.code();
    }
    report(backend, parts, model, how, trained, folder);
    return 0;
  }

  /** Where the run wrote events; a checkpoint from elsewhere makes no folders here. */
  private Path notedBoard(SavedModel checkpoint) {
    String noted = checkpoint.notes().get(TENSORBOARD);
    if (noted == null) {
      return null;
    }
    File[] events = new File(noted).listFiles((folder, name) -> EventFile.isEvents(name));
    if (events == null || events.length == 0) {
      common.say(
          "Writing no TensorBoard events: the run wrote them to %s, where there are none. help: --tensorboard %s",
          noted, noted);
      return null;
    }
    return Path.of(noted);
  }

  private TensorBoard board(Model model, Dataset train, Trainer trainer) {
    TensorBoard board = new TensorBoard(tensorBoard, model, train, System.err::println);
    trainer.withListener(board).withNote(TENSORBOARD, tensorBoard.toString());
    return board;
  }

  private void report(
      Backend backend, Parts parts, Model model, Recipe how, Trained trained, Path folder) {
    SavedModel saved = SavedModel.load(folder);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("device", backend.device());
    result.put("epochs", trained.epochs());
    result.put("steps", trained.steps());
    result.put("seconds", round(trained.seconds()));
    result.put("train_loss", trained.last().trainLoss());
    boolean validated = !trained.last().validation().isEmpty();
    result.put("best_epoch", validated ? trained.bestEpoch() : null);
    result.put("valid_loss", null); // there without validation, too
    trained.kept().validation().forEach((name, value) -> result.put("valid_" + name, value));
    Optional<Answers> answers = Optional.empty();
    if (parts.test().isPresent()) {
      Dataset test = parts.test().get();
      boolean classes = test.task().hasProbabilities();
      Predictions predictions =
          Evaluator.predictions(model, test, how.batch(), Optional.of(parts.preparation()));
      String rows = Words.counted(test.rows(), "row") + saved.unseen();
      Map<String, String> metrics = Evaluation.shown(how, test.task(), predictions);
      answers = Optional.of(new Answers(rows, test.task(), predictions, metrics));
      for (String name : Evaluation.metrics(how, classes)) {
        double value = Evaluator.value(Metric.named(name), test.task(), predictions);
        result.put("test_" + name, value);
        common.say("test %s", Evaluation.format(name, value));
      }
      ConstantAnswer.unbeaten(test.task(), predictions).ifPresent(common::say);
    }
    result.put("parameters", model.parameterCount());
    result.put("checkpoint", folder.resolve(SavedModel.CHECKPOINT_FILE).toString());
    result.put("model", folder.resolve(SavedModel.MODEL_FILE).toString());
    common.say(
        "%s, %s in %.1f s%s · %s",
        Words.counted(trained.epochs(), "epoch"),
        Words.counted(trained.steps(), "step"),
        trained.seconds(),
        (trained.stoppedEarly() ? ", stopped early" : "")
            + (trained.keptBest() ? ", weights of epoch " + trained.bestEpoch() : ""),
        folder.resolve(SavedModel.MODEL_FILE));
    ReportCommand.write(folder, saved, answers, common::say)
        .ifPresent(file -> result.put("report", file.toString()));
    OverfitRemark.of(trained, how).ifPresent(common::say);
    boolean named = parts.preparation().features().get(0).column().isPresent();
    boolean chose = spec.commandLine().getParseResult().hasMatchedOption("--recipe");
    if (named && !chose && resume == null && from == null) {
      common.say("On tables --recipe tabular is often better; it takes longer.");
    }
    common.result(result);
  }

  private static double round(double seconds) {
    return Math.round(seconds * 1000) / 1000.0;
  }
}
