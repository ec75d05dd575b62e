package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.tensor.InNoArray;
import dev.evenkeel.tensor.Rows;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DatasetTest {

  private static final List<String> AB = List.of("a", "b");

  private static Dataset three() {
    return Dataset.classification(
        "three", new float[][] {{1, 2}, {3, 4}, {5, 6}}, new int[] {0, 1, 1}, AB);
  }

  @Test
  void rowsAreHeldRowMajor() {
    Dataset data = three();
    assertEquals(3, data.rows());
    assertEquals(2, data.columns());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, data.features());
    assertArrayEquals(new int[] {0, 1, 1}, data.labels());
    assertEquals(2, data.task().outputs());
  }

  @Test
  void selectingCopiesRowsInTheGivenOrder() {
    Dataset data = three();
    Dataset selected = data.select(new int[] {2, 0});
    assertArrayEquals(new float[] {5, 6, 1, 2}, selected.features());
    assertArrayEquals(new int[] {1, 0}, selected.labels());
    selected.features()[0] = 99;
    assertEquals(5, data.features()[4]);
    Expect.failure(() -> data.select(new int[] {3}), "row 3 does not exist", "0 to 2");
  }

  @Test
  void rowsInNoArrayAreAsThoseInOne() {
    float[] values = {1, 2, 3, 4, 5, 6};
    int[] labels = {0, 1, 1};
    Rows rows = InNoArray.of(values, 2);
    Dataset data = Dataset.classification("three", rows, labels, AB);
    assertEquals(three().fingerprint(), data.fingerprint());
    assertArrayEquals(values, data.features());
    Dataset some = data.select(new int[] {2, 0});
    assertArrayEquals(new float[] {5, 6, 1, 2}, some.features());
    assertEquals(three().select(new int[] {2, 0}).fingerprint(), some.fingerprint());
    float[] inputs = new float[4];
    some.copyInputs(1, inputs, 1);
    assertArrayEquals(new float[] {0, 1, 2, 0}, inputs);
    assertEquals(
        Dataset.flags("f", values, 2, new float[] {0, 1, 1, 0, 0, 0}, AB).fingerprint(),
        Dataset.flags("f", rows, new float[] {0, 1, 1, 0, 0, 0}, AB).fingerprint());
    Expect.failure(() -> data.select(new int[] {3}), "row 3 does not exist", "0 to 2");
    Expect.failure(
        () -> Dataset.regression("r", rows, new float[2], List.of("y")),
        "3 rows with 1 target column need 3 target values, but there are 2");
    Expect.failure(
        () -> Dataset.unlabelled("none", Rows.of(new float[0], 3), new Task.Flags(AB)),
        "Data set none has 0 rows of 3 columns. Give at least one of each.");
  }

  /** Looked through when it is read, and called by where it was before it was chosen. */
  @Test
  void whatIsNotFiniteInNoArrayIsNamed() {
    float[] values = {1, 2, 3, 4, Float.NaN, 6};
    Dataset data = Dataset.unlabelled("u", InNoArray.of(values, 2), new Task.Flags(AB));
    Dataset some = data.select(new int[] {2, 0}).select(new int[] {1, 0});
    String words = "Data set u: the feature in row 2, column 0 (both counted from 0) is NaN.";
    Expect.failure(some::features, words);
    Expect.failure(some::fingerprint, words);
    some.copyInputs(0, new float[2], 0);
  }

  @Test
  void rowsThatAreNoneAreRefused() {
    Expect.failure(
        () -> Rows.of(new float[401], 2), "An array of 401 floats does not make rows of 2");
    Expect.failure(() -> Rows.of(new float[4], 0), "rows of 0 columns");
    Expect.failure(() -> Rows.of(null, 2), "null does not make rows of 2 columns");
    Rows less =
        new Rows() {
          @Override
          public int count() {
            return 3;
          }

          @Override
          public int columns() {
            return 2;
          }

          @Override
          public void read(int row, float[] to, int at) {}

          @Override
          public Optional<float[]> array() {
            return Optional.of(new float[5]);
          }
        };
    Expect.failure(
        () -> Dataset.unlabelled("less", less, new Task.Flags(AB)),
        "Data set less: the array of its rows does not have their 6 values.");
  }

  /** A hundred times the rows that Java's arrays hold. */
  @Test
  void moreInputsThanAnArrayTakesAreRefusedAsOne() {
    Rows many =
        new Rows() {
          @Override
          public int count() {
            return Integer.MAX_VALUE;
          }

          @Override
          public int columns() {
            return 100;
          }

          @Override
          public void read(int row, float[] to, int at) {
            to[at] = row;
          }
        };
    Dataset data = Dataset.unlabelled("many", many, new Task.Flags(AB));
    Expect.failure(
        data::features,
        "its 214,748,364,700 inputs are more than an array of Java's may have. help: copyInputs");
    float[] last = new float[100];
    data.copyInputs(Integer.MAX_VALUE - 1, last, 0);
    assertEquals((float) (Integer.MAX_VALUE - 1), last[0]);
  }

  /** Of 2,200 million values, which no array holds; here it is one row again and again. */
  @Test
  void nestedArraysMayHoldMoreThanOneArray() {
    float[][] rows = new float[2_200_000][];
    Arrays.fill(rows, new float[1000]);
    rows[2_199_999] = new float[1000];
    rows[2_199_999][999] = 5;
    Dataset data = Dataset.regression("nested", rows, new float[rows.length], "y");
    assertEquals(2_200_000, data.rows());
    float[] last = data.select(new int[] {2_199_999}).features();
    assertEquals(5, last[999]);
    rows[7] = new float[999];
    Expect.failure(
        () -> Dataset.regression("nested", rows, new float[rows.length], "y"),
        "row 7 has 999 columns where row 0 has 1,000");
  }

  @Test
  void regressionsMayHaveSeveralTargets() {
    Dataset data = Dataset.regression("r", new float[] {1, 2}, 1, new float[] {1, 10, 2, 20}, AB);
    assertEquals(2, data.targetColumns());
    assertArrayEquals(new float[] {2, 20}, data.select(new int[] {1}).targets());
    Expect.failure(data::labels, "no class labels: it is of numbers or flags");
    Expect.failure(
        () -> Dataset.regression("r", new float[] {1}, 1, new float[] {1}, AB),
        "1 row with 2 target columns need 2 target values, but there are 1");
  }

  @Test
  void theFingerprintSeesShapeFeaturesAndTargets() {
    String whole = three().fingerprint();
    assertEquals(whole, three().fingerprint());
    assertEquals(64, whole.length());
    float[] flat = {1, 2, 3, 4, 5, 6};
    assertNotEquals(
        whole, Dataset.classification("t", flat, 2, new int[] {0, 1, 0}, AB).fingerprint());
    assertNotEquals(
        Dataset.unlabelled("u", flat, 2).fingerprint(),
        Dataset.unlabelled("u", flat, 3).fingerprint());
    float[] large = new float[200_000];
    String before = Dataset.unlabelled("u", large, 2).fingerprint();
    large[199_999] = Float.MIN_VALUE;
    assertNotEquals(before, Dataset.unlabelled("u", large, 2).fingerprint());
  }

  @Test
  void rowsWithoutTargetsHaveNone() {
    Dataset data = Dataset.unlabelled("u", new float[] {1, 2}, 2);
    assertFalse(data.hasTargets());
    Expect.failure(data::labels, "without targets");
  }

  @Test
  void whatIsWrongIsNamedWithRowAndValue() {
    Expect.failure(
        () -> Dataset.classification("d", new float[2], 1, new int[] {0, 2}, AB),
        "row 1: label 2",
        "labels are 0 to 1");
    Expect.failure(
        () -> Dataset.classification("d", new float[2], 1, new int[] {0, -1}, AB), "label -1");
    Expect.failure(
        () -> Dataset.classification("d", new float[3], 1, new int[] {0, 1}, AB),
        "need 3 target values, but there are 2");
    Expect.failure(
        () -> Dataset.unlabelled("d", new float[] {1, 2, 3, Float.NaN}, 2),
        "feature in row 1, column 1",
        "NaN");
    Expect.failure(
        () ->
            Dataset.regression(
                "d", new float[2], 1, new float[] {1, Float.POSITIVE_INFINITY}, List.of("y")),
        "target in row 1, column 0",
        "Infinity");
    Expect.failure(() -> Dataset.unlabelled("d", new float[5], 2), "5 feature values", "2 columns");
    Expect.failure(() -> Dataset.unlabelled("d", new float[0], 2), "0 feature values");
    Expect.failure(
        () -> Dataset.regression("d", new float[][] {{1, 2}, {3}}, new float[2], "y"),
        "row 1 has 1 column where row 0 has 2");
    Expect.failure(
        () -> Dataset.classification("d", new float[1], 1, new int[1], List.of("a", "a")),
        "no name twice");
  }
}
