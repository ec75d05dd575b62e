package dev.evenkeel.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.tensor.Philox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemperatureTest {

  /** Rows whose classes are drawn by the softmax of the logits, which are then multiplied. */
  private static Predictions drawn(int rows, int columns, double factor) {
    Philox random = new Philox(5, 0);
    float[] logits = new float[rows * columns];
    float[] classes = new float[rows];
    int count = Math.max(2, columns);
    double[] probabilities = new double[count];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < columns; k++) {
        logits[row * columns + k] = (float) (2 * random.nextGaussian());
      }
      new Predictions(rows, columns, logits, 1, classes).probabilities(row, probabilities);
      double left = random.nextDouble();
      int k = 0;
      while (k < count - 1 && left > probabilities[k]) {
        left -= probabilities[k++];
      }
      classes[row] = k;
    }
    return new Predictions(rows, columns, scaled(logits, factor), 1, classes);
  }

  private static float[] scaled(float[] logits, double factor) {
    float[] scaled = logits.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) factor;
    }
    return scaled;
  }

  private static double loss(Predictions rows, double temperature) {
    float[] logits = scaled(rows.outputs(), 1 / temperature);
    return LogLoss.of(new Predictions(rows.rows(), rows.columns(), logits, 1, rows.targets()));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.2, 1, 3, 40})
  void findsTheFactorThatLogitsWereMultipliedBy(double factor) {
    for (int columns : new int[] {1, 2, 5}) {
      Predictions rows = drawn(20_000, columns, factor);
      double found = Temperature.of(rows).value();
      assertEquals(factor, found, 0.04 * factor, columns + " columns");
      double least = loss(rows, found);
      assertTrue(least < loss(rows, found * 1.01), "not less at 1 % more");
      assertTrue(least < loss(rows, found * 0.99), "not less at 1 % less");
    }
  }

  /** Two logits of one class are one logit of their difference. */
  @Test
  void oneLogitIsTwo() {
    Predictions one = drawn(300, 1, 2);
    float[] two = new float[600];
    for (int row = 0; row < 300; row++) {
      two[2 * row + 1] = one.outputs()[row];
    }
    assertEquals(
        Temperature.of(one).value(),
        Temperature.of(new Predictions(300, 2, two, 1, one.targets())).value(),
        1e-9);
  }

  /**
   * Each row has a lead of 1 and is right. With a share of ε = 1/(n + 1) for both classes alike the
   * loss is least where the right class has 1 − ε/2: at a lead of ln(2/ε − 1).
   */
  @Test
  void rowsThatAreAllRightGetNoEndlessSureness() {
    Predictions rows =
        new Predictions(3, 2, new float[] {1, 0, 0, 1, 5, 4}, 1, new float[] {0, 1, 0});
    assertEquals(1 / Math.log(7), Temperature.of(rows).value(), 1e-9);
  }

  @Test
  void answersThatAreNoNumbersAreRefused() {
    Predictions rows = new Predictions(1, 2, new float[] {Float.NaN, 0}, 1, new float[] {0});
    Expect.failure(() -> Temperature.of(rows), "The model's answers are NaN for some rows");
    Predictions wrong = new Predictions(1, 2, new float[] {1, 0}, 1, new float[] {1});
    Expect.failure(() -> Temperature.of(wrong), "The logits of 1 row say nothing of the classes");
    Predictions alike = new Predictions(2, 2, new float[] {3, 3, 0, 0}, 1, new float[] {0, 1});
    Expect.failure(() -> Temperature.of(alike), "The logits of 2 rows say nothing of the classes");
    Expect.failure(() -> new Temperature(0), "A temperature must be above 0 and finite, not 0.0");
  }
}
