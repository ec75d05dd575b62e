package dev.evenkeel.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A row that weighs 3 is three such rows, one of weight 0 is none. */
class WeightedMetricsTest {

  private static final int ROWS = 60;

  private static Predictions weighted(Random random, int columns, boolean classes) {
    int targets = classes ? 1 : columns;
    float[] outputs = new float[ROWS * columns];
    float[] truth = new float[ROWS * targets];
    float[] weights = new float[ROWS];
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = random.nextInt(9) / 4f - 1; // few values: scores tie
    }
    for (int i = 0; i < truth.length; i++) {
      truth[i] = classes ? random.nextInt(Math.max(2, columns)) : random.nextInt(100) / 8f;
    }
    for (int row = 0; row < ROWS; row++) {
      weights[row] = random.nextInt(4);
    }
    return new Predictions(ROWS, columns, outputs, targets, truth, weights);
  }

  /** The same in units of another weight. */
  private static Predictions times(float unit, Predictions p) {
    float[] weights = p.weights().clone();
    for (int row = 0; row < weights.length; row++) {
      weights[row] *= unit;
    }
    return new Predictions(
        p.rows(), p.columns(), p.outputs(), p.targetColumns(), p.targets(), weights);
  }

  private static Predictions repeated(Predictions p) {
    int rows = 0;
    for (float weight : p.weights()) {
      rows += (int) weight;
    }
    float[] outputs = new float[rows * p.columns()];
    float[] targets = new float[rows * p.targetColumns()];
    int to = 0;
    for (int row = 0; row < p.rows(); row++) {
      for (int copy = 0; copy < p.weights()[row]; copy++, to++) {
        copy(p.outputs(), row, outputs, to, p.columns());
        copy(p.targets(), row, targets, to, p.targetColumns());
      }
    }
    return new Predictions(rows, p.columns(), outputs, p.targetColumns(), targets);
  }

  private static void copy(float[] from, int row, float[] to, int at, int columns) {
    System.arraycopy(from, row * columns, to, at * columns, columns);
  }

  private static void same(String metric, Predictions weighted) {
    double expected = Metric.named(metric).of(repeated(weighted));
    double alike =
        Metric.named(metric)
            .of(
                new Predictions(
                    weighted.rows(),
                    weighted.columns(),
                    weighted.outputs(),
                    weighted.targetColumns(),
                    weighted.targets()));
    assertEquals(expected, Metric.named(metric).of(weighted), 1e-12, metric);
    assertEquals(expected, Metric.named(metric).of(times(0.3f, weighted)), 1e-6, metric);
    assertEquals(true, Math.abs(expected - alike) > 1e-9, metric + " would be the same without");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "accuracy",
        "top2",
        "balanced-accuracy",
        "f1",
        "mcc",
        "auc",
        "prauc",
        "logloss",
        "brier",
        "ece"
      })
  void ofClasses(String metric) {
    for (int seed = 0; seed < 20; seed++) {
      same(metric, weighted(new Random(seed), 4, true));
      if (!metric.equals("top2")) {
        same(metric, weighted(new Random(seed), 1, true));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rmse", "mae", "r2"})
  void ofNumbers(String metric) {
    for (int seed = 0; seed < 20; seed++) {
      Predictions two = weighted(new Random(seed), 2, false);
      same(metric, two);
      same(metric, two.ofTarget(1));
    }
  }

  /** Targets that differ in a row of weight 0 alone are all the same. */
  @Test
  void aRowThatCountsNothingDoesNotMakeTargetsVary() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      float[] outputs = new float[ROWS];
      float[] truth = new float[ROWS];
      float[] weights = new float[ROWS];
      truth[0] = 1000 * random.nextFloat();
      for (int row = 1; row < ROWS; row++) {
        truth[row] = 0.1f;
        outputs[row] = random.nextFloat();
        weights[row] = random.nextFloat();
      }
      Predictions constant = new Predictions(ROWS, 1, outputs, 1, truth, weights);
      assertEquals(0, Metric.named("r2").of(constant));
    }
  }

  @Test
  void classByClass() {
    Predictions weighted = weighted(new Random(1), 3, true);
    Confusion expected = Confusion.of(repeated(weighted));
    Confusion actual = Confusion.of(weighted);
    assertArrayEquals(expected.rows(), actual.rows());
    assertArrayEquals(expected.counts(), actual.counts());
  }

  /** Of two rows that say the opposite the heavier one has its way. */
  @Test
  void temperature() {
    float[] logits = {2, 0, 2, 0};
    float[] classes = {0, 1};
    Predictions sure = new Predictions(2, 2, logits, 1, classes, new float[] {30, 1});
    Predictions unsure = new Predictions(2, 2, logits, 1, classes, new float[] {3, 2});
    assertEquals(true, Temperature.of(sure).value() < Temperature.of(unsure).value());
    assertEquals(
        Temperature.of(sure).value(), Temperature.of(times(7, sure)).value(), 1e-9, "units");
  }

  /** No one class has any correlation with itself, whatever the weights round to. */
  @Test
  void answersOfOneClassCorrelateWithNothing() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      float[] outputs = new float[2 * ROWS];
      float[] truth = new float[ROWS];
      float[] weights = new float[ROWS];
      for (int row = 0; row < ROWS; row++) {
        outputs[2 * row] = 1;
        truth[row] = row % 2;
        weights[row] = random.nextFloat();
      }
      Predictions one = new Predictions(ROWS, 2, outputs, 1, truth, weights);
      assertEquals(0, Metric.named("mcc").of(one), 1e-6);
    }
  }

  @Test
  void aClassWhoseRowsAllCountNothingHasNoArea() {
    float[] weights = {1, 1, 0};
    Predictions p = new Predictions(3, 1, new float[] {1, 2, 3}, 1, new float[] {0, 0, 1}, weights);
    Expect.failure(() -> Auc.of(p), "auc: no row has class 1");
  }

  @Test
  void eachRowHasAWeightOrNone() {
    Expect.failure(
        () -> new Predictions(2, 1, new float[2], 1, new float[2], new float[3]),
        "Predictions: weights hold 3 values, expected 2: 2 rows of 1 column.");
  }
}
