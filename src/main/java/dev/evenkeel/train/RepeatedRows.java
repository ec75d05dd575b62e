package dev.evenkeel.train;

import dev.evenkeel.data.Column;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.RowWalk;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;

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
    if (measured.isEmpty() || hasMeans(parts.preparation())) {
      return Optional.empty();
    }
    Dataset rows = measured.get();
    boolean named = parts.preparation().unnamed().isEmpty();
    return sentence(
        rows.name(), hashes(rows), hashes(parts.train()), parts.test().isPresent(), named);
  }

  /** The same of a table, some of whose texts are to the model what other rows tell of them. */
  static Optional<String> in(Table table, Preparation preparation, Split split) {
    boolean tests = split.test().length > 0;
    int[] measured = tests ? split.test() : split.valid();
    return measured.length == 0 || !hasMeans(preparation)
        ? Optional.empty()
        : sentence(
            table.name(),
            hashes(table, preparation, measured),
            hashes(table, preparation, split.train()),
            tests,
            true);
  }

  /** Training rows are told less of their texts than others, and different texts may be alike. */
  private static boolean hasMeans(Preparation preparation) {
    return preparation.features().stream().anyMatch(Feature.Means.class::isInstance);
  }

  private static Optional<String> sentence(
      String name, long[] rows, long[] trained, boolean tests, boolean named) {
    long count = count(rows, trained);
    return count <= FEW * rows.length
        ? Optional.empty()
        : Optional.of(
            "%s: %,d of the %,d %s rows are to the model the same as a row to train on, target included. Where they say again what was said once, measures flatter. help: a file without repeated rows%s"
                .formatted(
                    name,
                    count,
                    rows.length,
                    tests ? "test" : "validation",
                    named ? ", or --group COLUMN, which keeps those of one origin together" : ""));
  }

  /** The same of a model's other data, of rows that trained it. */
  static Optional<String> trained(
      Dataset rows, String name, Dataset trained, Preparation preparation) {
    long count = hasMeans(preparation) ? 0 : count(hashes(rows), hashes(trained));
    return count <= FEW * rows.rows()
        ? Optional.empty()
        : Optional.of(
            "%s: %,d of the %,d rows are to the model the same as a row that trained it, target included, so that measures flatter. help: for a fair measure, --data with rows kept apart"
                .formatted(name, count, rows.rows()));
  }

  private static long count(long[] rows, long[] trained) {
    Arrays.sort(trained);
    return Arrays.stream(rows).filter(hash -> Arrays.binarySearch(trained, hash) >= 0).count();
  }

  private static long[] hashes(Table table, Preparation preparation, int[] rows) {
    Stream<String> features = preparation.features().stream().flatMap(of -> of.column().stream());
    List<Column> columns =
        Stream.concat(features, preparation.target().names().stream()).map(table::column).toList();
    SplittableRandom keys = new SplittableRandom(1);
    long[] hashes = new long[rows.length];
    for (Column column : columns) {
      for (Column part : column instanceof Column.Vector of ? of.parts() : List.of(column)) {
        long key = keys.nextLong();
        for (int i = 0; i < rows.length; i++) {
          long value =
              part instanceof Column.Categorical texts
                  ? texts.codes()[rows[i]]
                  : Double.doubleToLongBits(((Column.Numeric) part).values()[rows[i]]);
          hashes[i] += key * (value ^ value >>> 32); // whose low bits are 0 of whole numbers
        }
      }
    }
    return hashes;
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
