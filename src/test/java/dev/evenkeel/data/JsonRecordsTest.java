package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.io.JsonObjects;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        "t.jsonl, object 2: \"tags\" is an array of other things than numbers. help: --drop tags, or");
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
    failure(
        "{\"a\":" + "{\"a\":".repeat(300),
        "this is no JSON: Document nesting depth (201) exceeds the maximum allowed (200)");
    failure("{\"a\":1,\n\"b\":2,\"a\":3}", "line 2: the object has two values called \"a\"");
    failure("{\"u.a\":1,\"u\":{\"a\":2}}", "line 1: the object has two values called \"u.a\"");
    failure("{\" a\":[],\"a\":2}", "the object has two values called \"a\"");
    for (String nearly : List.of("[]", "[[1,2],[3,4]]", "{'a': 1}", "\u001e{\"a\":1}\n")) {
      failure(nearly, "bad.json looks like JSON, but not like objects with names in double quotes");
    }
    failure("[{\"a\":1}] {", "this is no JSON: Unexpected end-of-input");
  }

  private void failure(String text, String... words) throws IOException {
    Path file = file("bad.json", text);
    Expect.failure(() -> Table.read(file), words);
  }

  /** By their objects, however many stand in a line. */
  @Test
  void objectsWithoutATargetAreLeftOut() throws IOException {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < 40; i++) {
      text.append(i == 0 ? "" : i % 5 == 0 ? ",\n" : ",").append("{\"x\":").append(i);
      text.append(i % 10 == 3 ? ",\"y\":null}" : i % 10 == 7 ? "}" : ",\"y\":" + 2 * i + "}");
    }
    List<String> notes = new ArrayList<>();
    Table known =
        Table.read(file("t.json", text.append("]").toString()))
            .whereKnown(List.of("y"), notes::add);
    assertEquals(32, known.rows());
    assertEquals("78", known.column("y").text(31));
    assertTrue(
        notes
            .get(0)
            .startsWith(folder.resolve("t.json") + ", object 4: the target \"y\" is missing"),
        notes.toString());
    Path wrong =
        file("w.json", "[{\"x\":1},{\"x\":2}" + ",{\"x\":3}".repeat(40) + ",{\"x\":\"o\"}]");
    Expect.failure(() -> Table.read(wrong), "w.json, object 43, column \"x\": \"o\" is not");
  }

  @Test
  void otherEncodingsAreFound() throws IOException {
    Table csv = Table.read(file("t.csv", CSV));
    for (Charset charset :
        List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      Path path = Files.write(folder.resolve("u.json"), LINES.getBytes(charset));
      assertEquals(cells(csv), cells(Table.read(path)), charset.toString());
    }
    assertEquals(cells(csv), cells(Table.read(file("b.json", " \n".repeat(9_000) + LINES))));
  }

  /** Which the model of a file of commas keeps. */
  @Test
  void numbersHavePointsWhateverIsSaidOfDecimals() throws IOException {
    Table.Options commas =
        Table.Options.DETECT.withFormat(TableFormat.DETECT.withDecimal(",").withDelimiter(";"));
    Table table = Table.read(file("t.jsonl", "{\"x\":1.5}\n{\"x\":2.5}\n"), commas);
    assertEquals("1.5", table.column("x").text(0));
    assertEquals(Column.Numeric.class, table.column("x").getClass());
    assertEquals("", table.format().delimiter());
  }

  /** As those who leave nulls out write them. */
  @Test
  void whatNoObjectHasIsMissing() throws IOException {
    Table.Options used = Table.Options.DETECT.withUsed(Set.of("x", "z"));
    Table table = Table.read(file("t.jsonl", "{\"x\":1,\"more\":[1]}"), used);
    assertEquals(List.of("x", "more", "z"), table.columnNames());
    assertTrue(table.column("z").missing(0));
    assertEquals(
        List.of(folder.resolve("t.jsonl") + ": no object has z, taken as missing."),
        table.remarks());
    Table other = Table.read(file("t.jsonl", "{\"a\":1}"), used);
    assertEquals(List.of("a"), other.columnNames());
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
