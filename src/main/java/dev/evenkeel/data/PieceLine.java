package dev.evenkeel.data;

import java.util.Arrays;

/** Where numbers lie on the line of a column's pieces, each of which has length 1 there. */
final class PieceLine {

  private final double[] edges;
  private final double unit;
  private final float missing;

  PieceLine(Feature.Pieces pieces) {
    this.unit = pieces.unit();
    this.edges = pieces.edges().stream().mapToDouble(edge -> edge * unit).toArray();
    this.missing = place(pieces.center());
  }

  /** How many pieces lie before a value, the one that it is in by its part; the median's of NaN. */
  float place(double value) {
    if (Double.isNaN(value)) {
      return missing;
    }
    double own = value * unit;
    int last = edges.length - 1;
    if (own <= edges[0] || own >= edges[last]) {
      return own <= edges[0] ? 0 : last;
    }
    int found = Arrays.binarySearch(edges, own);
    int in = found < 0 ? -found - 2 : found;
    return (float) (in + (own - edges[in]) / (edges[in + 1] - edges[in]));
  }
}
