package dev.evenkeel.train;

import dev.evenkeel.data.Dataset;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

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
    long[] trained = hashes(parts.train());
    Arrays.sort(trained);
    long count =
        Arrays.stream(hashes(rows)).filter(hash -> Arrays.binarySearch(trained, hash) >= 0).count();
    return count <= FEW * rows.rows()
        ? Optional.empty()
        : Optional.of(
            "%s: %,d of the %,d %s rows are the same as a row to train on, in every column. Where they say again what was said once, measures flatter. help: a file without repeated rows, or --group COLUMN, which keeps those of one origin together"
                .formatted(
                    rows.name(),
                    count,
                    rows.rows(),
                    parts.test().isPresent() ? "test" : "validation"));
  }

  /** Of 64 bits: that two different rows have the same is not to be expected. */
  private static long[] hashes(Dataset data) {
    return IntStream.range(0, data.rows())
        .mapToLong(
            row ->
                hash(
                    hash(1, data.features(), row, data.columns()),
                    data.targets(),
                    row,
                    data.targetColumns()))
        .toArray();
  }

  private static long hash(long start, float[] values, int row, int width) {
    long hash = start;
    for (int i = row * width; i < (row + 1) * width; i++) {
      hash = (hash ^ Float.floatToIntBits(values[i])) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    return hash;
  }
}
