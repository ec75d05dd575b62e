package dev.evenkeel.train;

import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.RowWalk;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Rows to measure by that are the same as some row to train on, in all features and targets: where
 * they are many, what was learned by heart passes for understood.
 */
final class RepeatedRows {

  /** Fewer may well be alike by chance. */
  private static final double FEW = 0.1;

  private RepeatedRows() {}

  /** A sentence about them, if they are more than a few. */
  static Optional<String> in(Parts parts) {
    Optional<Dataset> measured = parts.test().or(parts::valid);
    if (measured.isEmpty()) {
      return Optional.empty();
    }
    Dataset rows = measured.get();
    long count = count(rows, parts.train());
    return count <= FEW * rows.rows()
        ? Optional.empty()
        : Optional.of(
            "%s: %,d of the %,d %s rows are to the model the same as a row to train on, target included. Where they say again what was said once, measures flatter. help: a file without repeated rows%s"
                .formatted(
                    rows.name(),
                    count,
                    rows.rows(),
                    parts.test().isPresent() ? "test" : "validation",
                    parts.preparation().unnamed().isPresent()
                        ? ""
                        : ", or --group COLUMN, which keeps those of one origin together"));
  }

  /** The same of a model's other data, of rows that trained it. */
  static Optional<String> trained(Dataset rows, String name, Dataset trained) {
    long count = count(rows, trained);
    return count <= FEW * rows.rows()
        ? Optional.empty()
        : Optional.of(
            "%s: %,d of the %,d rows are to the model the same as a row that trained it, target included, so that measures flatter. help: for a fair measure, --data with rows kept apart"
                .formatted(name, count, rows.rows()));
  }

  private static long count(Dataset rows, Dataset trained) {
    long[] known = hashes(trained);
    Arrays.sort(known);
    return Arrays.stream(hashes(rows))
        .filter(hash -> Arrays.binarySearch(known, hash) >= 0)
        .count();
  }

  /** Of 64 bits: that more than a few different rows have the same is not to be expected. */
  private static long[] hashes(Dataset data) {
    int columns = data.layout().stored();
    int targets = data.targetColumns();
    long[] keys = new SplittableRandom(1).longs(columns + targets).toArray();
    long[] hashes = new long[data.rows()];
    RowWalk.over(
        data.stored(),
        (first, count, values) -> {
          for (int i = 0; i < count; i++) {
            hashes[first + i] =
                hash(values, i * columns, columns, keys, 0)
                    + hash(data.targets(), (first + i) * targets, targets, keys, columns);
          }
        });
    return hashes;
  }

  /** A sum of products, of which none waits for the one before it. */
  private static long hash(float[] values, int start, int width, long[] keys, int firstKey) {
    long hash = 0;
    for (int j = 0; j < width; j++) {
      hash += Float.floatToRawIntBits(values[start + j]) * keys[firstKey + j];
    }
    return hash;
  }
}
