package dev.evenkeel.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClassificationMetricsTest {

  /** Both sides compute in double; sums of some hundred terms differ in the last few bits. */
  private static final double DOUBLE = 1e-12;

  /** For published numbers whose inputs were rounded to float. */
  private static final double FLOAT = 1e-6;

  private static Predictions binary(float[] logits, float... targets) {
    return new Predictions(targets.length, 1, logits, 1, targets);
  }

  private static Predictions classes(int columns, float[] logits, float... targets) {
    return new Predictions(targets.length, columns, logits, 1, targets);
  }

  private static Predictions random(int rows, int columns, float scale, boolean coarse, long seed) {
    Random random = new Random(seed);
    float[] logits = new float[rows * columns];
    for (int i = 0; i < logits.length; i++) {
      float logit = scale * (float) random.nextGaussian();
      logits[i] = coarse ? Math.round(logit) : logit;
    }
    float[] targets = new float[rows];
    for (int row = 0; row < rows; row++) {
      int classCount = Math.max(columns, 2);
      targets[row] = row < classCount ? row : random.nextInt(classCount);
    }
    return classes(columns, logits, targets);
  }

  // Accuracy and top-k

  @Test
  void accuracyGivesTieToTheLowestIndex() {
    assertEquals(1, Accuracy.of(classes(3, new float[] {2, 2, 1}, 0)));
    assertEquals(0, Accuracy.of(classes(3, new float[] {2, 2, 1}, 1)));
  }

  @Test
  void accuracyOfOneColumnSaysClassOneAboveZero() {
    float[] logits = {-1, 0, -0f, 1e-30f, 1e4f, -1e4f};
    assertEquals(1, Accuracy.of(binary(logits, 0, 0, 0, 1, 1, 0)));
    assertEquals(0, Accuracy.of(binary(logits, 1, 1, 1, 0, 0, 1)));
  }

  @Test
  void rowsWithNanCountAsWrong() {
    float nan = Float.NaN;
    assertEquals(0, Accuracy.of(binary(new float[] {nan, nan}, 0, 1)));
    Predictions p = classes(2, new float[] {nan, 1, 1, nan, nan, nan, 3, 4}, 1, 0, 0, 1);
    assertEquals(0.25, Accuracy.of(p));
    assertEquals(0.25, new TopK(2).of(p));
  }

  @Test
  void topKAgreesWithScikitLearnsExample() {
    float[] scores = {0.5f, 0.2f, 0.2f, 0.3f, 0.4f, 0.2f, 0.2f, 0.4f, 0.3f, 0.7f, 0.2f, 0.1f};
    Predictions p = classes(3, scores, 0, 1, 2, 2);
    assertEquals(0.75, new TopK(2).of(p));
    assertEquals(1, new TopK(3).of(p));
    assertEquals(Accuracy.of(p), new TopK(1).of(p));
  }

  @Test
  void topKGivesTiesToTheLowestIndices() {
    float[] logits = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    assertEquals(0.5, new TopK(2).of(classes(4, logits, 0, 1, 2, 3)));
  }

  @Test
  void topKNeedsAsManyColumns() {
    assertMessage(
        "top5: outputs have 3 columns, expected at least 5. Choose a smaller k, or accuracy.",
        () -> new TopK(5).of(classes(3, new float[3], 0)));
    assertMessage(
        "top1: outputs have 1 column, expected at least 2. Choose a smaller k, or accuracy.",
        () -> new TopK(1).of(binary(new float[1], 0)));
    assertMessage("top-k: k is 0, expected at least 1.", () -> new TopK(0));
  }

  // Log loss

  @Test
  void logLossAgreesWithScikitLearnsExample() {
    double[] probabilities = {0.1, 0.9, 0.9, 0.1, 0.8, 0.2, 0.35, 0.65};
    float[] logits = new float[8];
    for (int i = 0; i < 8; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    assertEquals(0.21616187468057912, LogLoss.of(classes(2, logits, 1, 0, 0, 1)), FLOAT * 0.2162);
  }

  @Test
  void logLossAgreesWithTheDefinition() {
    for (int columns : new int[] {2, 3, 17}) {
      Predictions p = random(200, columns, 3, false, columns);
      double sum = 0;
      for (int row = 0; row < p.rows(); row++) {
        double all = 0;
        for (int column = 0; column < columns; column++) {
          all += Math.exp(p.output(row, column));
        }
        sum -= Math.log(Math.exp(p.output(row, (int) p.targets()[row])) / all);
      }
      assertEquals(sum / p.rows(), LogLoss.of(p), DOUBLE);
    }
    Predictions p = random(200, 1, 3, false, 1);
    double sum = 0;
    for (int row = 0; row < p.rows(); row++) {
      double probability = 1 / (1 + Math.exp(-p.output(row, 0)));
      sum -= Math.log(p.targets()[row] == 1 ? probability : 1 - probability);
    }
    assertEquals(sum / p.rows(), LogLoss.of(p), DOUBLE);
  }

  @Test
  void logLossOfExtremeLogitsStaysExact() {
    assertEquals(0, LogLoss.of(binary(new float[] {1e4f, -1e4f}, 1, 0)));
    assertEquals(1e4, LogLoss.of(binary(new float[] {1e4f, -1e4f}, 0, 1)));
    assertEquals(2e4, LogLoss.of(classes(3, new float[] {1e4f, -1e4f, 0}, 1)));
    assertEquals(0, LogLoss.of(classes(3, new float[] {1e4f, -1e4f, 0}, 0)));
    assertEquals(Math.log(3), LogLoss.of(classes(3, new float[] {1e4f, 1e4f, 1e4f}, 2)), DOUBLE);
  }

  @Test
  void logLossOfSureAndRightRowsKeepsItsDigits() {
    // log(1 + exp(-45)) = exp(-45) − exp(-90)/2 + …
    BigDecimal small = new BigDecimal(Math.exp(-45));
    double expected =
        small
            .subtract(small.pow(2).divide(BigDecimal.valueOf(2)), MathContext.DECIMAL64)
            .doubleValue();
    assertEquals(expected, LogLoss.of(binary(new float[] {45}, 1)), 1e-14 * expected);
    double softmax = LogLoss.of(classes(2, new float[] {1000, 1045}, 1));
    assertEquals(expected, softmax, 1e-14 * expected);
  }

  @Test
  void nanLogitsMakeLogLossNan() {
    assertEquals(Double.NaN, LogLoss.of(binary(new float[] {Float.NaN}, 1)));
    assertEquals(Double.NaN, LogLoss.of(classes(2, new float[] {0, Float.NaN}, 0)));
    assertEquals(Double.NaN, LogLoss.of(classes(2, new float[] {Float.NaN, 0}, 1)));
  }

  // Area under the curve

  @Test
  void aucAgreesWithScikitLearnsExample() {
    assertEquals(0.75, Auc.of(binary(new float[] {0.1f, 0.4f, 0.35f, 0.8f}, 0, 0, 1, 1)));
  }

  @Test
  void aucOfPerfectReversedAndConstantScores() {
    float[] logits = {-1e4f, -3, 3, 1e4f};
    assertEquals(1, Auc.of(binary(logits, 0, 0, 1, 1)));
    assertEquals(0, Auc.of(binary(logits, 1, 1, 0, 0)));
    assertEquals(0.5, Auc.of(binary(new float[] {7, 7, 7}, 0, 1, 0)));
    assertEquals(0.5, Auc.of(binary(new float[] {-0f, 0f}, 0, 1)));
  }

  @Test
  void aucAgreesWithCountingPairsWithAndWithoutTies() {
    for (int columns : new int[] {1, 2, 3, 10}) {
      for (boolean coarse : new boolean[] {false, true}) {
        Predictions p = random(150, columns, 2, coarse, columns);
        assertEquals(byPairs(p), Auc.of(p), DOUBLE, columns + " columns");
      }
    }
  }

  @Test
  void aucOfManyClassesDoesNotSaturate() {
    Predictions p = random(150, 4, 1e4f, false, 5);
    assertEquals(byPairs(p), Auc.of(p), DOUBLE);
    // Class 0's probability rounds to 1 in all rows, yet the two that are class 0 lead by more.
    float[] logits = {300, 0, 0, 200, 0, 0, 100, 0, 0, 90, 0, 0};
    Predictions sure = classes(3, logits, 0, 0, 1, 2);
    // Class 0: 1. Class 1's row outranks class 0's two but not class 2's row: 2/3. Class 2's: 1.
    assertEquals((1 + 2 / 3.0 + 1) / 3, Auc.of(sure), DOUBLE);
  }

  private static double byPairs(Predictions p) {
    int firstClass = p.columns() <= 2 ? 1 : 0;
    double sum = 0;
    for (int positive = firstClass; positive < p.classCount(); positive++) {
      double wins = 0;
      long pairs = 0;
      for (int a = 0; a < p.rows(); a++) {
        for (int b = 0; b < p.rows(); b++) {
          if (p.targets()[a] == positive && p.targets()[b] != positive) {
            wins += (Math.signum(score(p, a, positive) - score(p, b, positive)) + 1) / 2;
            pairs++;
          }
        }
      }
      sum += wins / pairs;
    }
    return sum / (p.classCount() - firstClass);
  }

  /** The logit less the others' log-sum-exp, rounded so that equal odds tie whatever the order. */
  private static double score(Predictions p, int row, int positive) {
    if (p.columns() == 1) {
      return p.output(row, 0);
    }
    double max = Double.NEGATIVE_INFINITY;
    for (int column = 0; column < p.columns(); column++) {
      max = column == positive ? max : Math.max(max, p.output(row, column));
    }
    double sum = 0;
    for (int column = 0; column < p.columns(); column++) {
      sum += column == positive ? 0 : Math.exp(p.output(row, column) - max);
    }
    return Math.rint((p.output(row, positive) - max - Math.log(sum)) * 0x1p30) * 0x1p-30;
  }

  @Test
  void aucNamesTheAbsentClass() {
    assertMessage(
        "auc: no row has class 1, expected rows of every class from 0 to 2: the area is undefined"
            + " without them. Measure on a larger set, or by another metric.",
        () -> Auc.of(classes(3, new float[6], 0, 2)));
    EvenkeelException e =
        assertThrows(EvenkeelException.class, () -> Auc.of(binary(new float[] {1, 2}, 1, 1)));
    assertTrue(e.getMessage().contains("no row has class 0"));
  }

  @Test
  void logitsThatAreNotFiniteMakeAucNan() {
    for (float logit : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertEquals(Double.NaN, Auc.of(binary(new float[] {0, logit}, 0, 1)));
    }
  }

  // Shapes

  @Test
  void targetsMustBeClasses() {
    for (float target : new float[] {-1, 0.5f, 3, Float.NaN, Float.POSITIVE_INFINITY}) {
      for (Metric metric :
          new Metric[] {
            Metric.named("accuracy"), new TopK(2), Metric.named("logloss"), Metric.named("auc")
          }) {
        assertMessage(
            metric.name()
                + ": the target of row 1 is "
                + target
                + ", expected a class index from 0 to 2, for logits of 3 columns.",
            () -> metric.of(classes(3, new float[6], 0, target)));
      }
    }
    assertMessage(
        "accuracy: the target of row 0 is 2.0, expected a class index from 0 to 1, for logits of 1"
            + " column.",
        () -> Accuracy.of(binary(new float[1], 2)));
    assertMessage(
        "logloss: targets have 2 columns, expected 1: the index of the class. Of flags, ofFlags is the mean over them, as in Evaluator.value.",
        () -> LogLoss.of(new Predictions(1, 2, new float[2], 2, new float[2])));
  }

  static void assertMessage(String expected, Runnable action) {
    assertEquals(expected, assertThrows(EvenkeelException.class, action::run).getMessage());
  }
}
