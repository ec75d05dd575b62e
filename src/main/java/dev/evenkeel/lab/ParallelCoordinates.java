package dev.evenkeel.lab;

import dev.evenkeel.report.Html;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;

/**
 * A figure of settings and what came of them: one upright axis for each setting, one line across
 * all axes for each trial, coloured by its score, the best ones on top. Becomes SVG.
 */
public final class ParallelCoordinates {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 520;
  private static final int LEFT = 70;
  private static final int TOP = 110;
  private static final int BOTTOM = 40;
  private static final int TICKS = 5;

  /** From worst to best: light to dark, so that it reads without colours, too. */
  private static final int[][] COLOURS = {{222, 226, 230}, {86, 180, 233}, {0, 60, 110}};

  private static final String BEST = "#D55E00";

  private enum Kind {
    LINEAR,
    LOG,
    CATEGORIES
  }

  /** An axis; categories stand in this order, from below. */
  private record Axis(String name, Kind kind, List<String> categories) {}

  private record Line(List<Object> values, double rank) {}

  private final String title;
  private final String subtitle;
  private final List<Axis> axes = new ArrayList<>();
  private final List<Line> lines = new ArrayList<>();

  private ParallelCoordinates(String title, String subtitle) {
    this.title = title;
    this.subtitle = subtitle;
  }

  public static ParallelCoordinates of(String title, String subtitle) {
    return new ParallelCoordinates(title, subtitle);
  }

  /** Another axis, of numbers. */
  public ParallelCoordinates linear(String name) {
    axes.add(new Axis(name, Kind.LINEAR, List.of()));
    return this;
  }

  /** Another axis, of numbers above 0. */
  public ParallelCoordinates log(String name) {
    axes.add(new Axis(name, Kind.LOG, List.of()));
    return this;
  }

  /** Another axis, of texts in this order from below. */
  public ParallelCoordinates categories(String name, List<String> order) {
    axes.add(new Axis(name, Kind.CATEGORIES, List.copyOf(new LinkedHashSet<>(order))));
    return this;
  }

  /**
   * Another line, after all axes.
   *
   * @param values one for each axis: a text for categories, else a {@link Double}
   * @param rank 1 of the best to 0 of the worst
   */
  public ParallelCoordinates line(List<?> values, double rank) {
    lines.add(new Line(List.copyOf(values), rank));
    return this;
  }

  public String toSvg() {
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"14\" fill=\"#222222\">\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
            WIDTH,
            HEIGHT,
            WIDTH,
            HEIGHT));
    text(svg, LEFT / 2.0, 32, "start", title, " font-size=\"20\" font-weight=\"bold\"");
    text(svg, LEFT / 2.0, 56, "start", subtitle, "");
    List<Line> worstFirst = new ArrayList<>(lines);
    worstFirst.sort((a, b) -> Double.compare(a.rank, b.rank));
    worstFirst.forEach(line -> draw(svg, line));
    for (int i = 0; i < axes.size(); i++) {
      draw(svg, i);
    }
    return svg.append("</svg>\n").toString();
  }

  private void draw(StringBuilder svg, Line line) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < axes.size(); i++) {
      points.append(
          String.format(Locale.ROOT, "%.1f,%.1f ", x(i), y(place(i, line.values.get(i)))));
    }
    boolean best = line.rank >= 1;
    svg.append(
        String.format(
            Locale.ROOT,
            "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"/>\n",
            points.toString().strip(),
            best ? BEST : colour(line.rank),
            best ? "3.5" : "1.8"));
  }

  private void draw(StringBuilder svg, int index) {
    Axis axis = axes.get(index);
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#444444\"/>\n",
            x(index),
            x(index),
            TOP,
            HEIGHT - BOTTOM));
    text(svg, x(index), TOP - 22, "middle", axis.name, " font-weight=\"bold\"");
    if (axis.kind == Kind.CATEGORIES) {
      axis.categories.forEach(one -> tick(svg, index, place(index, one), one));
      return;
    }
    double[] range = range(index);
    for (int t = 0; t < TICKS; t++) {
      double part = (double) t / (TICKS - 1);
      double value = range[0] + part * (range[1] - range[0]);
      if (t == 0 || range[1] > range[0]) {
        double shown = axis.kind == Kind.LOG ? Math.pow(10, value) : value;
        tick(
            svg,
            index,
            range[1] > range[0] ? part : 0.5,
            String.format(Locale.ROOT, "%.3g", shown));
      }
    }
  }

  private void tick(StringBuilder svg, int axis, double place, String label) {
    String halo = " stroke=\"white\" stroke-width=\"4\"";
    for (String style : List.of(halo, "")) {
      text(svg, x(axis) + 5, y(place) + 5, "start", label, style);
    }
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String text, String style) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n",
            x,
            y,
            anchor,
            style,
            Html.text(text)));
  }

  private double x(int axis) {
    int gaps = Math.max(1, axes.size() - 1);
    return LEFT + axis * (WIDTH - 2.0 * LEFT) / gaps;
  }

  private static double y(double place) {
    return HEIGHT - BOTTOM - place * (HEIGHT - BOTTOM - TOP);
  }

  /** 0 at the foot of the axis to 1 at its head. */
  private double place(int index, Object value) {
    Axis axis = axes.get(index);
    if (axis.kind == Kind.CATEGORIES) {
      int count = axis.categories.size();
      return count == 1 ? 0.5 : axis.categories.indexOf(value) / (count - 1.0);
    }
    double[] range = range(index);
    return range[1] > range[0] ? (number(axis, value) - range[0]) / (range[1] - range[0]) : 0.5;
  }

  private static double number(Axis axis, Object value) {
    return axis.kind == Kind.LOG ? Math.log10((Double) value) : (Double) value;
  }

  private double[] range(int index) {
    List<Double> values = new ArrayList<>();
    lines.forEach(line -> values.add(number(axes.get(index), line.values.get(index))));
    return values.isEmpty()
        ? new double[] {0, 0}
        : new double[] {Collections.min(values), Collections.max(values)};
  }

  private static String colour(double rank) {
    double at = Math.max(0, Math.min(1, rank)) * (COLOURS.length - 1);
    int below = (int) Math.min(COLOURS.length - 2, Math.floor(at));
    int[] mixed = new int[3];
    for (int c = 0; c < 3; c++) {
      double part = at - below;
      mixed[c] = (int) Math.round((1 - part) * COLOURS[below][c] + part * COLOURS[below + 1][c]);
    }
    return String.format("#%02X%02X%02X", mixed[0], mixed[1], mixed[2]);
  }
}
