package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.SearchSpace;
import dev.evenkeel.train.Trainer;
import dev.evenkeel.train.Tuner;
import dev.evenkeel.train.TuningJournal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

@Command(
    name = "tune",
    description =
        "Looks for good settings: random search over learning rate, width, depth, norm, dropout, batch and, where asked for, scale, where only the best trials, by --monitor, are trained for longer (successive halving). Killed, it goes on where it was when the same command is run again.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class TuneCommand implements Runnable {

  /** Where a run computes decides nothing about what is searched. */
  private static final Set<String> PLACE =
      Set.of("--device", "--threads", "--precision", "--norm-body");

  /** Those of this command alone. */
  private static final Set<String> OWN =
      Set.of("--trials", "--rungs", "--eta", "--epochs", "--out", "--json", "--debug");

  @Option(
      names = "--trials",
      paramLabel = "N",
      defaultValue = "27",
      description = "settings that are tried (default: ${DEFAULT-VALUE})")
  private int trials;

  @Option(
      names = "--rungs",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "lengths of training, from brief to full, where those of as many epochs are one; 1 is plain random search (default: ${DEFAULT-VALUE})")
  private int rungs;

  @Option(
      names = "--eta",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "from rung to rung, the best of so many trials goes on, for so many times as many epochs (default: ${DEFAULT-VALUE})")
  private int eta;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "tune",
      description =
          "folder for trials.jsonl (the journal), trials.csv and trials.svg (default: ${DEFAULT-VALUE})")
  private Path out;

  @ArgGroup(validate = false, heading = "%nWhat is tried:%n")
  private final SearchOptions search = new SearchOptions();

  @ArgGroup(validate = false, heading = "%nData:%n")
  private final DataOptions data = new DataOptions();

  @ArgGroup(
      validate = false,
      heading = "%nNetwork (--hidden, --norm, --dropout: the same in all trials where given):%n")
  private final NetworkOptions network = new NetworkOptions();

  @ArgGroup(
      validate = false,
      heading = "%nTraining (--lr, --batch: the same in all trials where given):%n")
  private final RecipeOptions recipe = new RecipeOptions();

  @Mixin private CommonOptions common;

  @Spec private CommandSpec spec;

  /** The options of {@code train} that make a trial. */
  @Command(name = "trial")
  static final class Trial {
    @ArgGroup(validate = false)
    final DataOptions data = new DataOptions();

    @ArgGroup(validate = false)
    final NetworkOptions network = new NetworkOptions();

    @ArgGroup(validate = false)
    final RecipeOptions recipe = new RecipeOptions();

    static Trial of(List<String> arguments) {
      Trial trial = new Trial();
      CommandLine line = new CommandLine(trial);
      line.setCaseInsensitiveEnumValuesAllowed(true);
      Values.register(line);
      line.parseArgs(arguments.toArray(String[]::new));
      return trial;
    }
  }

  @Override
  public void run() {
    Flag.atLeast("--trials", trials, 1);
    Flag.atLeast("--rungs", rungs, 1);
    Flag.atLeast("--eta", eta, 2);
    refuse();
    recipe.requireSound(data, network);
    ParseResult parsed = spec.commandLine().getParseResult();
    SearchSpace space = search.space(parsed);
    DataPlan plain = data.plan(recipe.otherwise(), recipe.seed);
    List<Scaling> scalings = search.scalings(plain.scaling());
    List<Parts> scaled = plain.loadScaled(scalings, common::say);
    Parts parts = scaled.get(0);
    parts.valid().ifPresent(rows -> recipe.requireEveryClass(rows, "validation row"));
    Recipe base = recipe.recipe(parts.train(), 1); // networks are the trials' own
    search.requireFilled(parsed, network.norm, base.batch(), parts.train().rows());
    Tuner.Plan plan =
        new Tuner.Plan(
            space, trials, rungs, eta, base.epochs(), base.higherIsBetter(), recipe.seed);
    RunFolder.make(out);
    TuningJournal journal =
        TuningJournal.open(
            out.resolve("trials.jsonl"),
            new TuningJournal.Heading(
                plan,
                Map.of(
                    "options", String.join(" ", given(false)),
                    "data",
                        scaled.stream()
                            .map(TuneCommand::fingerprint)
                            .collect(Collectors.joining(" ")))));
    if (journal.size() > 0) {
      common.say("Going on after %s of %s", Words.counted(journal.size(), "training"), out);
    }
    TuneReport report = new TuneReport(plan, base.monitor(), out, given(true), common);
    try (Backend backend = common.open()) {
      List<Tuner.Outcome> all =
          new Tuner(plan, journal, report::progress)
              .run(
                  (settings, epochs) -> {
                    Scaling own = SearchOptions.scaling(settings, plain.scaling());
                    return score(backend, scaled.get(scalings.indexOf(own)), settings, epochs);
                  });
      report.show(all);
    }
  }

  /** What decides a trial's score: the rows that train, and those that judge. */
  private static String fingerprint(Parts parts) {
    return parts.train().fingerprint() + " " + parts.valid().orElseThrow().fingerprint();
  }

  private void refuse() {
    if (recipe.steps != null) {
      throw new EvenkeelException(
          "--steps can't be tuned with: how long a trial trains goes by epochs. help: --epochs");
    }
    if (data.valid.isNone()) {
      throw new EvenkeelException(
          "Trials are judged on rows to validate on, but --valid is 0. help: --valid 0.1");
    }
  }

  /** What of the command line is for {@code train}, as it was typed. */
  private List<String> given(boolean withPlace) {
    List<String> arguments = new ArrayList<>();
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName();
      boolean own = OWN.contains(name) || name.startsWith("--try-");
      if (own || !withPlace && PLACE.contains(name) || arguments.contains(name)) {
        continue;
      }
      if (option.arity().max() == 0) {
        arguments.add(name);
        continue;
      }
      for (String value : option.originalStringValues()) {
        arguments.add(name);
        arguments.add(value);
      }
    }
    return arguments;
  }

  private double score(Backend backend, Parts parts, Map<String, String> settings, int epochs) {
    List<String> arguments = new ArrayList<>(given(false));
    arguments.addAll(SearchOptions.arguments(settings, epochs));
    Trial trial = Trial.of(arguments);
    RecipeOptions.Training training = trial.recipe.training(trial.network, parts.train());
    Recipe how = training.recipe();
    try (Model model = training.network().build(backend, how.seed())) {
      return new Trainer(model, how, parts).fit().kept().validation().get(how.monitor());
    }
  }
}
