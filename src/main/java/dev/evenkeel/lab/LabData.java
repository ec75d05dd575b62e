package dev.evenkeel.lab;

import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Standardize;
import dev.evenkeel.data.Task;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** Rows to train on and rows to test on. */
public record LabData(String name, Dataset train, Dataset test) {

  private static final double TEST_SHARE = 0.2;
  private static final long SPLIT_SEED = 1;

  /** Images of the catalogue, their pixels from 0 to 1. */
  static LabData images(String name, Catalog catalog) {
    Source.Arrays source = (Source.Arrays) catalog.load(name);
    Dataset all = source.data();
    float brightest = 0;
    for (float pixel : all.features()) {
      brightest = Math.max(brightest, pixel);
    }
    float scale = brightest;
    LabData raw =
        source
            .test()
            .map(test -> new LabData(name, all, test))
            .orElseGet(() -> split(name, all, SPLIT_SEED));
    return raw.map(pixel -> pixel / scale);
  }

  /** A fifth of the rows to test on. */
  public static LabData split(String name, Dataset all, long seed) {
    Split split = Split.of(all, 0, TEST_SHARE, seed);
    return new LabData(name, all.select(split.train()), all.select(split.test()));
  }

  public int inputs() {
    return train.columns();
  }

  public int classes() {
    return train.task().outputs();
  }

  /** Every feature by itself, as in {@code map(pixel -> pixel > 0.5 ? 1 : 0)}. */
  public LabData map(DoubleUnaryOperator change) {
    return new LabData(name, map(train, change), map(test, change));
  }

  /** The same of one part, such as a test set that is shifted. */
  public static Dataset map(Dataset data, DoubleUnaryOperator change) {
    float[] features = data.features().clone();
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) change.applyAsDouble(features[i]);
    }
    return with(data, features);
  }

  /** The same rows with other features. */
  public static Dataset with(Dataset data, float[] features) {
    return data.task() instanceof Task.Classification c
        ? Dataset.classification(data.name(), features, data.columns(), data.labels(), c.classes())
        : Dataset.regression(
            data.name(),
            features,
            data.columns(),
            data.targets(),
            ((Task.Regression) data.task()).targets());
  }

  /** By one mean and deviation for all features, those of the training rows. */
  public LabData standardised() {
    int[] rows = IntStream.range(0, train.rows()).toArray();
    Standardize standardize = Standardize.shared(train.stored(), rows);
    return new LabData(name, apply(standardize, train), apply(standardize, test));
  }

  private static Dataset apply(Standardize standardize, Dataset data) {
    float[] features = data.features().clone();
    standardize.apply(features, data.columns());
    return with(data, features);
  }

  /** No more than so many rows of each, the first. */
  public LabData take(int trainRows, int testRows) {
    return new LabData(name, first(train, trainRows), first(test, testRows));
  }

  private static Dataset first(Dataset data, int rows) {
    return rows >= data.rows() ? data : data.select(IntStream.range(0, rows).toArray());
  }

  @Override
  public String toString() {
    return "%s: %,d rows to train on, %,d to test on, %d features"
        .formatted(name, train.rows(), test.rows(), inputs());
  }
}
