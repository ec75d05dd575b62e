package dev.evenkeel.cli;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.lab.Chart;
import dev.evenkeel.nn.Model;
import dev.evenkeel.train.RateRange;
import dev.evenkeel.train.RunFolder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "lr-range",
    description =
        "Suggests a learning rate: trains a few hundred steps at a rate that rises from step to step, and sees where the loss is lowest before it leaves (Smith's range test). Suggested is a tenth of that rate.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class LrRangeCommand implements Runnable {

  @Option(
      names = "--lr-from",
      paramLabel = "R",
      defaultValue = "1e-6",
      description = "the first rate (default: ${DEFAULT-VALUE})")
  private double lowest;

  @Option(
      names = "--lr-to",
      paramLabel = "R",
      defaultValue = "10",
      description = "the last rate (default: ${DEFAULT-VALUE})")
  private double highest;

  @Option(
      names = "--range-steps",
      paramLabel = "N",
      defaultValue = "400",
      description = "steps from the first rate to the last (default: ${DEFAULT-VALUE})")
  private int steps;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "lr-range",
      description = "folder for lr-range.csv and lr-range.svg (default: ${DEFAULT-VALUE})")
  private Path out;

  @ArgGroup(validate = false, heading = "%nData:%n")
  private final DataOptions data = new DataOptions();

  @ArgGroup(validate = false, heading = "%nNetwork:%n")
  private final NetworkOptions network = new NetworkOptions();

  @ArgGroup(
      validate = false,
      heading = "%nTraining (those of the rate, its schedule and the length do nothing here):%n")
  private final RecipeOptions recipe = new RecipeOptions();

  @Mixin private CommonOptions common;

  @Override
  public void run() {
    RateRange.Span span =
        Flag.of(
            "--lr-from, --lr-to, --range-steps", () -> new RateRange.Span(lowest, highest, steps));
    recipe.requireSound(data, network);
    network.requireEffect(recipe.otherwise());
    Dataset train = data.plan(recipe.otherwise(), recipe.seed).load(common::say).train();
    RecipeOptions.Training training = recipe.training(network, train);
    RateRange found;
    try (Backend backend = common.open();
        Model model = training.network().build(backend, recipe.seed)) {
      found = RateRange.of(model, training.recipe(), train, span);
    }
    RunFolder.make(out);
    Path csv = out.resolve("lr-range.csv");
    Path figure = out.resolve("lr-range.svg");
    AtomicFile.write(csv, csv(found));
    System.setProperty("java.awt.headless", "true"); // figures are drawn without a display
    AtomicFile.write(figure, chart(found).toSvg());
    report(found, csv, figure);
  }

  private static String csv(RateRange found) {
    StringBuilder csv = new StringBuilder("step,learning_rate,loss,smoothed_loss\n");
    for (RateRange.Point one : found.points()) {
      csv.append(one.step()).append(',').append(one.learningRate()).append(',');
      csv.append(one.loss()).append(',').append(one.smoothed()).append('\n');
    }
    return csv.toString();
  }

  private Chart chart(RateRange found) {
    double top = found.points().isEmpty() ? 1 : 1.5 * found.points().get(0).smoothed();
    Chart chart =
        Chart.of("lr-range", "Learning-rate range test, " + data.data)
            .subtitle("one step at each rate; " + words(found))
            .x("learning rate")
            .logX()
            .y("loss of the mini-batch")
            .yRange(0, top);
    for (RateRange.Point one : found.points()) {
      chart.line("loss", one.learningRate(), Math.min(top, one.loss()));
      chart.line("smoothed", one.learningRate(), Math.min(top, one.smoothed()));
    }
    found
        .suggestion()
        .ifPresent(
            rate ->
                found.points().stream()
                    .filter(one -> one.learningRate() >= rate)
                    .findFirst()
                    .ifPresent(one -> chart.dot("suggested", one.learningRate(), one.smoothed())));
    return chart;
  }

  private static String words(RateRange found) {
    return found.suggestion().isPresent()
        ? "suggested: %.2g".formatted(found.suggestion().getAsDouble())
        : "no rate made the loss fall";
  }

  private void report(RateRange found, Path csv, Path figure) {
    OptionalDouble rate = found.suggestion();
    int count = found.points().size();
    common.say(
        found.diverged()
            ? "The loss left at a learning rate of %.2g, after %d steps"
                .formatted(
                    count == 0 ? lowest : found.points().get(count - 1).learningRate(), count)
            : "The loss never left: --lr-to may be higher");
    common.say(
        rate.isPresent()
            ? "Suggested: --lr %.2g, a tenth of the rate at which the smoothed loss was lowest"
                .formatted(rate.getAsDouble())
            : "No rate made the loss fall. help: more --range-steps, a lower --lr-from, or another network");
    common.say("written: " + csv);
    common.say("written: " + figure);
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("suggestion", rate.isPresent() ? rate.getAsDouble() : null);
    values.put("diverged", found.diverged());
    values.put("steps", count);
    values.put("files", List.of(csv.toString(), figure.toString()));
    common.result(values);
  }
}
