package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.lab.Spread;
import dev.evenkeel.train.CrossValidation;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Portion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "cross-validate",
    description =
        "Trains as train does, once for each fold, and tests each model on the rows that its fold left out: mean and deviation of the metrics. Nothing is kept.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class CrossValidateCommand implements Runnable {

  @Option(
      names = "--folds",
      paramLabel = "K",
      defaultValue = "5",
      description =
          "how many; each row tests in one, and each has the same share of every class, or else whole groups by --group (default: ${DEFAULT-VALUE})")
  private int folds;

  @ArgGroup(
      validate = false,
      heading = "%nData (--valid: of the rows that don't test; --test has no use):%n")
  private final DataOptions data = new DataOptions();

  @ArgGroup(validate = false, heading = "%nNetwork:%n")
  private final NetworkOptions network = new NetworkOptions();

  @ArgGroup(validate = false, heading = "%nTraining:%n")
  private final RecipeOptions recipe = new RecipeOptions();

  @Mixin private CommonOptions common;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    Flag.atLeast("--folds", folds, 2);
    if (spec.commandLine().getParseResult().hasMatchedOption("--test")) {
      throw new EvenkeelException(
          "--test has no use here: each fold tests on its own rows. help: leave it out");
    }
    data.test = Portion.NONE; // what tests is the fold
    recipe.requireSound(data, network);
    network.requireEffect(recipe.otherwise());
    List<Supplier<Parts>> parts =
        data.plan(recipe.otherwise(), recipe.seed).folds(folds, common::say).stream()
            .map(this::measurable)
            .toList();
    try (Backend backend = common.open()) {
      show(
          CrossValidation.run(
              backend,
              parts,
              train -> recipe.training(network, train).network(),
              train -> recipe.training(network, train).recipe(),
              this::show));
    }
  }

  private Supplier<Parts> measurable(Supplier<Parts> fold) {
    return () -> {
      Parts parts = fold.get();
      parts.valid().ifPresent(rows -> recipe.requireEveryClass(rows, "validation row"));
      recipe.requireEveryClass(parts.test().orElseThrow(), "test row of a fold");
      return parts;
    };
  }

  private void show(CrossValidation.Fold fold) {
    common.say(
        "fold %d of %d, %s: %s",
        fold.number(),
        folds,
        Words.counted(fold.rows(), "test row"),
        fold.test().entrySet().stream()
            .map(one -> Evaluation.format(one.getKey(), one.getValue()))
            .collect(Collectors.joining(", ")));
  }

  private void show(CrossValidation.Result result) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("folds", folds);
    for (String measure : result.measures()) {
      List<Double> all = new ArrayList<>();
      result.folds().forEach(fold -> all.add(fold.test().get(measure)));
      boolean percent = Evaluation.isShare(measure);
      Spread shown = Spread.of(all.stream().map(v -> percent ? 100 * v : v).toList());
      common.say("%s %s%s over %d folds", measure, shown, percent ? " %" : "", folds);
      values.put(measure, all);
      values.put(measure + "_mean", result.mean(measure));
      values.put(measure + "_sd", result.deviation(measure));
    }
    common.result(values);
  }
}
