package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.evenkeel.Expect;
import java.util.List;
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
