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
  private final Map<String, List<Double>> steps;
  private final Map<String, RunTables.LayerCourse> layers;

  Curves(Path folder) {
    history = RunTables.history(folder);
    steps = RunTables.steps(folder);
    layers = RunTables.layers(folder);
  }

  /** A column of a table over its epochs, which may be fractions. */
  private record Course(String name, Map<String, List<Double>> table, String column) {

    TreeMap<Double, Double> points() {
      TreeMap<Double, Double> points = new TreeMap<>();
      for (int i = 0; i < table.get("epoch").size(); i++) {
        if (table.get("epoch").get(i) != null) {
          points.put(table.get("epoch").get(i), table.get(column).get(i));
        }
      }
      return points;
    }
  }

  /** Loss, metrics, learning rate, examples per second. */
  List<Plot> ofTraining() {
    List<Plot> plots = new ArrayList<>();
    Map<String, List<Double>> fine = points(steps) > points(history) ? steps : history;
    if (points(fine) == 0) {
      return plots;
    }
    List<Course> losses = new ArrayList<>(List.of(new Course("train", fine, "train_loss")));
    if (history.containsKey("valid_loss")) {
      losses.add(new Course("validation", history, "valid_loss"));
    }
    plots.add(plot("Loss", "loss", losses));
    for (String name : history.keySet()) {
      if (name.startsWith("valid_") && !name.equals("valid_loss")) {
        String metric = name.substring("valid_".length());
        plots.add(plot("Validation: " + metric, metric, history, name));
      }
    }
    plots.add(plot("Learning rate", "learning rate", fine, "learning_rate"));
    plots.add(plot("Speed", "examples/s", fine, "examples_per_second"));
    return plots;
  }

  private static int points(Map<String, List<Double>> table) {
    return table.getOrDefault("epoch", List.of()).size();
  }

  private static Plot plot(
      String title, String yName, Map<String, List<Double>> table, String column) {
    return plot(title, yName, List.of(new Course(yName, table, column)));
  }

  /** Where one course has a point and another has none, the other's is null. */
  private static Plot plot(String title, String yName, List<Course> courses) {
    TreeSet<Double> epochs = new TreeSet<>();
    courses.forEach(course -> epochs.addAll(course.points().keySet()));
    List<Line> lines = new ArrayList<>();
    for (Course course : courses) {
      TreeMap<Double, Double> points = course.points();
      List<Double> y = new ArrayList<>();
      epochs.forEach(epoch -> y.add(points.get(epoch)));
      lines.add(new Line(course.name, y));
    }
    return Plot.overEpochs(title, yName, List.copyOf(epochs), lines);
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
