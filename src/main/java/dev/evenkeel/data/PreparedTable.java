package dev.evenkeel.data;

import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The rows of a table that are to go through a {@link Preparation}: checked, but turned into
 * numbers only where they are asked for, so that a table and all of its rows as numbers need not be
 * held in memory together.
 *
 * @param classes the class index of every row; 0 where numbers are predicted, or nothing
 * @param select makes data of these rows, in this order
 */
public record PreparedTable(int[] classes, Function<int[], Dataset> select) {

  public Dataset select(int[] rows) {
    return select.apply(rows);
  }

  public Dataset all() {
    return select(IntStream.range(0, classes.length).toArray());
  }

  /** The same rows, of which row i counts {@code weights[i]} in a loss. */
  public PreparedTable withWeights(float[] weights) {
    return new PreparedTable(
        classes,
        rows -> {
          float[] some = new float[rows.length];
          for (int i = 0; i < rows.length; i++) {
            some[i] = weights[rows[i]];
          }
          return select(rows).withWeights(some);
        });
  }
}
