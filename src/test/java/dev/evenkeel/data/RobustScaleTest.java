package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.io.Json;
import dev.evenkeel.tensor.Philox;
import dev.evenkeel.tensor.Rows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RobustScaleTest {

  @TempDir Path folder;

  private static Standardize ofColumn(float... values) {
    int[] rows = IntStream.range(0, values.length).toArray();
    return RobustScale.fit(Rows.of(values, 1), rows);
  }

  /** How many values lie below and above, which needs no sorting: float64 and independent. */
  private static double quantile(float[] features, int columns, int column, int[] rows, double q) {
    double place = q * (rows.length - 1);
    double below = ranked(features, columns, column, rows, (int) Math.floor(place));
    double above = ranked(features, columns, column, rows, (int) Math.ceil(place));
    return below + (place - Math.floor(place)) * (above - below);
  }

  /** The value that so many others come before; equal values count in the order of their rows. */
  private static double ranked(float[] features, int columns, int column, int[] rows, int rank) {
    for (int row : rows) {
      float value = features[row * columns + column];
      long before =
          IntStream.of(rows)
              .filter(
                  other -> {
                    float its = features[other * columns + column];
                    return its < value || its == value && other < row;
                  })
              .count();
      if (before == rank) {
        return value;
      }
    }
    throw new AssertionError("No value of rank " + rank);
  }

  /** Of so many columns that they are ranked in several copies. */
  @Test
  void columnsInSeveralCopiesAreRankedAlike() {
    int columns = 9_001;
    int rows = 4_001;
    Rows wide =
        new Rows() {
          @Override
          public int count() {
            return rows;
          }

          @Override
          public int columns() {
            return columns;
          }

          @Override
          public void read(int index, float[] to, int at) {
            for (int c = 0; c < columns; c++) {
              to[at + c] = (float) ((index * 7L + c) % rows) + c;
            }
          }
        };
    Standardize fitted = RobustScale.fit(wide, IntStream.range(0, rows).toArray());
    for (int c = 0; c < columns; c++) {
      assertEquals(2000 + c, fitted.mean()[c]);
      assertEquals(2000, fitted.deviation()[c]);
    }
  }

  @Test
  void medianAndQuartilesAreThoseOfTheGivenRows() {
    int columns = 3;
    Philox random = new Philox(5, 0);
    float[] features = new float[1201 * columns];
    for (int i = 0; i < features.length; i++) {
      double value = random.nextGaussian();
      features[i] = (float) (i % 3 == 0 ? value : i % 3 == 1 ? 1e4 + 1e-2 * value : value * value);
    }
    for (int skipped : new int[] {2, 3, 5}) { // even and odd numbers of rows
      int[] rows = IntStream.range(0, 1201).filter(row -> row % skipped != 0).toArray();
      Standardize fitted = RobustScale.fit(Rows.of(features, columns), rows);
      for (int c = 0; c < columns; c++) {
        double upper = quantile(features, columns, c, rows, 0.75);
        double lower = quantile(features, columns, c, rows, 0.25);
        assertEquals(quantile(features, columns, c, rows, 0.5), fitted.mean()[c], 1e-12 * 1e4);
        assertEquals(upper - lower, fitted.deviation()[c], 1e-12 * 1e4);
      }
    }
  }

  /** By hand: places 1.5, 3 and 4.5 of the sorted values. */
  @Test
  void quartilesLieBetweenValuesInProportion() {
    Standardize fitted = ofColumn(3.5f, -1.25f, 0.75f, 12, 0.125f, 0.25f, 7.75f);
    assertArrayEquals(new double[] {0.75}, fitted.mean());
    assertArrayEquals(new double[] {5.625 - 0.1875}, fitted.deviation());
  }

  @Test
  void anOutlierMovesNothing() {
    assertEquals(ofColumn(1, 2, 3, 4, 5, 6, 7), ofColumn(1, 2, 3, 4, 5, 6, 7e30f));
  }

  @Test
  void whereQuartilesCoincideHalfTheRangeIsTaken() {
    Standardize fitted = ofColumn(0, 0, 0, 0, 0, 0, 0, 10, -2);
    assertArrayEquals(new double[] {0}, fitted.mean());
    assertArrayEquals(new double[] {6}, fitted.deviation());
  }

  @Test
  void aConstantColumnIsZeroWhateverItHoldsLater() {
    Standardize fitted = ofColumn(0.1f, 0.1f, 0.1f);
    float[] later = {0.1f, 5, -1e30f, Float.MAX_VALUE};
    fitted.apply(later, 1);
    assertArrayEquals(new float[4], later, Float.MIN_VALUE); // or −0
    assertEquals(fitted, Json.read(Json.write(fitted), Standardize.class, "here"));
  }

  @Test
  void missingValuesAreTheMedianAndNoQuartile() throws IOException {
    String text =
        """
        size,color,same,price
        1,red,7,a
        NA,blue,7,b
        3,red,7,a
        ,red,7,b
        5,red,7,a
        NA,,7,b
        100,red,7,a
        7,red,7,b
        9,red,8,a
        """;
    Table table = Table.read(Files.writeString(folder.resolve("t.csv"), text));
    int[] train = IntStream.range(0, 8).toArray();
    TargetChoice choice = TargetChoice.of(table, List.of("price"), Optional.empty());
    Preparation fitted = Preparation.fit(table, choice, List.of(), train, Scaling.ROBUST);
    // Of 1, 3, 5, 7, 100: median 5, quartiles 3 and 7. Of eight colors: 1 blue, so half of 1 − 0;
    // 6 red: the quartiles of 0 0 1 1 1 1 1 1 are 0.75 and 1.
    assertEquals(new Feature.Numeric("size", 5), fitted.features().get(0));
    assertArrayEquals(new double[] {0, 0, 1, 0}, fitted.standardize().mean());
    assertArrayEquals(
        new double[] {4, 0.5, 0.25, RobustScale.CONSTANT}, fitted.standardize().deviation());
    Dataset data = fitted.apply(table, true, note -> {});
    assertEquals(0, data.features()[4], "a missing size is the median");
    assertEquals(0, data.features()[8 * 4 + 3], "and stays 0 where a later row differs");
    assertEquals(1 / Math.sqrt(1 + 1 / 9.0), data.features()[8 * 4], 1e-7, "(9 − 5) / 4, clipped");
    assertEquals(-1 / Math.sqrt(1 + 1 / 9.0), data.features()[0], 1e-7);
    float far = data.features()[6 * 4];
    assertTrue(far > 2.9 && far < 3, "95 / 4, clipped: " + far);
  }

  /** In a row to train on and in later ones; and the two ways to prepare agree. */
  @Test
  void whatNoFloatCanHoldComesOutAtTheBound() throws IOException {
    String rows = "size,rare,price\n1,0,2\n2,0,3\n3,0,1\n4,0,2\n1e300,0,3\n-1e308,1e200,9\n";
    Table table = Table.read(Files.writeString(folder.resolve("t.csv"), rows));
    TargetChoice choice = TargetChoice.of(table, List.of("price"), Optional.empty());
    int[] train = IntStream.range(0, 6).toArray();
    Preparation fitted = Preparation.fit(table, choice, List.of(), train, Scaling.ROBUST);
    Dataset data = fitted.apply(table, true, note -> {});
    assertEquals(3, data.features()[4 * 2]);
    assertEquals(-3, data.features()[5 * 2]);
    assertEquals(
        2 / Math.sqrt(1 + 4 / 9.0), data.features()[5 * 2 + 1], 1e-7, "1e200 / (1e200 / 2)");
    RowEncoder encoder = new RowEncoder(fitted);
    float[] row = new float[2];
    for (int i = 0; i < 6; i++) {
      String[] fields = rows.split("\n")[i + 1].split(",");
      encoder.encode(Map.of("size", fields[0], "rare", fields[1]), row);
      assertArrayEquals(Arrays.copyOfRange(data.features(), 2 * i, 2 * i + 2), row);
    }
  }

  @Test
  void aTableWithoutNamesIsScaledColumnByColumn() {
    float[] features = {0, 10, 0, 20, 0, 30, 4, 40, 0, 50};
    Dataset data =
        Dataset.classification("five", features, 2, new int[] {0, 1, 0, 1, 0}, List.of("a", "b"));
    Preparation fitted = Preparation.fitRobust(data, IntStream.range(0, 5).toArray());
    assertArrayEquals(new double[] {0, 30}, fitted.standardize().mean());
    assertArrayEquals(new double[] {2, 20}, fitted.standardize().deviation());
    float[] rowByRow = new float[2];
    float[] together = fitted.apply(data).features();
    RowEncoder encoder = new RowEncoder(fitted);
    for (int row = 0; row < 5; row++) {
      encoder.encode(features, 2 * row, rowByRow);
      assertArrayEquals(Arrays.copyOfRange(together, 2 * row, 2 * row + 2), rowByRow);
    }
  }
}
