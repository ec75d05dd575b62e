package dev.evenkeel.data;

import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The rows of a table that are to go through a {@link Preparation}: checked, but turned into
 * numbers only where they are asked for, so that a table and all of its rows as numbers need not be
 * held in memory together.
 *
 * @param classes the class index of every row; 0 where numbers are predicted, or nothing
 * @param select makes data of these rows, in this order
 * @param train the same of rows that train; says where a preparation was not fitted to them
 */
public record PreparedTable(
    int[] classes,
    Function<int[], Dataset> select,
    BiFunction<TrainRows, Consumer<String>, Dataset> train) {

  public Dataset select(int[] rows) {
    return select.apply(rows);
  }

  public Dataset all() {
    return select(IntStream.range(0, classes.length).toArray());
  }

  /**
   * These rows to train on: what is told of a text by its rows' targets, is told to each of them by
   * others. Where the preparation was fitted to other rows, it stays as it is.
   *
   * @param groups whose rows tell each other nothing
   * @param notes hears of that
   */
  public Dataset toTrain(int[] rows, Optional<Groups> groups, Consumer<String> notes) {
    return train.apply(new TrainRows(rows, groups, Optional.empty()), notes);
  }

  /** The same rows, of which row i counts {@code weights[i]} in a loss. */
  public PreparedTable withWeights(float[] weights) {
    return new PreparedTable(
        classes,
        rows -> select(rows).withWeights(Dataset.gather(weights, 1, rows)),
        (chosen, notes) ->
            train
                .apply(chosen.withWeights(weights), notes)
                .withWeights(Dataset.gather(weights, 1, chosen.rows())));
  }
}
