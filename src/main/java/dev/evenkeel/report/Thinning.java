package dev.evenkeel.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes few points of many: a page is some hundred points wide, and asks for them every second.
 * Steps fall into sections of the same length, and each section becomes one point.
 */
final class Thinning {

  static final int MOST_POINTS = 500;

  /** What is a mean over steps; of everything else a section shows its end. */
  private static final List<String> MEANS = List.of("train_loss", "examples_per_second");

  private Thinning() {}

  static Map<String, List<Double>> byStep(Map<String, List<Double>> columns) {
    List<Double> steps = columns.getOrDefault("step", List.of());
    if (steps.size() <= MOST_POINTS || steps.contains(null)) {
      return columns;
    }
    List<Integer> ends = ends(steps);
    Map<String, List<Double>> thinned = new LinkedHashMap<>();
    columns.forEach(
        (name, values) -> {
          List<Double> points = new ArrayList<>();
          int from = 0;
          for (int end : ends) {
            boolean isMean = MEANS.contains(name);
            points.add(isMean ? mean(values, steps, from, end) : values.get(end - 1));
            from = end;
          }
          thinned.put(name, points);
        });
    return thinned;
  }

  /** Of each section, the index behind its last point. */
  private static List<Integer> ends(List<Double> steps) {
    double width = Math.max(1, steps.get(steps.size() - 1) / MOST_POINTS);
    List<Integer> ends = new ArrayList<>();
    for (int i = 1; i < steps.size(); i++) {
      if (section(steps.get(i), width) != section(steps.get(i - 1), width)) {
        ends.add(i);
      }
    }
    ends.add(steps.size());
    return ends;
  }

  private static long section(double step, double width) {
    return (long) Math.ceil(step / width);
  }

  /** Each point stands for the steps since the one before. */
  private static Double mean(List<Double> values, List<Double> steps, int from, int to) {
    double sum = 0;
    double weights = 0;
    for (int i = from; i < to; i++) {
      if (values.get(i) != null) {
        double weight = steps.get(i) - (i == 0 ? 0 : steps.get(i - 1));
        sum += values.get(i) * weight;
        weights += weight;
      }
    }
    return weights > 0 ? sum / weights : null;
  }
}
