package dev.evenkeel.data;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/** One of the inputs that a number in pieces makes: 0 before its piece, 1 behind it. */
record Piece(Line line, int piece) implements IntToDoubleFunction {

  @Override
  public double applyAsDouble(int row) {
    return Math.min(1, Math.max(0, line.place(row) - piece));
  }

  /** Over these rows. */
  double mean(int[] rows) {
    return line.means(rows)[piece];
  }

  /** Where the number of each row of a table lies on a line of so many pieces. */
  static final class Line {
    private final float[] places;
    private final int count;
    private int[] meant = {};
    private double[] means;

    Line(float[] places, int count) {
      this.places = places;
      this.count = count;
    }

    float place(int row) {
      return places[row];
    }

    int count() {
      return count;
    }

    /** Of each piece over these rows; all inputs ask for the same rows. */
    private double[] means(int[] rows) {
      if (rows != meant) {
        meant = rows;
        means = new double[count];
        for (int row : rows) {
          int in = (int) places[row];
          for (int k = 0; k < in; k++) {
            means[k]++;
          }
          if (in < count) {
            means[in] += places[row] - in;
          }
        }
        Arrays.setAll(means, k -> means[k] / rows.length);
      }
      return means;
    }
  }
}
