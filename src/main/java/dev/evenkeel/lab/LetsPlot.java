package dev.evenkeel.lab;

import dev.evenkeel.EvenkeelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jetbrains.letsPlot.awt.plot.PlotSvgExport;

/**
 * Draws a {@link Chart} by Lets-Plot, which is told in maps what its Kotlin and Python users tell
 * it in calls: data in columns, layers of geometry, scales, a theme.
 */
final class LetsPlot {

  static final int WIDTH = 900;

  private static final int HEIGHT = 560;
  private static final int FURTHER_ROW = 300;
  private static final int TEXT = 17;

  /** Widths in the legend, about. */
  private static final int LEGEND_KEY = 60;

  private static final int LETTER = 10;

  /** Of an axis, beyond its first and last value. */
  private static final double PADDING = 0.04;

  /** Okabe and Ito's colours, which colour-blind people tell apart, yellow left out; two more. */
  private static final List<String> COLOURS =
      List.of(
          "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#882255",
          "#7F7F7F", "#6B5B00");

  /** Shapes tell series apart without colour. */
  private static final List<Integer> SHAPES = List.of(16, 17, 15, 18, 25, 1, 2, 0, 5, 4);

  /** A line of more points is drawn without marks on it. */
  private static final int MOST_MARKS = 26;

  /** Of contours. */
  private static final int HEIGHTS = 16;

  private static final Pattern ID = Pattern.compile(" id=\"([^\"]+)\"");
  private static final String NONE = "";

  private LetsPlot() {}

  static String svg(Chart chart) {
    if (chart.series().size() > COLOURS.size()) {
      throw new EvenkeelException(
          "Figure %s has %d series, but there are %d colours that can be told apart. help: use panels"
              .formatted(chart.name(), chart.series().size(), COLOURS.size()));
    }
    String svg = PlotSvgExport.INSTANCE.buildSvgImageFromRawSpecs(spec(chart), null, false);
    return tidy(chart.name(), svg);
  }

  /** Ids that are the same in every run, and no other figure's in the same page. */
  private static String tidy(String name, String svg) {
    String tidy =
        svg.replace("Lucida Grande, sans-serif", "Helvetica, Arial, sans-serif")
            .replace("§§§", "")
            .replaceAll("\\d{3}§", "");
    Matcher ids = ID.matcher(svg);
    for (int i = 0; ids.find(); i++) {
      tidy = tidy.replace(ids.group(1), name + "-" + i + "-");
    }
    return tidy;
  }

  private static Map<String, Object> spec(Chart chart) {
    boolean panels = chart.panels().size() > 1;
    int columns = Math.min(chart.columns(), chart.panels().size());
    int rows = (chart.panels().size() + columns - 1) / columns;
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("kind", "plot");
    spec.put("mapping", map());
    spec.put("layers", layers(chart));
    spec.put("scales", scales(chart));
    if (panels) {
      Map<String, Object> facet = map("name", "wrap", "facets", List.of("panel"), "ncol", columns);
      facet.put("order", List.of(1));
      facet.put("scales", "fixed");
      spec.put("facet", facet);
    }
    spec.put("ggtitle", map("text", chart.title(), "subtitle", chart.subtitle()));
    spec.put("ggsize", map("width", WIDTH, "height", HEIGHT + (rows - 1) * FURTHER_ROW));
    spec.put("theme", theme(chart));
    return spec;
  }

  private static Map<String, Object> theme(Chart chart) {
    // Panels that are named as their series say it all.
    boolean legend = chart.series().size() > 1 && !chart.series().equals(chart.panels());
    Map<String, Object> theme = map("name", "minimal");
    theme.put("legend_position", legend ? "bottom" : "none");
    theme.put("text", text(TEXT, "plain"));
    theme.put("plot_title", text(TEXT + 5, "bold"));
    theme.put("plot_subtitle", text(TEXT - 1, "plain"));
    theme.put("plot_background", map("fill", "white", "color", "white", "blank", false));
    theme.put("plot_margin", map("t", 14, "r", 24, "b", 10, "l", 10));
    theme.put("panel_grid_minor", "blank");
    theme.put("axis_text_x", map("angle", 0, "blank", false)); // else it turns what it thinks long
    theme.put("axis_line", map("color", "#666666", "size", 1.0, "blank", false));
    return theme;
  }

  private static Map<String, Object> text(int size, String face) {
    return map("size", size, "face", face, "color", "#222222", "blank", false);
  }

  // Layers

  private static List<Object> layers(Chart chart) {
    List<Object> layers = new ArrayList<>();
    if (!chart.fields.isEmpty()) {
      layers.add(contours(chart));
    }
    for (Chart.Reference reference : chart.references) {
      layers.addAll(reference(chart, reference));
    }
    if (chart.lines.stream().anyMatch(Chart.Point::hasBand)) {
      Map<String, Object> band =
          layer("ribbon", chart, chart.lines, "ymin", "low", "ymax", "high", "fill", "series");
      band.putAll(map("alpha", 0.2, "size", 0.0, "show_legend", false));
      layers.add(band);
    }
    if (!chart.lines.isEmpty()) {
      layers.add(line("line", chart, chart.lines));
      if (mostPoints(chart.lines) <= MOST_MARKS) {
        layers.add(marks(chart, chart.lines, 4.5));
      }
    }
    if (!chart.dots.isEmpty()) {
      layers.addAll(dots(chart));
    }
    if (!chart.paths.isEmpty()) {
      layers.add(line("path", chart, chart.paths));
      layers.add(marks(chart, chart.paths, 3));
      Map<String, Object> ends = marks(chart, ends(chart.paths), 9);
      ends.putAll(map("shape", 1, "stroke", 2.0, "show_legend", false));
      layers.add(ends);
    }
    return layers;
  }

  private static Map<String, Object> line(String geometry, Chart chart, List<Chart.Point> points) {
    Map<String, Object> line = layer(geometry, chart, points, "y", "y", "color", "series");
    line.putAll(map("size", 1.6, "tooltips", "none"));
    return line;
  }

  private static Map<String, Object> marks(Chart chart, List<Chart.Point> points, double size) {
    Map<String, Object> marks =
        layer(
            "point", chart, points, "y", "y", "color", "series", "fill", "series", "shape",
            "series");
    marks.putAll(map("size", size, "tooltips", "none"));
    return marks;
  }

  private static List<Object> dots(Chart chart) {
    List<Chart.Point> dots = chart.dots;
    Map<String, Object> beside = map("name", "dodge", "width", 0.5);
    boolean categories = dots.get(0).x() instanceof String;
    List<Object> layers = new ArrayList<>();
    if (dots.stream().anyMatch(Chart.Point::hasBand)) {
      Map<String, Object> bars =
          layer("errorbar", chart, dots, "ymin", "low", "ymax", "high", "color", "series");
      bars.putAll(map("width", 0.25, "size", 1.2, "show_legend", false, "position", beside));
      layers.add(bars);
    }
    Map<String, Object> marks = marks(chart, dots, 5.5);
    if (categories) {
      marks.put("position", beside);
    }
    layers.add(marks);
    return layers;
  }

  /** Where each path ends. */
  private static List<Chart.Point> ends(List<Chart.Point> paths) {
    Map<List<String>, Chart.Point> last = new LinkedHashMap<>();
    paths.forEach(point -> last.put(List.of(point.panel(), point.series()), point));
    return List.copyOf(last.values());
  }

  private static long mostPoints(List<Chart.Point> points) {
    Map<List<String>, Integer> counts = new LinkedHashMap<>();
    points.forEach(p -> counts.merge(List.of(p.panel(), p.series()), 1, Integer::sum));
    return counts.values().stream().mapToInt(n -> n).max().orElse(0);
  }

  /** Aesthetics come in pairs: what is drawn, and the column that it comes from. */
  private static Map<String, Object> layer(
      String geometry, Chart chart, List<Chart.Point> points, Object... aesthetics) {
    List<Chart.Point> drawn = points.stream().filter(drawable(chart)).toList();
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("panel", drawn.stream().map(p -> panel(chart, p.panel())).toList());
    data.put("series", drawn.stream().map(Chart.Point::series).toList());
    data.put("x", drawn.stream().map(Chart.Point::x).toList());
    data.put("y", drawn.stream().map(Chart.Point::y).toList());
    data.put("low", drawn.stream().map(p -> positive(chart, p.low(), p.y())).toList());
    data.put("high", drawn.stream().map(Chart.Point::high).toList());
    Map<String, Object> mapping = map(aesthetics);
    mapping.put("x", "x");
    return map("geom", geometry, "data", data, "mapping", mapping);
  }

  /** On a logarithmic axis a band can't reach below 0: it ends a decade below the line. */
  private static double positive(Chart chart, double low, double y) {
    return chart.y().log() && low <= 0 ? y / 10 : low;
  }

  private static Predicate<Chart.Point> drawable(Chart chart) {
    return point -> {
      boolean x = !(point.x() instanceof Double value) || shown(value, chart.x());
      return x && shown(point.y(), chart.y());
    };
  }

  private static boolean shown(double value, Chart.Axis axis) {
    return Double.isFinite(value) && (!axis.log() || value > 0);
  }

  /** Not by the library's own contours, which take all panels for one surface. */
  private static Map<String, Object> contours(Chart chart) {
    Map<String, List<Object>> data = new LinkedHashMap<>();
    for (String column : List.of("panel", "x", "y", "xend", "yend")) {
      data.put(column, new ArrayList<>());
    }
    for (Chart.Field field : chart.fields) {
      for (Contours.Piece piece : Contours.of(field, HEIGHTS)) {
        data.get("panel").add(panel(chart, field.panel()));
        data.get("x").add(piece.x1());
        data.get("y").add(piece.y1());
        data.get("xend").add(piece.x2());
        data.get("yend").add(piece.y2());
      }
    }
    Map<String, Object> layer = map("geom", "segment", "data", data);
    layer.put("mapping", map("x", "x", "y", "y", "xend", "xend", "yend", "yend"));
    layer.putAll(map("color", "#9A9A9A", "size", 0.8));
    return layer;
  }

  /** Panels are sorted by name; the number puts them in the chart's order, and is taken out. */
  private static String panel(Chart chart, String name) {
    return String.format(Locale.ROOT, "%03d§", chart.panels().indexOf(name)) + name;
  }

  /** In the panel that it was given for; in all of them where it came before the first. */
  private static List<Object> reference(Chart chart, Chart.Reference reference) {
    Map<String, Object> data = map("x", List.of(leftmost(chart)), "y", List.of(reference.y()));
    if (chart.panels().contains(reference.panel())) {
      data.put("panel", List.of(panel(chart, reference.panel())));
    }
    Map<String, Object> line = map("geom", "hline", "data", data);
    line.putAll(map("mapping", map("yintercept", "y")));
    line.putAll(map("linetype", "dashed", "color", "#555555", "size", 1.0));
    Map<String, Object> label = map("geom", "text", "label", reference.label(), "data", data);
    label.putAll(map("mapping", map("x", "x", "y", "y"), "size", 7.5, "hjust", "left"));
    label.putAll(map("vjust", "bottom", "color", "#444444"));
    return reference.label().isEmpty() ? List.of(line) : List.of(line, label);
  }

  private static Object leftmost(Chart chart) {
    List<Chart.Point> all = Stream.of(chart.lines, chart.dots).flatMap(List::stream).toList();
    if (all.isEmpty() || all.get(0).x() instanceof String) {
      return all.isEmpty() ? 0 : all.get(0).x();
    }
    return all.stream()
        .map(point -> (Double) point.x())
        .filter(value -> shown(value, chart.x()))
        .min(Double::compare)
        .orElse(0.0);
  }

  // Scales

  private static List<Object> scales(Chart chart) {
    List<Object> scales = new ArrayList<>();
    List<Chart.Point> all =
        Stream.of(chart.lines, chart.dots, chart.paths).flatMap(List::stream).toList();
    boolean categories = !all.isEmpty() && all.get(0).x() instanceof String;
    if (categories) {
      List<Object> names = all.stream().map(Chart.Point::x).distinct().toList();
      scales.add(
          map("aesthetic", "x", "name", chart.x().name(), "discrete", true, "limits", names));
    } else {
      scales.add(axis("x", chart, chart.x(), xs(chart, all)));
    }
    scales.add(axis("y", chart, chart.y(), ys(chart, all)));
    List<String> series = chart.series();
    for (String aesthetic : List.of("color", "fill")) {
      scales.add(bySeries(aesthetic, series, COLOURS.subList(0, series.size())));
    }
    scales.add(bySeries("shape", series, SHAPES.subList(0, series.size())));
    return scales;
  }

  private static Map<String, Object> bySeries(
      String aesthetic, List<String> series, List<?> values) {
    Map<String, Object> scale = map("aesthetic", aesthetic, "name", NONE, "values", values);
    scale.put("limits", series);
    // The legend leaves no room between its keys: these signs make it, and are taken out again.
    scale.put("labels", series.stream().map(name -> name + "§§§").toList());
    scale.put("guide", map("name", "legend", "ncol", legendColumns(series), "byrow", true));
    return scale;
  }

  /** As many as lie side by side. */
  private static int legendColumns(List<String> series) {
    int longest = series.stream().mapToInt(String::length).max().orElse(1);
    int fit = Math.max(1, WIDTH / (LEGEND_KEY + longest * LETTER));
    int rows = Math.max(1, (series.size() + fit - 1) / fit);
    return Math.max(1, (series.size() + rows - 1) / rows);
  }

  private static List<Double> xs(Chart chart, List<Chart.Point> points) {
    List<Double> xs = new ArrayList<>();
    points.stream().filter(drawable(chart)).forEach(point -> xs.add((Double) point.x()));
    chart.fields.forEach(field -> Arrays.stream(field.xs()).forEach(xs::add));
    return xs;
  }

  private static List<Double> ys(Chart chart, List<Chart.Point> points) {
    List<Double> ys = new ArrayList<>();
    points.stream()
        .filter(drawable(chart))
        .forEach(
            point -> ys.addAll(List.of(positive(chart, point.low(), point.y()), point.high())));
    chart.fields.forEach(field -> Arrays.stream(field.ys()).forEach(ys::add));
    chart.references.forEach(reference -> ys.add(reference.y()));
    return ys.stream().filter(Double::isFinite).toList();
  }

  /** From the lowest value to the highest and a little further, unless the chart says. */
  private static Map<String, Object> axis(
      String aesthetic, Chart chart, Chart.Axis axis, List<Double> values) {
    Map<String, Object> scale = map("aesthetic", aesthetic, "name", axis.name());
    if (axis.log()) {
      scale.put("trans", "log10");
    }
    boolean given = axis.range().length == 2;
    if (given || !values.isEmpty()) {
      double low = given ? axis.range()[0] : Collections.min(values);
      double high = given ? axis.range()[1] : Collections.max(values);
      boolean tight = given || !chart.fields.isEmpty();
      List<Double> limits = tight ? List.of(low, high) : padded(axis, low, high);
      scale.put("limits", limits);
      scale.put("expand", List.of(0.0, 0.0));
      if (axis.log()) {
        Ticks ticks = Ticks.between(limits.get(0), limits.get(1));
        scale.put("breaks", ticks.at());
        scale.put("labels", ticks.labels());
      }
    }
    return scale;
  }

  private static List<Double> padded(Chart.Axis axis, double low, double high) {
    double from = axis.log() ? Math.log10(low) : low;
    double to = axis.log() ? Math.log10(high) : high;
    double margin = from == to ? 0.5 : PADDING * (to - from);
    List<Double> ends = new ArrayList<>();
    for (double end : new double[] {from - margin, to + margin}) {
      ends.add(axis.log() ? Math.pow(10, end) : end);
    }
    return ends;
  }

  /** Keys and values in turn. */
  private static Map<String, Object> map(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }
}
