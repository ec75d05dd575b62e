package dev.evenkeel.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A figure: lines with bands of spread, dots with error bars, or contours with paths on them, in
 * one panel or several. It becomes SVG and PNG.
 *
 * <p>{@link #panel} begins a panel; what is drawn after it goes there. Series have one colour in
 * all panels, in the order of their first appearance.
 */
public final class Chart {

  /**
   * A value of a series.
   *
   * @param x a number, or the name of a category
   */
  record Point(String panel, String series, Object x, double y, double low, double high) {

    boolean hasBand() {
      return low != y || high != y;
    }
  }

  /** A height over a grid; z[i][j] belongs to xs[j] and ys[i]. */
  record Field(String panel, double[] xs, double[] ys, double[][] z) {}

  /** A dashed line across a panel, or all. */
  record Reference(String panel, double y, String label) {}

  /** One axis. */
  record Axis(String name, boolean log, double[] range) {

    Axis named(String name) {
      return new Axis(name, log, range);
    }

    Axis logarithmic() {
      return new Axis(name, true, range);
    }

    Axis within(double low, double high) {
      return new Axis(name, log, new double[] {low, high});
    }
  }

  private static final Axis PLAIN = new Axis("", false, new double[0]);

  private final String name;
  private final String title;
  private String subtitle = "";
  private Axis x = PLAIN;
  private Axis y = PLAIN;
  private int columns = 3;
  private String panel = "";
  final List<Point> lines = new ArrayList<>();
  final List<Point> dots = new ArrayList<>();
  final List<Point> paths = new ArrayList<>();
  final List<Field> fields = new ArrayList<>();
  final List<Reference> references = new ArrayList<>();

  private Chart(String name, String title) {
    this.name = name;
    this.title = title;
  }

  /**
   * @param name of its files, without their endings
   */
  public static Chart of(String name, String title) {
    return new Chart(name, title);
  }

  /** A second line under the title: what the bands are, how many seeds, the setting. */
  public Chart subtitle(String subtitle) {
    this.subtitle = subtitle;
    return this;
  }

  /** What lies along x, with its unit. */
  public Chart x(String name) {
    x = x.named(name);
    return this;
  }

  public Chart y(String name) {
    y = y.named(name);
    return this;
  }

  /** Values that are not above 0 are left out. */
  public Chart logX() {
    x = x.logarithmic();
    return this;
  }

  public Chart logY() {
    y = y.logarithmic();
    return this;
  }

  /** What lies outside is cut off. */
  public Chart xRange(double low, double high) {
    x = x.within(low, high);
    return this;
  }

  public Chart yRange(double low, double high) {
    y = y.within(low, high);
    return this;
  }

  /** Panels in a row, three at most unless said here. */
  public Chart columns(int columns) {
    this.columns = columns;
    return this;
  }

  /** What follows goes into this panel. */
  public Chart panel(String name) {
    panel = name;
    return this;
  }

  /** Another point of a line. */
  public Chart line(String series, double x, double y) {
    return band(series, x, y, y, y);
  }

  /** Another point of a line, in a band of one deviation to either side. */
  public Chart line(String series, double x, Spread y) {
    return band(series, x, y.mean(), y.low(), y.high());
  }

  /** Another point of a line, in a band of any kind, as of percentiles. */
  public Chart band(String series, double x, double y, double low, double high) {
    lines.add(new Point(panel, series, x, y, low, high));
    return this;
  }

  /** A dot without a line to the next. */
  public Chart dot(String series, double x, double y) {
    dots.add(new Point(panel, series, x, y, y, y));
    return this;
  }

  /** A dot over a category, with an error bar of one deviation to either side. */
  public Chart dot(String series, String category, Spread y) {
    dots.add(new Point(panel, series, category, y.mean(), y.low(), y.high()));
    return this;
  }

  /** Lines of equal height; z[i][j] belongs to xs[j] and ys[i]. */
  public Chart contours(double[] xs, double[] ys, double[][] z) {
    fields.add(new Field(panel, xs, ys, z));
    return this;
  }

  /** A walk over the plane, in this order; a ring is where it ends. */
  public Chart path(String series, double[] xs, double[] ys) {
    for (int i = 0; i < xs.length; i++) {
      paths.add(new Point(panel, series, xs[i], ys[i], ys[i], ys[i]));
    }
    return this;
  }

  /**
   * A dashed line at a height that means something, with its label; in all panels where it is said
   * before the first.
   */
  public Chart reference(double y, String label) {
    references.add(new Reference(panel, y, label));
    return this;
  }

  public String name() {
    return name;
  }

  public String title() {
    return title;
  }

  public String toSvg() {
    return LetsPlot.svg(this);
  }

  String subtitle() {
    return subtitle;
  }

  Axis x() {
    return x;
  }

  Axis y() {
    return y;
  }

  int columns() {
    return columns;
  }

  /** In the order of their first appearance. */
  List<String> series() {
    Set<String> names = new LinkedHashSet<>();
    for (List<Point> points : Arrays.asList(lines, dots, paths)) {
      points.forEach(point -> names.add(point.series()));
    }
    return List.copyOf(names);
  }

  List<String> panels() {
    Set<String> names = new LinkedHashSet<>();
    fields.forEach(field -> names.add(field.panel()));
    for (List<Point> points : Arrays.asList(lines, dots, paths)) {
      points.forEach(point -> names.add(point.panel()));
    }
    return List.copyOf(names);
  }
}
