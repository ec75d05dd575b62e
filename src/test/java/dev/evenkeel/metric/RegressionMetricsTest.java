package dev.evenkeel.metric;

import static dev.evenkeel.metric.ClassificationMetricsTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegressionMetricsTest {

  /** Both sides are good to double; sums of some hundred terms differ in the last few bits. */
  private static final double DOUBLE = 1e-12;

  /** scikit-learn's documented examples; every value is exact in float. */
  private static final Predictions ONE_COLUMN =
      values(1, new float[] {2.5f, 0, 2, 8}, 3, -0.5f, 2, 7);

  private static final Predictions TWO_COLUMNS =
      values(2, new float[] {0, 2, -1, 2, 8, -5}, 0.5f, 1, -1, 1, 7, -6);

  private static Predictions values(int columns, float[] outputs, float... targets) {
    return new Predictions(targets.length / columns, columns, outputs, columns, targets);
  }

  @Test
  void agreeWithScikitLearnsExamples() {
    assertEquals(Math.sqrt(0.375), Rmse.of(ONE_COLUMN), DOUBLE);
    assertEquals(Math.sqrt(4.25 / 6), Rmse.of(TWO_COLUMNS), DOUBLE);
    assertEquals(0.5, MeanAbsoluteError.of(ONE_COLUMN), DOUBLE);
    assertEquals(0.75, MeanAbsoluteError.of(TWO_COLUMNS), DOUBLE);
    assertEquals(0.9486081370449679, R2.of(ONE_COLUMN), DOUBLE);
    assertEquals(0.9368005266622779, R2.of(TWO_COLUMNS), DOUBLE);
  }

  @Test
  void eachTargetAloneIsTheColumnAlone() {
    Predictions second = TWO_COLUMNS.ofTarget(1);
    assertEquals(1, second.columns());
    assertEquals(Math.sqrt((1 + 1 + 1) / 3.0), Rmse.of(second), DOUBLE);
    double both = R2.of(TWO_COLUMNS.ofTarget(0)) + R2.of(second);
    assertEquals(R2.of(TWO_COLUMNS), both / 2, DOUBLE);
  }

  @Test
  void r2OfTheMeanIsZeroAndOfTheReverseIsNegative() {
    assertEquals(0, R2.of(values(1, new float[] {2, 2, 2}, 1, 2, 3)));
    assertEquals(-3, R2.of(values(1, new float[] {3, 2, 1}, 1, 2, 3)));
  }

  @Test
  void r2OfConstantTargetsIsOneWhenExactAndElseZero() {
    assertEquals(1, R2.of(values(1, new float[] {0.1f, 0.1f, 0.1f}, 0.1f, 0.1f, 0.1f)));
    assertEquals(0, R2.of(values(1, new float[] {0.1f, 0.1f, 0.2f}, 0.1f, 0.1f, 0.1f)));
    assertEquals(Double.NaN, R2.of(values(1, new float[] {5}, 5)), "as scikit-learn");
    assertEquals(Double.NaN, R2.of(values(1, new float[] {4}, 5)), "as scikit-learn");
    assertEquals(Double.NaN, R2.of(values(1, new float[] {Float.NaN, 1}, 1, 1)), "NaN is no fit");
    assertEquals(0.5, R2.of(values(2, new float[] {1, 7, 2, 8}, 1, 7, 2, 7)));
  }

  @Test
  void r2OfALargeMeanAndASmallDeviationKeepsItsDigits() {
    Random random = new Random(3);
    int rows = 500;
    float[] outputs = new float[rows];
    float[] targets = new float[rows];
    for (int row = 0; row < rows; row++) {
      targets[row] = 1e4f + 1e-2f * (float) random.nextGaussian();
      outputs[row] = targets[row] + 5e-3f * (float) random.nextGaussian();
    }
    BigDecimal mean = BigDecimal.ZERO;
    for (float target : targets) {
      mean = mean.add(new BigDecimal(target));
    }
    mean = mean.divide(BigDecimal.valueOf(rows), MathContext.DECIMAL128);
    BigDecimal residual = BigDecimal.ZERO;
    BigDecimal total = BigDecimal.ZERO;
    for (int row = 0; row < rows; row++) {
      BigDecimal target = new BigDecimal(targets[row]);
      residual = residual.add(target.subtract(new BigDecimal(outputs[row])).pow(2));
      total = total.add(target.subtract(mean).pow(2));
    }
    BigDecimal expected = BigDecimal.ONE.subtract(residual.divide(total, MathContext.DECIMAL128));
    // The mean is good to 1e-12 of a target, 1e-10 of a deviation; errors in it count squared.
    assertEquals(expected.doubleValue(), R2.of(values(1, outputs, targets)), 1e-11);
  }

  @Test
  void extremeValuesDoNotOverflow() {
    float max = Float.MAX_VALUE;
    Predictions p = values(1, new float[] {max, -max}, -max, max);
    assertEquals(2.0 * max, Rmse.of(p), 1e-12 * max);
    assertEquals(2.0 * max, MeanAbsoluteError.of(p));
    assertEquals(-3, R2.of(p), DOUBLE);
  }

  @Test
  void outputsAndTargetsNeedAsManyColumns() {
    Predictions p = new Predictions(1, 2, new float[2], 1, new float[1]);
    for (Metric metric :
        new Metric[] {Metric.named("rmse"), Metric.named("mae"), Metric.named("r2")}) {
      assertMessage(
          metric.name()
              + ": outputs have 2 columns and targets 1, expected as many: a value for each value.",
          () -> metric.of(p));
    }
  }

  @Test
  void predictionsAreCheckedWhenMade() {
    assertMessage(
        "Predictions have 0 rows, expected at least 1: nothing can be measured on an empty set.",
        () -> new Predictions(0, 1, new float[0], 1, new float[0]));
    assertMessage(
        "Predictions: outputs hold 5 values, expected 6: 2 rows of 3 columns.",
        () -> new Predictions(2, 3, new float[5], 1, new float[2]));
    assertMessage(
        "Predictions: targets hold 3 values, expected 2: 2 rows of 1 column.",
        () -> new Predictions(2, 3, new float[6], 1, new float[3]));
    assertMessage(
        "Predictions: outputs have 0 columns, expected at least 1.",
        () -> new Predictions(2, 0, new float[0], 1, new float[2]));
    assertMessage(
        "Predictions: outputs hold 0 values, expected 4,294,967,296: 65,536 rows of 65,536 columns.",
        () -> new Predictions(65536, 65536, new float[0], 1, new float[65536]));
  }

  @Test
  void everyMetricIsFoundByItsName() {
    Metric[] metrics = {
      Metric.named("accuracy"),
      new TopK(5),
      new TopK(12),
      Metric.named("logloss"),
      Metric.named("auc"),
      Metric.named("prauc"),
      new F1(),
      Metric.named("balanced-accuracy"),
      Metric.named("mcc"),
      Metric.named("brier"),
      Metric.named("ece"),
      Metric.named("rmse"),
      Metric.named("mae"),
      Metric.named("r2")
    };
    for (Metric metric : metrics) {
      assertEquals(metric, Metric.named(metric.name()));
    }
    for (String name : new String[] {"f2", "top", "top0", "top-1", "top9999999999", ""}) {
      assertMessage(
          "Unknown metric '"
              + name
              + "': expected accuracy, top5 (or another number), balanced-accuracy, f1, mcc, auc,"
              + " prauc, logloss, brier, ece, rmse, mae, r2.",
          () -> Metric.named(name));
    }
  }

  @Test
  void onlyLossesAndErrorsAreBetterWhenLower() {
    for (String name : new String[] {"logloss", "rmse", "mae"}) {
      assertFalse(Metric.named(name).higherIsBetter(), name);
    }
    for (String name : new String[] {"accuracy", "top5", "auc", "r2"}) {
      assertTrue(Metric.named(name).higherIsBetter(), name);
    }
  }
}
