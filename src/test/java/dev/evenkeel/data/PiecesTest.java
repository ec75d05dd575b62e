package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.io.Json;
import dev.evenkeel.tensor.InputLayout.Stored;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Columns of numbers that become an input of each of their pieces. */
class PiecesTest {

  @TempDir Path folder;

  private Table table(String text) throws IOException {
    return Table.read(Files.writeString(folder.resolve("t.csv"), text));
  }

  private static Preparation fit(Table table, int trainRows) {
    TargetChoice choice = TargetChoice.of(table, List.of("y"), Optional.empty());
    int[] train = IntStream.range(0, trainRows).toArray();
    return Preparation.fit(table, choice, List.of(), train, Scaling.PIECES);
  }

  /** Of 33 values in no order, whose sixteenths are every second one. */
  @Test
  void piecesHoldEquallyManyRows() throws IOException {
    StringBuilder text = new StringBuilder("x,y\n");
    double[] values = new double[33];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.pow(1.3, i * 7 % 33);
      text.append(values[i]).append(',').append(i).append('\n');
    }
    Table table = table(text.toString());
    Preparation fitted = fit(table, 33);
    Feature.Pieces pieces = (Feature.Pieces) fitted.features().get(0);
    for (int k = 0; k <= 16; k++) {
      assertEquals(Math.pow(1.3, 2 * k), pieces.edges().get(k), 1e-9);
    }
    assertEquals(Math.pow(1.3, 16), pieces.center(), 1e-9);
    Dataset data = fitted.apply(table, true, note -> {});
    assertEquals(1, data.layout().stored(), "a row keeps one number of the column");
    assertEquals(Stored.pieces(16), data.layout().column(0));
    float[] inputs = data.features();
    for (int k = 0; k < 16; k++) {
      double low = pieces.edges().get(k);
      double length = pieces.edges().get(k + 1) - low;
      double[] passed =
          DoubleStream.of(values).map(x -> Math.min(1, Math.max(0, (x - low) / length))).toArray();
      double mean = DoubleStream.of(passed).average().orElseThrow();
      for (int i = 0; i < values.length; i++) {
        assertEquals(passed[i] - mean, inputs[i * 16 + k], 2e-6, "row " + i + ", piece " + k);
      }
    }
  }

  /** Of mostly zeros, of two values, and of one alone. */
  @Test
  void fewValuesMakeFewPieces() throws IOException {
    StringBuilder text = new StringBuilder("rare,two,same,y\n");
    for (int i = 0; i < 40; i++) {
      int rare = i < 36 ? 0 : i - 35;
      text.append(rare + "," + i % 2 + ",7," + i + "\n");
    }
    text.append("9,3,8,1\n-9,-3,8,1\n");
    Table table = table(text.toString());
    Preparation fitted = fit(table, 40);
    Feature.Pieces rare = (Feature.Pieces) fitted.features().get(0);
    assertEquals(0, rare.edges().get(0));
    assertEquals(4, rare.edges().get(rare.width()));
    assertTrue(rare.width() < 4, "pieces of a column of zeros: " + rare.edges());
    assertEquals(List.of(0.0, 1.0), ((Feature.Pieces) fitted.features().get(1)).edges());
    assertEquals(new Feature.Numeric("same", 7), fitted.features().get(2));
    Dataset data = fitted.apply(table, true, note -> {});
    int two = rare.width();
    int width = fitted.width();
    assertEquals(two + 2, width);
    assertEquals(-0.5f, data.features()[two]);
    assertEquals(0.5f, data.features()[width + two]);
    assertEquals(0.5f, data.features()[40 * width + two], "beyond the last edge nothing changes");
    assertEquals(-0.5f, data.features()[41 * width + two], "nor before the first");
    assertEquals(0, data.features()[40 * width + two + 1], "what was constant stays 0");
    assertArrayEquals(
        Arrays.copyOfRange(data.features(), 39 * width, 39 * width + two),
        Arrays.copyOfRange(data.features(), 40 * width, 40 * width + two));
  }

  /** They draw no edge, and stand at the median; so in a table as in a row alone. */
  @Test
  void missingValuesStandAtTheMedian() throws IOException {
    Table table = table("x,town,y\n1,a,1\n,b,2\n3,a,3\nNA,b,4\n10,a,5\n3,a,6\n");
    Preparation fitted = fit(table, 5);
    Feature.Pieces pieces = (Feature.Pieces) fitted.features().get(0);
    assertEquals(1, pieces.edges().get(0));
    assertEquals(10, pieces.edges().get(pieces.width()));
    assertEquals(3, pieces.center());
    Dataset data = fitted.apply(table, true, note -> {});
    int width = fitted.width();
    RowEncoder encoder = new RowEncoder(fitted);
    float[] three = new float[width];
    float[] none = new float[width];
    encoder.encode(Map.of("x", "3", "town", "b"), three);
    encoder.encode(Map.of("x", "", "town", "b"), none);
    assertArrayEquals(three, none);
    assertArrayEquals(none, Arrays.copyOfRange(data.features(), 3 * width, 4 * width));
  }

  /** Whatever the numbers are: to the bit. */
  @Test
  void aRowAloneIsAsInATable() throws IOException {
    Random random = new Random(4);
    StringBuilder text = new StringBuilder("wide,tiny,many,y\n");
    for (int i = 0; i < 200; i++) {
      double wide = (random.nextBoolean() ? 1 : -1) * Math.pow(10, 308 * random.nextDouble());
      double tiny = 1e-320 * random.nextInt(50);
      text.append(wide + "," + tiny + "," + random.nextGaussian() + "," + i + "\n");
    }
    Table table = table(text.toString());
    Preparation fitted = fit(table, 100);
    float[] together = fitted.apply(table, true, note -> {}).features();
    RowEncoder encoder = new RowEncoder(fitted);
    int width = fitted.width();
    assertTrue(width > 40, "three columns in pieces: " + width);
    String[] lines = text.toString().split("\n");
    float[] alone = new float[width];
    for (int i = 0; i < 200; i++) {
      String[] fields = lines[i + 1].split(",");
      encoder.encode(Map.of("wide", fields[0], "tiny", fields[1], "many", fields[2]), alone);
      assertArrayEquals(Arrays.copyOfRange(together, i * width, (i + 1) * width), alone);
      for (float input : alone) {
        assertTrue(Math.abs(input) <= 1, "an input of a piece: " + input);
      }
    }
  }

  @Test
  void theyAreKeptWithTheModel() throws IOException {
    Preparation fitted = fit(table("x,y\n1,1\n2,2\n4,3\n"), 3);
    assertEquals(fitted, Json.read(Json.write(fitted), Preparation.class, "here"));
    Expect.failure(
        () -> new Feature.Pieces("x", List.of(1.0), 1), "\"x\" has 1 edge", "at least 2");
    Expect.failure(() -> new Feature.Pieces("x", List.of(), 1), "has 0 edges");
    Expect.failure(() -> new Feature.Pieces("x", List.of(1.0, 2.0), Double.NaN), "the median NaN");
    Expect.failure(
        () -> new Feature.Pieces("x", List.of(1.0, 3.0, 2.0), 1),
        "\"x\" has a piece from 3.0 to 2.0",
        "the second above the first");
    for (double end : new double[] {1, Double.NaN, Double.POSITIVE_INFINITY}) {
      Expect.failure(
          () -> new Feature.Pieces("x", List.of(1.0, end), 1), "a piece has two finite ends");
    }
  }

  /** Row k · 39 / 16 of the sorted ones, rounded down, begins piece k. */
  @Test
  void anyNumberOfRowsIsParted() throws IOException {
    StringBuilder text = new StringBuilder("x,zero,y\n");
    for (int i = 0; i < 40; i++) {
      text.append((i * 7 % 40) + 0.5).append(i % 2 == 0 ? ",0," : ",-0.0,").append(i).append('\n');
    }
    Preparation fitted = fit(table(text.toString()), 40);
    Feature.Pieces pieces = (Feature.Pieces) fitted.features().get(0);
    for (int k = 0; k <= 16; k++) {
      assertEquals(k * 39 / 16 + 0.5, pieces.edges().get(k));
    }
    assertEquals(new Feature.Numeric("zero", 0), fitted.features().get(1), "0 and -0 are one");
  }

  /** A piece longer than a double holds, and one shorter than half of it. */
  @Test
  void piecesOfAnyLength() throws IOException {
    Table table = table("x,y\n-1.7e308,1\n0,2\n4.9e-324,3\n1.7e308,4\n8.5e307,5\n-8.5e307,6\n");
    Preparation fitted = fit(table, 4);
    assertEquals(3, fitted.width());
    float[] inputs = fitted.apply(table, true, note -> {}).features();
    float[] passed = {0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0.5f, 0.5f, 0, 0};
    for (int i = 0; i < passed.length; i++) {
      float mean = (passed[i % 3] + passed[3 + i % 3] + passed[6 + i % 3] + passed[9 + i % 3]) / 4;
      assertEquals(passed[i] - mean, inputs[i], 1e-6);
    }
  }

  @Test
  void aTextAmongNumbersIsNamed() throws IOException {
    Preparation fitted = fit(table("x,y\n1,1\n2,2\n4,3\n"), 3);
    Path later = Files.writeString(folder.resolve("later.csv"), "x\n1\ntwo\n");
    Table table = Table.read(later, fitted.options());
    Expect.failure(
        () -> fitted.apply(table, false, note -> {}),
        "column \"x\": \"two\" is not a finite number");
  }
}
