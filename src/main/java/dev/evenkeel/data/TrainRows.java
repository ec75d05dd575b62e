package dev.evenkeel.data;

import java.util.Optional;

/**
 * Rows of a table that train.
 *
 * @param rows their places
 * @param groups whose rows tell each other nothing
 * @param weights what each row of the table counts, where they are not all alike
 */
public record TrainRows(int[] rows, Optional<Groups> groups, Optional<float[]> weights) {

  /** All alike, and each for itself. */
  public static TrainRows of(int[] rows) {
    return new TrainRows(rows, Optional.empty(), Optional.empty());
  }

  TrainRows withWeights(float[] weights) {
    return new TrainRows(rows, groups, Optional.of(weights));
  }

  /** Of a row of the table. */
  double weight(int row) {
    return weights.isPresent() ? weights.get()[row] : 1;
  }
}
