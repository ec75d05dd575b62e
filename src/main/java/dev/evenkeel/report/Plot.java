package dev.evenkeel.report;

import java.util.List;

/**
 * A figure, as the script charts.js draws it.
 *
 * @param kind how its lines are drawn
 * @param log whether y is logarithmic
 * @param x of all points, ascending
 */
public record Plot(
    String title,
    String xName,
    String yName,
    Kind kind,
    boolean log,
    List<Double> x,
    List<Line> lines) {

  /** How lines are drawn. */
  public enum Kind {
    LINES,
    /** The first and the last line are the edges of a band. */
    BAND,
    /** Dots; the last line is a plain one, to compare them with. */
    DOTS
  }

  /**
   * One value for each x; null where there is none.
   *
   * @param name in the legend
   */
  public record Line(String name, List<Double> y) {

    /** JSON has no NaN. */
    static Double orNull(double value) {
      return Double.isFinite(value) ? value : null;
    }
  }

  Plot logarithmic() {
    return new Plot(title, xName, yName, kind, true, x, lines);
  }

  Plot of(Kind kind) {
    return new Plot(title, xName, yName, kind, log, x, lines);
  }
}
