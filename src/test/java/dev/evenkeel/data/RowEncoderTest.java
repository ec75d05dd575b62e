package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    Preparation fitted = Preparation.fit(table, choice, List.of(), IntStream.range(0, 4).toArray());
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
}
