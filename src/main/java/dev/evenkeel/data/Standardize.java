package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.tensor.Rows;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Takes columns to mean 0 and deviation 1: {@code (x − mean) / deviation}, with the population's
 * deviation (divided by n), fitted on training rows. One mean and deviation per column, or one
 * shared by all columns, as pixels want it. A constant column has deviation 1 and so becomes 0.
 */
public record Standardize(double[] mean, double[] deviation) {

  /** Floats lose digits below 1.2e-38. */
  private static final double SMALL = 1e-30;

  public Standardize {
    if (mean.length == 0 || mean.length != deviation.length) {
      throw new EvenkeelException(
          "A standardisation needs as many deviations as means, at least one; there are %s and %s."
              .formatted(
                  Words.counted(mean.length, "mean"),
                  Words.counted(deviation.length, "deviation")));
    }
  }

  /** Each column by itself, on the rows of these places. */
  public static Standardize perColumn(Rows rows, int[] chosen) {
    return fit(rows, chosen, rows.columns());
  }

  /** One mean and deviation of all columns. */
  public static Standardize shared(Rows rows, int[] chosen) {
    return fit(rows, chosen, 1);
  }

  /** For one column, as {@link #fit} does. */
  static Standardize column(double[] values) {
    double shift = values[0];
    double meanOfShifted = 0;
    for (double value : values) {
      meanOfShifted += value - shift;
    }
    meanOfShifted /= values.length;
    double squares = 0;
    for (double value : values) {
      double difference = value - shift - meanOfShifted;
      squares += difference * difference;
    }
    double deviation = squares == 0 ? 1 : Math.sqrt(squares / values.length);
    return new Standardize(new double[] {shift + meanOfShifted}, new double[] {deviation});
  }

  /**
   * For several columns, of which each gives its value in a row. Inputs of a category keep their
   * size: one of 2 in 2,000 rows, divided by its deviation, would be 30 there and outweigh others.
   */
  static Standardize columns(List<IntToDoubleFunction> columns, int[] rows) {
    double[] mean = new double[columns.size()];
    double[] deviation = new double[columns.size()];
    double[] values = new double[rows.length];
    for (int c = 0; c < mean.length; c++) {
      Standardize one = column(columns.get(c), rows, values);
      mean[c] = one.mean[0];
      deviation[c] = one.deviation[0];
    }
    return new Standardize(mean, deviation);
  }

  private static Standardize column(IntToDoubleFunction column, int[] rows, double[] values) {
    if (column instanceof OneHot input) {
      double share = (double) input.count(rows) / rows.length;
      return new Standardize(new double[] {share}, new double[] {1});
    }
    for (int i = 0; i < rows.length; i++) {
      values[i] = column.applyAsDouble(rows[i]);
    }
    return column(values);
  }

  /**
   * Two passes over values shifted by the first row, so that a large mean cancels nothing and a
   * constant column comes out as exactly constant.
   */
  private static Standardize fit(Rows rows, int[] chosen, int groups) {
    if (chosen.length == 0) {
      throw new EvenkeelException("Cannot standardise by 0 training rows. Give at least one row.");
    }
    int columns = rows.columns();
    float[] first = new float[columns];
    rows.read(chosen[0], first, 0);
    double[] shift = new double[groups];
    Arrays.setAll(shift, g -> first[g]);
    double count = (double) chosen.length * columns / groups;
    double[] meanOfShifted = new double[groups];
    RowWalk.over(
        rows,
        chosen,
        (place, some, values) -> {
          for (int start = 0; start < some * columns; start += columns) {
            for (int c = 0; c < columns; c++) {
              int g = groups == 1 ? 0 : c;
              meanOfShifted[g] += values[start + c] - shift[g];
            }
          }
        });
    double[] mean = new double[groups];
    for (int g = 0; g < groups; g++) {
      meanOfShifted[g] /= count;
      mean[g] = shift[g] + meanOfShifted[g];
    }
    double[] deviation = new double[groups];
    RowWalk.over(
        rows,
        chosen,
        (place, some, values) -> {
          for (int start = 0; start < some * columns; start += columns) {
            for (int c = 0; c < columns; c++) {
              int g = groups == 1 ? 0 : c;
              double difference = values[start + c] - shift[g] - meanOfShifted[g];
              deviation[g] += difference * difference;
            }
          }
        });
    for (int g = 0; g < groups; g++) {
      deviation[g] = deviation[g] == 0 ? 1 : Math.sqrt(deviation[g] / count);
    }
    return new Standardize(mean, deviation);
  }

  /** Standardises these rows of several columns, one row after the other. */
  float[] apply(List<double[]> columns, int[] rows) {
    int count = columns.size();
    float[] all = new float[Math.multiplyExact(rows.length, count)];
    for (int i = 0; i < rows.length; i++) {
      for (int k = 0; k < count; k++) {
        all[i * count + k] = (float) of(columns.get(k)[rows[i]], k);
      }
    }
    return all;
  }

  /**
   * This one, but by the values in double where a column's are too small for floats: those below
   * 1e-45 would be 0, and their column constant.
   */
  Standardize orOf(IntFunction<IntToDoubleFunction> columns, int[] rows) {
    double[] means = mean.clone();
    double[] deviations = deviation.clone();
    for (int c = 0; c < means.length; c++) {
      if (Math.abs(means[c]) < SMALL && (deviations[c] == 1 || deviations[c] < SMALL)) {
        IntToDoubleFunction values = columns.apply(c);
        double least = IntStream.of(rows).mapToDouble(values).min().orElse(0);
        double most = IntStream.of(rows).mapToDouble(values).max().orElse(0);
        double unit = Math.max(-least, most);
        if (least < most && unit < SMALL) {
          Standardize own =
              column(
                  IntStream.of(rows)
                      .mapToDouble(row -> values.applyAsDouble(row) / unit)
                      .toArray());
          means[c] = own.mean[0] * unit;
          deviations[c] = own.deviation[0] * unit;
        }
      }
    }
    return new Standardize(means, deviations);
  }

  /** Standardises a value of a column. */
  double of(double value, int column) {
    int g = mean.length == 1 ? 0 : column;
    return (value - mean[g]) / deviation[g];
  }

  /** Standardises [rows, columns] in place. */
  public void apply(float[] features, int columns) {
    requireWidth(columns);
    for (int start = 0; start < features.length; start += columns) {
      apply(features, start, columns);
    }
  }

  /** The same of a single row. */
  void apply(float[] features, int start, int columns) {
    if (mean.length == 1) {
      for (int i = start; i < start + columns; i++) {
        features[i] = (float) ((features[i] - mean[0]) / deviation[0]);
      }
      return;
    }
    for (int c = 0; c < columns; c++) {
      features[start + c] = (float) ((features[start + c] - mean[c]) / deviation[c]);
    }
  }

  /** Takes standardised values back to their own units, in place. */
  public void restore(float[] values, int columns) {
    requireWidth(columns);
    for (int i = 0, c = 0; i < values.length; i++, c = c + 1 == columns ? 0 : c + 1) {
      int g = mean.length == 1 ? 0 : c;
      values[i] = (float) (values[i] * deviation[g] + mean[g]);
    }
  }

  void requireWidth(int columns) {
    if (mean.length != 1 && mean.length != columns) {
      throw new EvenkeelException(
          "The standardisation was fitted to %s, but the data has %,d. Give the columns it was fitted to."
              .formatted(Words.counted(mean.length, "column"), columns));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Standardize s
        && Arrays.equals(mean, s.mean)
        && Arrays.equals(deviation, s.deviation);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(mean) + Arrays.hashCode(deviation);
  }

  @Override
  public String toString() {
    return mean.length == 1
        ? "mean %s, deviation %s".formatted(mean[0], deviation[0])
        : "means and deviations of %d columns".formatted(mean.length);
  }
}
