package dev.evenkeel.report;

import dev.evenkeel.report.Plot.Line;
import dev.evenkeel.train.Observations;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** The curves of a run, of its history and its layers. */
final class Curves {

  /** More lines than this can't be told apart: then some layers at even distances are drawn. */
  private static final int MOST_LINES = 8;

  private final Map<String, List<Double>> history;
  private final Map<String, RunTables.LayerCourse> layers;

  Curves(Path folder) {
    history = RunTables.history(folder);
    layers = RunTables.layers(folder);
  }

  /** Loss, metrics, learning rate, examples per second. */
  List<Plot> ofTraining() {
    List<Plot> plots = new ArrayList<>();
    if (history.isEmpty()) {
      return plots;
    }
    List<Line> losses = new ArrayList<>(List.of(new Line("train", history.get("train_loss"))));
    if (history.containsKey("valid_loss")) {
      losses.add(new Line("validation", history.get("valid_loss")));
    }
    plots.add(plot("Loss", "loss", losses));
    for (String name : history.keySet()) {
      if (name.startsWith("valid_") && !name.equals("valid_loss")) {
        String metric = name.substring("valid_".length());
        plots.add(plot("Validation: " + metric, metric, line(name, metric)));
      }
    }
    plots.add(plot("Learning rate", "learning rate", line("learning_rate", "learning rate")));
    plots.add(plot("Speed", "examples/s", line("examples_per_second", "examples/s")));
    return plots;
  }

  private List<Line> line(String column, String name) {
    return List.of(new Line(name, history.get(column)));
  }

  private Plot plot(String title, String yName, List<Line> lines) {
    return Plot.overEpochs(title, yName, history.get("epoch"), lines);
  }

  /** One plot with a line for each layer; none where nothing was kept. */
  List<Plot> ofGradients() {
    List<String> names = having(Observations.GRADIENT_NORM);
    if (names.isEmpty()) {
      return List.of();
    }
    List<String> drawn = new ArrayList<>();
    for (int i = 0; i < Math.min(names.size(), MOST_LINES); i++) {
      drawn.add(
          names.get(i * (names.size() - 1) / Math.max(1, Math.min(names.size(), MOST_LINES) - 1)));
    }
    List<Integer> epochs = epochs(drawn, Observations.GRADIENT_NORM);
    List<Line> lines = new ArrayList<>();
    drawn.forEach(
        name ->
            lines.add(new Line("layer " + name, values(name, Observations.GRADIENT_NORM, epochs))));
    return List.of(
        Plot.overEpochs("Gradient norm by layer", "norm", doubles(epochs), lines).logarithmic());
  }

  /** For each layer with an activation function, the percentiles of what it gets. */
  List<Plot> ofActivations() {
    List<Integer> percentiles = Observations.PERCENTILES;
    List<Plot> plots = new ArrayList<>();
    for (String name : having("p" + percentiles.get(0))) {
      List<Integer> epochs = epochs(List.of(name), "p" + percentiles.get(0));
      List<Line> lines = new ArrayList<>();
      for (int percentile : percentiles) {
        lines.add(new Line(percentile + " %", values(name, "p" + percentile, epochs)));
      }
      plots.add(
          Plot.overEpochs("Layer " + name, "its input", doubles(epochs), lines).of(Plot.Kind.BAND));
    }
    return plots;
  }

  private List<String> having(String what) {
    return layers.keySet().stream()
        .filter(name -> layers.get(name).seen().containsKey(what))
        .toList();
  }

  private List<Integer> epochs(List<String> names, String what) {
    TreeSet<Integer> epochs = new TreeSet<>();
    names.forEach(name -> epochs.addAll(layers.get(name).seen().get(what).keySet()));
    return List.copyOf(epochs);
  }

  private List<Double> values(String name, String what, List<Integer> epochs) {
    TreeMap<Integer, Double> seen = layers.get(name).seen().getOrDefault(what, new TreeMap<>());
    List<Double> values = new ArrayList<>();
    epochs.forEach(epoch -> values.add(seen.get(epoch)));
    return values;
  }

  private static List<Double> doubles(List<Integer> epochs) {
    return epochs.stream().map(Integer::doubleValue).toList();
  }
}
