package dev.evenkeel.metric;

import static dev.evenkeel.metric.ClassificationMetricsTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Measures of answers by class, of their order, and of their probabilities. */
class MoreClassMetricsTest {

  /** Both sides compute in double; sums of some hundred terms differ in the last few bits. */
  private static final double DOUBLE = 1e-12;

  private static final int ROWS = 300;

  private static final List<String> NAMES =
      List.of("f1", "balanced-accuracy", "prauc", "mcc", "brier", "ece");

  private static double of(String metric, Predictions predictions) {
    return Metric.named(metric).of(predictions);
  }

  private static Predictions binary(float[] logits, float... targets) {
    return new Predictions(targets.length, 1, logits, 1, targets);
  }

  private static Predictions classes(int columns, float[] logits, float... targets) {
    return new Predictions(targets.length, columns, logits, 1, targets);
  }

  /** Rows of these classes that got these answers. */
  private static Predictions answered(int columns, int[] answers, float... targets) {
    float[] logits = new float[answers.length * columns];
    for (int row = 0; row < answers.length; row++) {
      logits[row * columns + answers[row]] = 1;
    }
    return classes(columns, logits, targets);
  }

  /** As make-class-metrics.py draws them. */
  private static Predictions drawn(int columns, boolean coarse) {
    int[] values = new int[ROWS * (columns + 1)];
    long seed = 7L * columns + (coarse ? 1 : 0);
    for (int i = 0; i < values.length; i++) {
      seed = (seed * 1103515245 + 12345) % (1L << 31);
      values[i] = (int) (seed / 65536);
    }
    float[] logits = new float[ROWS * columns];
    for (int i = 0; i < logits.length; i++) {
      double logit = (values[i] % 1001 - 500) / 125.0;
      logits[i] = (float) (coarse ? Math.rint(logit) : logit);
    }
    float[] targets = new float[ROWS];
    for (int row = 0; row < ROWS; row++) {
      int target = values[logits.length + row] % Math.max(columns, 2);
      targets[row] = target;
      if (row % 2 == 0) {
        logits[row * columns + (columns == 1 ? 0 : target)] += columns == 1 && target == 0 ? -2 : 2;
      }
    }
    return classes(columns, logits, targets);
  }

  /** scikit-learn 1.9.1's values (of ece numpy 2.4.6's), by make-class-metrics.py. */
  @ParameterizedTest
  @CsvSource({
    "1, 0, 0.5892286627110908, 0.5906811159374861, 0.7192531325182228, 0.1806798321271496, 0.2983237776259618, 0.25807529649416283",
    "1, 1, 0.6450892857142857, 0.6451612903225806, 0.7082824850403567, 0.2916230242449912, 0.24756307599421642, 0.17616957904412944",
    "2, 0, 0.5733333333333334, 0.5734352773826458, 0.5875694246533602, 0.1468705547652916, 0.3368366250860964, 0.3005484791573061",
    "2, 1, 0.6132645803698435, 0.6181818181818182, 0.6836917910237722, 0.2358137806065099, 0.30476289127668926, 0.252778159530588",
    "3, 0, 0.5006791781639652, 0.49945693494080595, 0.49637146445353486, 0.24743702750326602, 0.8063939157861324, 0.3199123970156124",
    "3, 1, 0.4317932165643433, 0.43193899544706, 0.4560912193565862, 0.14986239599456402, 0.8969695596653611, 0.3883920680184878",
    "10, 0, 0.22201423908877388, 0.22799286707494174, 0.2349970444015026, 0.1411699876900779, 1.0088981097589427, 0.3024983002501446",
    "10, 1, 0.22648042031641685, 0.23008578254337433, 0.2469906567631508, 0.14348218011796843, 1.0035124519187142, 0.28034750826243016"
  })
  void allAgreeWithScikitLearn(
      int columns,
      int coarse,
      double f1,
      double balanced,
      double prauc,
      double mcc,
      double brier,
      double ece) {
    Predictions predictions = drawn(columns, coarse == 1);
    double[] expected = {f1, balanced, prauc, mcc, brier, ece};
    double[] seen = NAMES.stream().mapToDouble(name -> of(name, predictions)).toArray();
    assertArrayEquals(expected, seen, DOUBLE);
  }

  @Test
  void twoColumnsOfLogitsAreWhatTheirDifferenceIsAlone() {
    Predictions one = drawn(1, true);
    float[] two = new float[2 * ROWS];
    for (int row = 0; row < ROWS; row++) {
      two[2 * row] = 1.5f;
      two[2 * row + 1] = 1.5f + one.outputs()[row];
    }
    for (String name : NAMES) {
      assertEquals(of(name, one), of(name, classes(2, two, one.targets())), DOUBLE, name);
    }
  }

  @Test
  void handCountedAnswersGiveTheTextbooksNumbers() {
    // class 0: 3 rows, 2 found; class 1: 2 rows, 1 found; class 2: 1 row, found
    Predictions p = answered(3, new int[] {0, 0, 1, 1, 2, 2}, 0, 0, 0, 1, 1, 2);
    Confusion confusion = Confusion.of(p);
    assertArrayEquals(new double[][] {{2, 1, 0}, {0, 1, 1}, {0, 0, 1}}, confusion.counts());
    assertArrayEquals(new double[] {3, 2, 1}, confusion.rows());
    assertEquals(
        "Confusion[rows=[3.0, 2.0, 1.0], counts=[[2.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]]",
        confusion.toString());
    assertEquals(1, confusion.precision(0));
    assertEquals(0.5, confusion.precision(1));
    assertEquals(2 / 3.0, confusion.recall(0), DOUBLE);
    assertEquals(0.8, confusion.f1(0), DOUBLE);
    assertEquals((0.8 + 0.5 + 2 / 3.0) / 3, of("f1", p), DOUBLE);
    assertEquals((2 / 3.0 + 0.5 + 1) / 3, of("balanced-accuracy", p), DOUBLE);
    // Gorodkin: (4·6 − (3·2 + 2·2 + 1·2)) / sqrt((36 − 14)(36 − 12))
    assertEquals(12 / Math.sqrt(22 * 24), of("mcc", p), DOUBLE);
    assertEquals(
        List.of(new Confusion.Pair(0, 1, 1), new Confusion.Pair(1, 2, 1)), confusion.mistakes(5));
    assertEquals(List.of(new Confusion.Pair(0, 1, 1)), confusion.mistakes(1));
  }

  @Test
  void ofOneLogitZeroSeparatesTheClasses() {
    Predictions p = binary(new float[] {-1, 0, 2, 0.5f}, 0, 0, 1, 0);
    assertArrayEquals(new double[][] {{2, 1}, {0, 1}}, Confusion.of(p).counts());
  }

  @Test
  void theF1OfTwoClassesDoesNotDependOnWhichIsFirst() {
    Predictions p = answered(2, new int[] {0, 0, 0, 1, 1}, 0, 0, 1, 1, 0);
    Predictions swapped = answered(2, new int[] {1, 1, 1, 0, 0}, 1, 1, 0, 0, 1);
    assertEquals((2 / 3.0 + 0.5) / 2, of("f1", p), DOUBLE);
    assertEquals(of("f1", p), of("f1", swapped), DOUBLE);
  }

  @Test
  void averagePrecisionIsAStepOfEachThresholdAndTiesCrossItTogether() {
    // scikit-learn's example: 0.8 (right), 0.4 (wrong), 0.35 (right), 0.1 → (1 + 2/3) / 2
    float[] scores = {0.1f, 0.4f, 0.35f, 0.8f};
    assertEquals((1 + 2 / 3.0) / 2, of("prauc", binary(scores, 0, 0, 1, 1)), DOUBLE);
    assertEquals(1, of("prauc", binary(scores, 0, 0, 0, 1)));
    assertEquals(0.25, of("prauc", binary(scores, 1, 0, 0, 0)));
    // All tie: the share of the class, in whichever order the rows come.
    assertEquals(0.25, of("prauc", binary(new float[] {7, 7, 7, 7}, 1, 0, 0, 0)));
    assertEquals(0.25, of("prauc", binary(new float[] {7, 7, 7, 7}, 0, 0, 0, 1)));
  }

  @Test
  void brierIsOfOneOfTwoClassesAndTheSumOfMore() {
    float logit = (float) Math.log(3); // 0.75 for class 1
    assertEquals(0.0625, of("brier", binary(new float[] {logit}, 1)), 1e-7);
    assertEquals(0.5625, of("brier", binary(new float[] {logit}, 0)), 1e-7);
    assertEquals(0.5625, of("brier", classes(2, new float[] {0, logit}, 0)), 1e-7);
    // 1/3 each: (2/3)² + 2 (1/3)²
    assertEquals(6 / 9.0, of("brier", classes(3, new float[3], 1)), DOUBLE);
    assertEquals(2, of("brier", classes(3, new float[] {1e4f, 0, 0}, 1)));
    assertEquals(0, of("brier", classes(3, new float[] {1e4f, 0, 0}, 0)));
    assertEquals(1, of("brier", binary(new float[] {-1e4f}, 1)));
  }

  @Test
  void calibrationComparesWhatIsSaidWithWhatIsRight() {
    float logit = (float) Math.log(3);
    // Four rows at 0.75, of which three are right, err by nothing; two by a quarter.
    float[] four = {logit, logit, -logit, -logit};
    assertEquals(0, of("ece", binary(four, 1, 1, 0, 1)), 1e-7);
    assertEquals(0.25, of("ece", binary(four, 1, 1, 0, 0)), 1e-7);
    // Bins don't make up for each other: 1 said and wrong, 1/2 said and right.
    assertEquals(0.75, of("ece", binary(new float[] {1e4f, 0}, 0, 0)), DOUBLE);
    // Said a third, and right.
    assertEquals(2 / 3.0, of("ece", classes(3, new float[3], 0)), DOUBLE);
  }

  @Test
  void aClassWithoutRowsIsLeftOutWhereItSaysNothing() {
    // Class 2 has no rows and no answers; class 1 no rows, but an answer, which is a mistake.
    Predictions p = answered(3, new int[] {0, 0, 1}, 0, 0, 0);
    assertEquals((0.8 + 0) / 2, of("f1", p), DOUBLE);
    assertEquals(2 / 3.0, of("balanced-accuracy", p), DOUBLE);
    assertEquals(0, of("mcc", p));
    Confusion confusion = Confusion.of(p);
    assertTrue(Double.isNaN(confusion.recall(1)));
    assertEquals(0, confusion.precision(1));
    assertEquals(0, confusion.f1(1));
    assertTrue(Double.isNaN(confusion.f1(2)));
    assertTrue(Double.isNaN(confusion.precision(2)));
    assertMessage(
        "prauc: no row has class 1, expected rows of every class from 0 to 2: the area is undefined"
            + " without them. Measure on a larger set, or by another metric.",
        () -> of("prauc", p));
  }

  @Test
  void oneClassAloneHasNoCorrelation() {
    Predictions right = answered(2, new int[] {1, 1}, 1, 1);
    assertEquals(1, of("f1", right));
    assertEquals(1, of("balanced-accuracy", right));
    assertEquals(0, of("mcc", right));
    assertEquals(0, of("mcc", answered(2, new int[] {1, 1}, 1, 0)));
    assertEquals(-1, of("mcc", answered(2, new int[] {1, 0}, 0, 1)));
  }

  @Test
  void rowsWithNanHaveNoAnswerAndAreWrong() {
    float nan = Float.NaN;
    Predictions p = classes(2, new float[] {1, 0, nan, 0, 0, 1, 0, nan}, 0, 0, 1, 1);
    Confusion confusion = Confusion.of(p);
    assertArrayEquals(new double[][] {{1, 0}, {0, 1}}, confusion.counts());
    assertArrayEquals(new double[] {2, 2}, confusion.rows());
    assertEquals(1, confusion.precision(0));
    assertEquals(0.5, of("balanced-accuracy", p));
    assertEquals(2 / 3.0, of("f1", p), DOUBLE);
    // A third answer: (2·4 − (2·1 + 2·1)) / sqrt((16 − 8)(16 − 6))
    assertEquals(4 / Math.sqrt(80), of("mcc", p), DOUBLE);
    for (String name : List.of("prauc", "brier", "ece")) {
      assertEquals(Double.NaN, of(name, p), name);
      assertEquals(Double.NaN, of(name, binary(new float[] {nan, 1}, 0, 1)), name);
    }
    assertEquals(0, Confusion.of(binary(new float[] {nan}, 0)).counts()[0][0]);
    float infinite = Float.POSITIVE_INFINITY;
    assertEquals(Double.NaN, of("prauc", binary(new float[] {0, infinite}, 0, 1)));
  }

  @Test
  void manyRowsDoNotOverflowTheCorrelation() {
    int rows = 200_000; // 4·10¹⁰ pairs
    int[] answers = IntStream.range(0, rows).map(row -> row % 2).toArray();
    float[] targets = new float[rows];
    for (int row = 0; row < rows; row++) {
      targets[row] = row % 2;
    }
    assertEquals(1, of("mcc", answered(2, answers, targets)), DOUBLE);
  }

  @Test
  void eachIsKnownByItsNameAndWhetherMoreIsBetter() {
    for (String name : NAMES) {
      assertEquals(name, Metric.named(name).name());
      boolean less = Stream.of("brier", "ece").anyMatch(name::equals);
      assertEquals(!less, Metric.named(name).higherIsBetter(), name);
      assertMessage(
          name
              + ": the target of row 0 is 3.0, expected a class index from 0 to 2, for logits of 3"
              + " columns.",
          () -> of(name, classes(3, new float[3], 3)));
    }
  }
}
