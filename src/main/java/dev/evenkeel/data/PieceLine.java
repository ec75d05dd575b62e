package dev.evenkeel.data;

import java.util.Arrays;

/** Where numbers lie on the line of a column's pieces, each of which has length 1 there. */
final class PieceLine {

  private final Feature.Pieces pieces;
  private final double[] edges;
  private final float missing;

  PieceLine(Feature.Pieces pieces) {
    this.pieces = pieces;
    this.edges = pieces.edges().stream().mapToDouble(edge -> edge).toArray();
    this.missing = known(pieces.center());
  }

  /** How many pieces lie before a value, the one that it is in by its part; the median's of NaN. */
  float place(double value) {
    return Double.isNaN(value) ? missing : known(value);
  }

  private float known(double value) {
    int last = edges.length - 1;
    if (value <= edges[0] || value >= edges[last]) {
      return value <= edges[0] ? 0 : last;
    }
    int found = Arrays.binarySearch(edges, value);
    int in = found < 0 ? -found - 2 : found;
    double unit = pieces.unit(in);
    double begin = edges[in] * unit;
    return (float) (in + (value * unit - begin) / (edges[in + 1] * unit - begin));
  }
}
