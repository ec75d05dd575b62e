package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.evenkeel.Expect;
import dev.evenkeel.io.JsonObjects;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON files are tables as CSV files of the same values are. */
class JsonRecordsTest {

  private static final String CSV =
      """
      id,area,town,built,owned,price
      H1,120.50,Köln,2001-05-03,true,350000
      H2,,"Ulm, ""Mitte\"\"\",1999-12-31,false,-1.5e3
      H3,7,Köln,,true,12
      """;

  private static final String LINES =
      """
      {"id":"H1","area":120.50,"town":"K\\u00f6ln","built":"2001-05-03","owned":true,"price":350000}

      {"owned":false,"id":"H2","area":null,"town":"Ulm, \\"Mitte\\"","built":"1999-12-31","price":-1.5e3}
      {"id":"H3","area":7,"town":"Köln","owned":true,"price":12}
      """;

  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static List<List<String>> cells(Table table) {
    return table.columns().stream()
        .map(
            column ->
                IntStream.range(0, table.rows())
                    .mapToObj(row -> column.missing(row) ? "-" : column.text(row))
                    .toList())
        .toList();
  }

  @Test
  void linesArraysAndCsvAreTheSameTable() throws IOException {
    Table csv = Table.read(file("t.csv", CSV));
    String array = "\n [" + LINES.strip().replaceAll("}\\s*\\{", "},\n{") + "]\n";
    for (String text : List.of(LINES, array, "\uFEFF" + LINES, LINES.replace("\n", "\r\n"))) {
      Table json = Table.read(file("t.json", text));
      assertEquals(csv.columnNames(), json.columnNames());
      assertEquals(cells(csv), cells(json));
      assertEquals(
          csv.columns().stream().map(Object::getClass).toList(),
          json.columns().stream().map(Object::getClass).toList());
    }
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(folder.resolve("t.gz")))) {
      out.write(LINES.getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(cells(csv), cells(Table.read(folder.resolve("t.gz"))));
    assertEquals(
        cells(csv),
        cells(Table.read(Files.write(folder.resolve("u"), LINES.getBytes(StandardCharsets.UTF_8)))),
        "whatever it is called");
  }

  @Test
  void whatLiesWithinIsCalledByItsPath() throws IOException {
    Table table =
        Table.read(
            file("n.jsonl", "{\"a\":{\"b\":1,\"c\":{\"d\":\"x\"}},\"y\":2}\n{\"y\":3,\"z\":NaN}"));
    assertEquals(List.of("a.b", "a.c.d", "y", "z"), table.columnNames());
    assertEquals(
        List.of(List.of("1", "-"), List.of("x", "-"), List.of("2", "3"), List.of("-", "-")),
        cells(table));
  }

  @Test
  void anArrayIsNoValueUnlessNobodyWantsIt() throws IOException {
    Path file = file("t.jsonl", "{\"x\":1,\"tags\":[]}\n\n{\"x\":2,\"tags\":[{\"k\":1}]}");
    Expect.failure(
        () -> Table.read(file),
        "t.jsonl, line 1: \"tags\" is an array, but a column has one value. help: --drop tags, or");
    for (String dropped : List.of("tags", "2", "-1")) {
      Table table = Table.read(file, Table.Options.DETECT.withDropped(Set.of(dropped)));
      assertEquals(2, table.rows());
    }
    Table used = Table.read(file, Table.Options.DETECT.withUsed(Set.of("x")));
    assertArrayEquals(
        new String[] {"1", "2"}, IntStream.range(0, 2).mapToObj(used.column("x")::text).toArray());
  }

  @Test
  void whatIsWrongIsNamedByItsLine() throws IOException {
    failure("{\"a\":1}\n{\"a\":}", "line 2: this is no JSON: Unexpected character ('}'");
    failure("{\"a\":1}\n\n[{\"a\":2}]", "line 3: an object is needed for each row");
    failure("{\"a\":1}\n5", "line 2: an object is needed for each row, as {", "not 5");
    failure("[{\"a\":1},\n{\"a\":2}", "line 2: this is no JSON: Unexpected end-of-input");
    failure("{\"a\":1", "line 1: this is no JSON: Unexpected end-of-input");
    failure("[{},{}]", "has no values: give objects with some");
    failure("{\"a\":" + "{\"a\":".repeat(300), "this is no JSON: Document nesting depth");
    failure("[{\"a\":1}] {", "this is no JSON: Unexpected end-of-input");
  }

  private void failure(String text, String... words) throws IOException {
    Path file = file("bad.json", text);
    Expect.failure(() -> Table.read(file), words);
  }

  /** SQL Server's names of columns, and a table that begins with a brace. */
  @ParameterizedTest
  @ValueSource(strings = {"[a],[b]\n1,2\n", "{a,b\n1,2\n", "[1],{2}\n1,2\n", "", " \n"})
  void otherBeginningsAreNoJson(String text) throws IOException {
    assertFalse(JsonObjects.matches(file("t.csv", text)));
  }

  @Test
  void oneLineOfManyCharactersIsRead() throws IOException {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < 50_000; i++) {
      text.append(i == 0 ? "" : ",").append("{\"x\":").append(i).append(",\"y\":\"k\"}");
    }
    Table table = Table.read(file("t.json", text.append("]").toString()));
    assertEquals(50_000, table.rows());
    assertEquals("49999", table.column("x").text(49_999));
    assertEquals("k", table.column("y").text(49_999));
  }
}
