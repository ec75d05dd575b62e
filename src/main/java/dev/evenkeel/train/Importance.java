package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Sample;
import dev.evenkeel.Words;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Streams;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Permutation importance: how much worse a metric gets when a column of the table no longer belongs
 * to its rows, because its values changed places among them at random. All inputs that the column
 * makes move together, so that a category stays one.
 *
 * <p>It tells what the model leans on, not what the target depends on: of two columns that say the
 * same, each can stand in for the other, and both look less important than they are.
 */
public final class Importance {

  /** Many rows at a time, as there is no gradient to keep them few. */
  private static final int CHUNK_ROWS = 1024;

  /** Orders are drawn as those of epochs are, behind all that a training can have. */
  private static final long FIRST_ORDER = 1L << 32;

  /**
   * Of one column.
   *
   * @param losses by how much the metric got worse at each repeat, in its own units; below 0 where
   *     it got better
   */
  public record OfColumn(String name, List<Double> losses) {

    public OfColumn {
      losses = List.copyOf(losses);
    }

    public double mean() {
      return Sample.mean(values());
    }

    /** The sample's standard deviation: divided by the repeats less one. */
    public double deviation() {
      return Sample.deviation(values());
    }

    private double[] values() {
      return losses.stream().mapToDouble(loss -> loss).toArray();
    }
  }

  private final Dataset rows;
  private final Preparation preparation;
  private final Metric metric;
  private final float[] other; // the inputs of a row that another gets a column of
  private int first; // of the inputs that are permuted
  private int count; // how many they are; 0 permutes none
  private int[] order = {}; // whose inputs each row gets

  private Importance(Preparation preparation, Dataset rows, Metric metric) {
    this.preparation = preparation;
    this.rows = rows;
    this.metric = metric;
    this.other = new float[rows.columns()];
  }

  /**
   * Of every column that the model was trained on, the most important first.
   *
   * @param rows prepared, with targets
   * @param repeats at least 2; all columns are permuted by the same orders
   * @param onColumn hears how many columns are done
   */
  public static List<OfColumn> of(
      Model model,
      Preparation preparation,
      Dataset rows,
      Metric metric,
      int repeats,
      long seed,
      IntConsumer onColumn) {
    requireColumns(preparation);
    if (repeats < 2) {
      throw new EvenkeelException(
          "Importance of %s has no deviation. help: at least 2"
              .formatted(Words.counted(repeats, "repeat")));
    }
    int[][] orders = new int[repeats][];
    for (int repeat = 0; repeat < repeats; repeat++) {
      orders[repeat] = Streams.shuffled(rows.rows(), seed, FIRST_ORDER + repeat);
    }
    Importance importance = new Importance(preparation, rows, metric);
    try (Evaluator evaluator = new Evaluator(model, rows, CHUNK_ROWS, importance::fill)) {
      return importance.measure(evaluator, orders, onColumn);
    }
  }

  /** Refuses what was trained on an array: its columns have no names, and no meaning alone. */
  public static void requireColumns(Preparation preparation) {
    if (preparation.unnamed().isPresent()) {
      throw new EvenkeelException(
          "Importance is told of a table's columns, but this model was trained on %s without names, as of images. help: for a table, train on a CSV file"
              .formatted(Words.counted(preparation.width(), "column")));
    }
  }

  private List<OfColumn> measure(Evaluator evaluator, int[][] orders, IntConsumer onColumn) {
    double whole = score(evaluator);
    double sign = metric.higherIsBetter() ? 1 : -1;
    List<OfColumn> columns = new ArrayList<>();
    for (Feature feature : preparation.features()) {
      count = feature.width();
      List<Double> losses = new ArrayList<>();
      for (int[] one : orders) {
        order = one;
        losses.add(sign * (whole - score(evaluator)));
      }
      columns.add(new OfColumn(feature.column().orElseThrow(), losses));
      first += count;
      onColumn.accept(columns.size());
    }
    columns.sort(Comparator.comparingDouble(OfColumn::mean).reversed());
    return List.copyOf(columns);
  }

  private double score(Evaluator evaluator) {
    evaluator.run();
    return Evaluator.value(metric, rows.task(), evaluator.predictions(Optional.of(preparation)));
  }

  private void fill(float[] batch, int from) {
    for (int to = 0, row = from; to < batch.length; to += other.length, row++) {
      rows.copyInputs(row, batch, to);
      if (count > 0) {
        rows.copyInputs(order[row], other, 0);
        System.arraycopy(other, first, batch, to + first, count);
      }
    }
  }
}
