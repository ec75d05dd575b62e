package dev.evenkeel.report;

import dev.evenkeel.report.Plot.Line;
import dev.evenkeel.train.Observations;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The curves of a run, of its history and its layers. */
final class Curves {

  /** More lines than this can't be told apart: then some layers at even distances are drawn. */
  private static final int MOST_LINES = 8;

  private final Map<String, List<Double>> history;
  private final Map<String, List<Double>> steps;
  private final Map<String, Map<String, SortedMap<Double, Double>>> layers;

  Curves(Path folder) {
    history = RunTables.history(folder);
    steps = RunTables.steps(folder);
    layers = RunTables.layers(folder);
  }

  /** Values over epochs, which may be fractions. */
  private record Course(String name, SortedMap<Double, Double> points) {

    static Course of(String name, Map<String, List<Double>> table, String column) {
      SortedMap<Double, Double> points = new TreeMap<>();
      List<Double> epochs = table.get("epoch");
      for (int i = 0; i < epochs.size(); i++) {
        if (epochs.get(i) != null) {
          points.put(epochs.get(i), table.get(column).get(i));
        }
      }
      return new Course(name, points);
    }
  }

  /** Loss, metrics, learning rate, examples per second. */
  List<Plot> ofTraining() {
    List<Plot> plots = new ArrayList<>();
    Map<String, List<Double>> fine = points(steps) > points(history) ? steps : history;
    if (points(fine) == 0) {
      return plots;
    }
    List<Course> losses = new ArrayList<>(List.of(Course.of("train", fine, "train_loss")));
    if (history.containsKey("valid_loss")) {
      losses.add(Course.of("validation", history, "valid_loss"));
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
    return plot(title, yName, List.of(Course.of(yName, table, column)));
  }

  /** Where one course has a point and another has none, the other's is null. */
  private static Plot plot(String title, String yName, List<Course> courses) {
    TreeSet<Double> epochs = new TreeSet<>();
    courses.forEach(course -> epochs.addAll(course.points().keySet()));
    List<Line> lines = new ArrayList<>();
    for (Course course : courses) {
      List<Double> y = new ArrayList<>();
      epochs.forEach(epoch -> y.add(course.points.get(epoch)));
      lines.add(new Line(course.name, y));
    }
    return new Plot(title, "epoch", yName, Plot.Kind.LINES, false, List.copyOf(epochs), lines);
  }

  /** One plot with a line for each layer; none where nothing was kept. */
  List<Plot> ofGradients() {
    List<String> names = having(Observations.GRADIENT_NORM);
    int lines = Math.min(names.size(), MOST_LINES);
    List<Course> drawn = new ArrayList<>();
    for (int i = 0; i < lines; i++) {
      String name = names.get(i * (names.size() - 1) / Math.max(1, lines - 1));
      drawn.add(new Course("layer " + name, layers.get(name).get(Observations.GRADIENT_NORM)));
    }
    return drawn.isEmpty()
        ? List.of()
        : List.of(plot("Gradient norm by layer", "norm", drawn).logarithmic());
  }

  /** For each layer with an activation function, the percentiles of what it gets. */
  List<Plot> ofActivations() {
    List<Plot> plots = new ArrayList<>();
    for (String name : having("p" + Observations.PERCENTILES.get(0))) {
      List<Course> courses = new ArrayList<>();
      for (int percentile : Observations.PERCENTILES) {
        var points = layers.get(name).getOrDefault("p" + percentile, new TreeMap<>());
        courses.add(new Course(percentile + " %", points));
      }
      plots.add(plot("Layer " + name, "its input", courses).of(Plot.Kind.BAND));
    }
    return plots;
  }

  private List<String> having(String what) {
    return layers.keySet().stream().filter(name -> layers.get(name).containsKey(what)).toList();
  }
}
