package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.lab.ParallelCoordinates;
import dev.evenkeel.lab.Table;
import dev.evenkeel.train.SearchSpace;
import dev.evenkeel.train.Tuner;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a search shows: a line for each training, and at the end table, figure and command.
 *
 * @param given options that all trials share
 */
record TuneReport(
    Tuner.Plan plan, String monitor, Path folder, List<String> given, CommonOptions common) {

  private static final int SHOWN = 10;

  void progress(Tuner.Outcome outcome) {
    common.say(
        "rung %d/%d  trial %d  %s  %s  (%.1f s)",
        outcome.rung() + 1,
        plan.rungs(),
        outcome.trial() + 1,
        words(outcome),
        outcome.succeeded()
            ? Evaluation.format(monitor, outcome.value())
            : "failed: " + outcome.failure(),
        outcome.seconds());
  }

  private static String words(Tuner.Outcome outcome) {
    return outcome.settings().entrySet().stream()
        .map(one -> one.getKey() + " " + one.getValue())
        .collect(Collectors.joining(", "));
  }

  void show(List<Tuner.Outcome> all) {
    List<Tuner.Outcome> ranking = Tuner.ranking(all, plan.higherIsBetter());
    AtomicFile.write(folder.resolve("trials.csv"), table(ranking).csv());
    Tuner.Outcome best = ranking.get(0);
    if (!best.succeeded()) {
      throw new EvenkeelException(
          "None of the %d trials could be trained; of the first: %s"
              .formatted(plan.trials(), best.failure()));
    }
    AtomicFile.write(folder.resolve("trials.svg"), figure(ranking).toSvg());
    common.say("");
    print(ranking);
    String command = command(best);
    common.say("");
    common.say("written: " + folder.resolve("trials.csv"));
    common.say("written: " + folder.resolve("trials.svg"));
    common.say("The best, of trial %d:", best.trial() + 1);
    common.say(command);
    sayIfBriefly(all, best);
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("trials", ranking.size());
    values.put("trainings", all.size());
    values.put("monitor", monitor);
    values.put("best", best.settings());
    values.put("score", best.value());
    values.put("command", command);
    common.result(values);
  }

  /** Trials that train for longer may overfit: then the length is what is to be changed. */
  private void sayIfBriefly(List<Tuner.Outcome> all, Tuner.Outcome best) {
    Tuner.Outcome ever =
        all.stream()
            .filter(Tuner.Outcome::succeeded)
            .min(Tuner.best(plan.higherIsBetter()))
            .orElse(best);
    if (ever.value() != best.value()) {
      common.say(
          "Trial %d had %s after %s, better than that: fewer --epochs may do more",
          ever.trial() + 1,
          Evaluation.format(monitor, ever.value()),
          Words.counted(ever.epochs(), "epoch"));
    }
  }

  private Table table(List<Tuner.Outcome> ranking) {
    List<String> columns = new ArrayList<>(List.of("trial"));
    plan.space().dimensions().forEach(one -> columns.add(one.name()));
    columns.addAll(List.of("epochs", monitor, "seconds", "failure"));
    Table table = Table.of("trials", "Trials, the best first", columns.toArray(String[]::new));
    for (Tuner.Outcome one : ranking) {
      List<Object> cells = new ArrayList<>(List.of(one.trial() + 1));
      cells.addAll(one.settings().values());
      cells.add(one.epochs());
      cells.add(one.succeeded() ? (Object) one.value() : "");
      cells.add(one.seconds());
      cells.add(one.failure());
      table.row(cells.toArray());
    }
    return table;
  }

  private void print(List<Tuner.Outcome> ranking) {
    List<SearchSpace.Dimension> dimensions = plan.space().dimensions();
    StringBuilder head = new StringBuilder("trial");
    dimensions.forEach(one -> head.append("%11s".formatted(one.name())));
    common.say(head + "%8s%14s".formatted("epochs", monitor));
    for (Tuner.Outcome one : ranking.subList(0, Math.min(SHOWN, ranking.size()))) {
      StringBuilder line = new StringBuilder("%5d".formatted(one.trial() + 1));
      one.settings().values().forEach(value -> line.append("%11s".formatted(value)));
      String score = one.succeeded() ? "%.5g".formatted(one.value()) : "failed";
      common.say(line + "%8d%14s".formatted(one.epochs(), score));
    }
    if (ranking.size() > SHOWN) {
      common.say("… and %d more in trials.csv", ranking.size() - SHOWN);
    }
  }

  private ParallelCoordinates figure(List<Tuner.Outcome> ranking) {
    List<Tuner.Outcome> drawn = ranking.stream().filter(Tuner.Outcome::succeeded).toList();
    ParallelCoordinates figure =
        ParallelCoordinates.of(
            Words.counted(plan.trials(), "trial"),
            "the darker the better; orange: the best. %s after as many epochs as each reached"
                .formatted(monitor));
    for (SearchSpace.Dimension one : plan.space().dimensions()) {
      if (one instanceof SearchSpace.Choice choice) {
        figure.categories(one.name(), choice.values());
      } else {
        figure.log(one.name());
      }
    }
    boolean log = monitor.equals("loss") && drawn.stream().allMatch(one -> one.value() > 0);
    if (log) {
      figure.log(monitor);
    } else {
      figure.linear(monitor);
    }
    for (int i = 0; i < drawn.size(); i++) {
      List<Object> values = new ArrayList<>();
      for (SearchSpace.Dimension one : plan.space().dimensions()) {
        String value = drawn.get(i).settings().get(one.name());
        values.add(one instanceof SearchSpace.Choice ? value : (Object) Double.valueOf(value));
      }
      values.add(drawn.get(i).value());
      figure.line(values, 1 - i / Math.max(1.0, drawn.size() - 1));
    }
    return figure;
  }

  private String command(Tuner.Outcome best) {
    String launcher = System.getProperty("evenkeel.command", "scripts/evenkeel");
    List<String> all = new ArrayList<>(List.of(launcher, "train"));
    all.addAll(given);
    all.addAll(SearchOptions.arguments(best.settings(), best.epochs()));
    return all.stream().map(TuneReport::quoted).collect(Collectors.joining(" "));
  }

  /** As a shell reads it, or cmd.exe. */
  private static String quoted(String argument) {
    if (File.separatorChar == '\\') {
      return argument.matches("[\\w@+=:./\\\\-]+") ? argument : '"' + argument + '"';
    }
    return argument.matches("[\\w@%+=:,./-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }
}
