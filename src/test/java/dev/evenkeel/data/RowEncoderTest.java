package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A row alone is encoded as it is in a table. */
class RowEncoderTest {

  private static final String TRAINED =
      """
      grade,town,built,area,price
      1,Bern,2001-02-03,10,5
      2,Zug,1999-12-31,20,7
      3,Bern,2010-06-01,30,6
      1,Chur,2000-01-01,40,9
      """;

  @TempDir Path folder;

  @Test
  void asInATable() throws IOException {
    Table table =
        Table.read(
            Files.writeString(folder.resolve("trained.csv"), TRAINED),
            Table.Options.DETECT.withCategorical(Set.of("grade")));
    TargetChoice choice = TargetChoice.of(table, List.of("price"), Optional.empty());
    Preparation fitted =
        Preparation.fit(
            table, choice, List.of(), IntStream.range(0, 4).toArray(), Scaling.STANDARD);
    List<List<String>> later =
        List.of(
            List.of("1", "Bern", "2001-02-03", "10"),
            List.of("1.0", "Zug", "", "2e1"),
            List.of("02", "bern", "1999-12-31", "?"),
            List.of("", "NA", "n/a", "-"),
            List.of("9", "Basel", "2020-02-29", "-1.5"));
    List<String> names = table.columnNames().subList(0, 4);
    Path file = folder.resolve("later.csv");
    List<String> lines = new ArrayList<>(List.of(String.join(",", names)));
    later.forEach(row -> lines.add(String.join(",", row)));
    Files.write(file, lines);
    Dataset together = fitted.apply(Table.read(file, fitted.options()), false, note -> {});
    RowEncoder encoder = new RowEncoder(fitted);
    int width = fitted.width();
    for (int i = 0; i < later.size(); i++) {
      Map<String, String> row = new LinkedHashMap<>();
      for (int c = 0; c < names.size(); c++) {
        row.put(names.get(c), later.get(i).get(c));
      }
      float[] alone = new float[width];
      encoder.encode(row, alone);
      assertArrayEquals(
          Arrays.copyOfRange(together.features(), i * width, (i + 1) * width),
          alone,
          0f,
          row::toString);
    }
    assertEquals(
        together.features()[0], together.features()[width], "1.0 is the category 1 in both");
  }

  /** As a service has them that reads JSON. */
  @Test
  void numbersDatesAndNullsAreWhatTheirTextsAre() throws IOException {
    Path file = Files.writeString(folder.resolve("trained.csv"), TRAINED + "2,Zug,,-999,3\n");
    Table table =
        Table.read(
            file,
            Table.Options.DETECT
                .withCategorical(Set.of("grade"))
                .withFormat(TableFormat.DETECT.withMissing(List.of("-999"))));
    TargetChoice choice = TargetChoice.of(table, List.of("price"), Optional.empty());
    Preparation fitted =
        Preparation.fit(
            table, choice, List.of(), IntStream.range(0, 5).toArray(), Scaling.STANDARD);
    RowEncoder encoder = new RowEncoder(fitted);
    int width = fitted.width();
    Map<String, Object> objects = new LinkedHashMap<>();
    objects.put("grade", 2);
    objects.put("town", null);
    objects.put("built", LocalDate.of(1999, 12, 31));
    Map<String, String> texts =
        new LinkedHashMap<>(Map.of("grade", "2", "town", "", "built", "1999-12-31"));
    Object[][] areas = {
      {25, "25"},
      {2.5e1f, "25"},
      {new BigDecimal("25.0"), "25"},
      {-999, ""},
      {-999.0, "NA"},
      {Double.NaN, ""},
      {null, ""},
      {" 25 ", "25"}
    };
    for (Object[] area : areas) {
      objects.put("area", area[0]);
      texts.put("area", (String) area[1]);
      float[] expected = new float[width];
      float[] seen = new float[width];
      encoder.encode(texts, expected);
      encoder.encode(objects, seen);
      assertArrayEquals(expected, seen, 0f, objects::toString);
    }
    objects.put("area", Double.POSITIVE_INFINITY);
    Expect.failure(
        () -> encoder.encode(objects, new float[width]),
        "Column \"area\": \"Infinity\" is not a finite number");
    objects.remove("area");
    Expect.failure(() -> encoder.encode(objects, new float[width]), "has no column \"area\"");
  }
}
