package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evenkeel.Expect;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.Rows;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StandardizeTest {

  private static final int ROWS = 5003;
  private static final int COLUMNS = 4;
  private static final int[] ALL = IntStream.range(0, ROWS).toArray();

  /** Ordinary, mean 1e4 with deviation 1e-2, constant at a number no float holds, tiny. */
  private static float[] features() {
    Philox random = new Philox(3, 0);
    float[] features = new float[ROWS * COLUMNS];
    for (int row = 0; row < ROWS; row++) {
      features[row * COLUMNS] = (float) (5 + 2 * random.nextGaussian());
      features[row * COLUMNS + 1] = (float) (1e4 + 1e-2 * random.nextGaussian());
      features[row * COLUMNS + 2] = 0.1f;
      features[row * COLUMNS + 3] = (float) (1e-30 * random.nextGaussian());
    }
    return features;
  }

  private static double exactMean(float[] features, int column, int[] rows) {
    BigDecimal sum = BigDecimal.ZERO;
    for (int row : rows) {
      sum = sum.add(new BigDecimal(features[row * COLUMNS + column]));
    }
    return sum.divide(new BigDecimal(rows.length), MathContext.DECIMAL128).doubleValue();
  }

  private static double naiveDeviation(float[] features, int column, int[] rows) {
    double mean = exactMean(features, column, rows);
    double squares = 0;
    for (int row : rows) {
      squares += Math.pow(features[row * COLUMNS + column] - mean, 2);
    }
    return Math.sqrt(squares / rows.length);
  }

  @Test
  void meanAndDeviationAreThoseOfTheGivenRows() {
    float[] features = features();
    int[] rows = IntStream.range(0, ROWS).filter(row -> row % 3 != 0).toArray();
    Standardize fitted = Standardize.perColumn(Rows.of(features, COLUMNS), rows);
    for (int c : new int[] {0, 1, 3}) {
      double mean = exactMean(features, c, rows);
      double deviation = naiveDeviation(features, c, rows);
      assertEquals(
          mean, fitted.mean()[c], 1e-12 * deviation + 1e-15 * Math.abs(mean), "column " + c);
      assertEquals(deviation, fitted.deviation()[c], 1e-11 * deviation, "column " + c);
    }
  }

  @Test
  void standardisedColumnsHaveMeanZeroAndDeviationOneAlsoFarFromZero() {
    float[] features = features();
    Standardize.perColumn(Rows.of(features, COLUMNS), ALL).apply(features, COLUMNS);
    for (int c : new int[] {0, 1, 3}) {
      assertEquals(0, exactMean(features, c, ALL), 1e-7, "column " + c);
      assertEquals(1, naiveDeviation(features, c, ALL), 1e-6, "column " + c);
    }
  }

  @Test
  void aConstantColumnBecomesExactlyZero() {
    float[] features = features();
    Standardize fitted = Standardize.perColumn(Rows.of(features, COLUMNS), ALL);
    assertEquals(0.1f, fitted.mean()[2]);
    assertEquals(1, fitted.deviation()[2]);
    fitted.apply(features, COLUMNS);
    for (int row : ALL) {
      assertEquals(0f, features[row * COLUMNS + 2]);
    }
  }

  /** The plain sum of ten times 0.1 is not 1: without the shift, rounding passes for deviation. */
  @Test
  void aConstantColumnOfDoublesIsConstantToo() {
    double[] values = new double[10];
    Arrays.fill(values, 0.1);
    Standardize fitted = Standardize.column(values);
    assertEquals(new Standardize(new double[] {0.1}, new double[] {1}), fitted);
  }

  @Test
  void oneSharedMeanServesAllColumns() {
    float[] features = {1, 2, 3, 4, 100, 100};
    Standardize shared = Standardize.shared(Rows.of(features, 2), new int[] {0, 1});
    assertEquals(new Standardize(new double[] {2.5}, new double[] {Math.sqrt(1.25)}), shared);
    shared.apply(features, 2);
    float[] expected = new float[6];
    for (int i = 0; i < 6; i++) {
      expected[i] = (float) ((new float[] {1, 2, 3, 4, 100, 100}[i] - 2.5) / Math.sqrt(1.25));
    }
    assertArrayEquals(expected, features);
  }

  @Test
  void restoringUndoesStandardising() {
    float[] features = {3, -8, 5, 1e4f, 7, 9};
    Standardize fitted = Standardize.perColumn(Rows.of(features, 2), new int[] {0, 1, 2});
    float[] copy = features.clone();
    fitted.apply(copy, 2);
    assertNotEquals(features[0], copy[0]);
    fitted.restore(copy, 2);
    assertArrayEquals(features, copy, 1e-3f);
  }

  @Test
  void jsonKeepsEveryBit() throws Exception {
    Standardize fitted = Standardize.perColumn(Rows.of(features(), COLUMNS), ALL);
    ObjectMapper json = new ObjectMapper();
    Standardize read = json.readValue(json.writeValueAsString(fitted), Standardize.class);
    assertEquals(fitted, read);
    assertEquals(fitted.hashCode(), read.hashCode());
    assertNotEquals(fitted, Standardize.perColumn(Rows.of(features(), COLUMNS), new int[] {0, 1}));
  }

  @Test
  void otherColumnsThanFittedAreRefused() {
    Standardize fitted = Standardize.perColumn(Rows.of(new float[6], 3), new int[] {0});
    Expect.failure(() -> fitted.apply(new float[4], 2), "fitted to 3 columns, but the data has 2");
    Expect.failure(
        () -> Standardize.shared(Rows.of(new float[6], 3), new int[0]), "0 training rows");
  }
}
