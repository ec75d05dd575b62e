package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.io.Json;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as people have them: commas for points, many words for missing, odd headers, old bytes. */
class TableReadingTest {

  private static final double NAN = Double.NaN;

  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("t.csv"), text);
  }

  private Table table(String text) throws IOException {
    return Table.read(file(text));
  }

  private Table table(String text, TableFormat format) throws IOException {
    return Table.read(file(text), Table.Options.DETECT.withFormat(format));
  }

  private static double[] numbers(Table table, String column) {
    return assertInstanceOf(Column.Numeric.class, table.column(column)).values();
  }

  private static List<String> levels(Table table, String column) {
    return assertInstanceOf(Column.Categorical.class, table.column(column)).levels();
  }

  @Test
  void decimalCommasAreSeenAndSaid() throws IOException {
    Table table = table("a;b;y\n1,5;2;-0,25\n2,75;3;1e1\n4;NA;,5\n");
    assertArrayEquals(new double[] {1.5, 2.75, 4}, numbers(table, "a"));
    assertArrayEquals(new double[] {2, 3, NAN}, numbers(table, "b"));
    assertArrayEquals(new double[] {-0.25, 10, 0.5}, numbers(table, "y"));
    assertEquals(1, table.remarks().size());
    assertTrue(
        table
            .remarks()
            .get(0)
            .endsWith(
                "decimal commas in columns \"a\", \"y\": \"1,5\" is read as 1.5. If that is wrong, say --decimal ."),
        table.remarks().get(0));
  }

  @Test
  void whereNaMayBeACodeThatIsSaid() throws IOException {
    Table table = table("c,n,y\nNA,NA,1\nDE,x,2\nZA,y,3\nCH,long,4\n");
    assertTrue(table.column("c").missing(0));
    assertEquals(
        List.of(
            folder.resolve("t.csv")
                + ": NA in column \"c\" is taken for missing, as everywhere. If it is one of these codes, Namibia, say, write it otherwise."),
        table.remarks());
  }

  /** Blank lines tell nothing of what parts the fields, whatever they are made of. */
  @Test
  void aBlankLineIsNoPartOfTheNext() throws IOException {
    Table table = table("\t\t\n1 2\n\t\t\n3   4\n");
    assertArrayEquals(new double[] {1, 3}, numbers(table, "1"));
    assertArrayEquals(new double[] {2, 4}, numbers(table, "2"));
  }

  @Test
  void pointsAndCommasInOneColumnAreNotGuessed() throws IOException {
    Table table = table("a;b\n1,5;1.5\n2.5;3\n");
    assertEquals(List.of("1,5", "2.5"), levels(table, "a"));
    assertEquals("1,5", table.column("a").text(0));
    assertEquals("2.5", table.column("a").text(1));
    assertArrayEquals(new double[] {1.5, 3}, numbers(table, "b"));
    assertEquals(List.of(), table.remarks());
    StringBuilder slip = new StringBuilder("a;b\n");
    for (int i = 0; i < 40; i++) {
      slip.append(i == 30 ? "1,5" : "1.5").append(";2\n");
    }
    Expect.failure(() -> table(slip.toString()), "line 32, column \"a\": \"1,5\" is not a finite");
  }

  @Test
  void decimalsMayBeChosen() throws IOException {
    String quoted = "a,b\n\"1,5\",2\n\"2,5\",3\n";
    assertEquals(List.of("1,5", "2,5"), levels(table(quoted), "a"));
    TableFormat commas = TableFormat.DETECT.withDecimal(",");
    assertArrayEquals(new double[] {1.5, 2.5}, numbers(table(quoted, commas), "a"));
    assertEquals(List.of(), table(quoted, commas).remarks());
    String half = "a;b\n1,5;1.5\n2,5;3\n";
    assertEquals(List.of("1.5", "3"), levels(table(half, commas), "b"));
    TableFormat points = TableFormat.DETECT.withDecimal(".");
    assertEquals(List.of("1,5", "2,5"), levels(table(half, points), "a"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "?", "NA", "na", "NaN", "null", "NULL", "N/A", "n/a", "#N/A", "None", "nil", "-",
        "Missing", " N/A "
      })
  void everyWordForMissingIsOneAmongNumbers(String word) throws IOException {
    assertArrayEquals(
        new double[] {1, NAN, 3}, numbers(table("x,y\n1,a\n" + word + ",a\n3,b\n"), "x"));
  }

  @Test
  void someWordsForMissingAreCategoriesAmongTexts() throws IOException {
    Table table = table("x,t\n1,none\n2,N/A\n3,mild\n4,-\n");
    assertEquals(List.of("none", "mild", "-"), levels(table, "t"));
    assertTrue(table.column("t").missing(1));
  }

  @Test
  void moreWordsForMissingMayBeNamed() throws IOException {
    TableFormat format = TableFormat.DETECT.withMissing(List.of("-999", "Unknown"));
    Table table = table("x,t\n-999,a\nunknown,UNKNOWN\n3,b\n", format);
    assertArrayEquals(new double[] {NAN, NAN, 3}, numbers(table, "x"));
    assertTrue(table.column("t").missing(1));
    assertEquals(format, Json.read(Json.write(format), TableFormat.class, "json"));
  }

  /** Lines are between bars; what is expected is the number of rows. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "a,b,c|1,2,3|4,5,6 ! 2",
        "p,x|e,s|f,t ! 2",
        "0,1,label|5.1,3.5,1|4.9,3.0,0|6.2,3.1,1 ! 3",
        ",0,1,label|0,5.1,3.5,1|1,4.9,3.0,0 ! 2",
        "0,1,2|5.1,3.5,0.5|4.9,3.2,1.5 ! 2",
        "0,1,kind|5.1,3.5,red|4.9,3,blue|5,3.1,red|5,3,blue|6,3,red|6,3,red ! 6",
        "country,1999,2000,rate|at,3,4,0.5|ch,5,6,0.7 ! 2",
        "id,2024-01-31,rate|1,5,0.5|2,6,0.7 ! 2",
        "missing,none,y|1,2,3|4,5,6 ! 2",
        "5,red|6,blue ! 2",
        "5.1,red,1|4.9,blue,2|5.2,red,3 ! 3",
        "1,0,3,male,22|2,1,1,female,38|3,1,3,female,26 ! 3",
        "1,2,red|3,4,blue|5,6,red|7,8,red|9,1,blue|2,3,blue|4,4,red ! 7",
        "39,State-gov,77516,Bachelors|50,Private,83311,HS-grad ! 2",
        "5,inf,3|6,1.5,2|7,2.5,4|4,3.5,5 ! 4",
        "5.5,oops,3|6,1.5,2|7,2.5,4 ! 3",
        "NA,red,1|x,blue,2 ! 2",
        "?,red|x,blue ! 2",
        "2024-01-31,red|2024-02-01,blue ! 2",
        "1,2,3|4,5,6 ! 2",
        "0,1,2|1,2,3|2,3,4 ! 3",
        "1|2|3 ! 3",
        "01067,A1,3|02345,B2,4 ! 2",
      })
  void headersAreToldFromRows(String lines, int rows) throws IOException {
    Table table = table(lines.replace("|", "\n") + "\n");
    assertEquals(rows, table.rows(), table::toString);
  }

  @Test
  void decimalCommasInTheFirstLineAreNoNames() throws IOException {
    assertEquals(2, table("1,5;rot\n2,5;blau\n").rows());
  }

  @Test
  void aHeaderWithNumbersIsSaidAndMayBeForced() throws IOException {
    String text = "0,1,label\n5.1,3.5,1\n4.9,3.0,0\n";
    Table table = table(text);
    assertEquals(List.of("0", "1", "label"), table.columnNames());
    assertTrue(
        table.remarks().get(0).contains("line 1: taken for the names of the columns"),
        table.remarks().get(0));
    assertEquals(Table.Header.PRESENT, table.format().header());
    Table data = table(text, TableFormat.DETECT.withHeader(Table.Header.ABSENT));
    assertEquals(3, data.rows());
    assertEquals(List.of(), data.remarks());
  }

  @Test
  void aFirstLineOfTextsAmongNumbersIsPerhapsAHeader() throws IOException {
    StringBuilder text = new StringBuilder("5,label\n");
    for (int i = 0; i < 40; i++) {
      text.append(i % 9).append(",1\n");
    }
    Expect.failure(
        () -> table(text.toString()),
        "line 1, column \"2\": \"label\" is not a finite number",
        "help: if that line names the columns, --header; or correct it");
  }

  @Test
  void aMistakeInADroppedColumnDoesNotMatter() throws IOException {
    StringBuilder text = new StringBuilder("a,b\n");
    for (int i = 0; i < 40; i++) {
      text.append(i == 12 ? "oops" : "1").append(",1\n");
    }
    Path path = file(text.toString());
    Expect.failure(() -> Table.read(path), "column \"a\": \"oops\"", "--drop a");
    for (String a : List.of("a", "1", "-2")) {
      assertEquals(40, Table.read(path, Table.Options.DETECT.withDropped(Set.of(a))).rows());
    }
  }

  @Test
  void barsAreADelimiterAndLongCellsAreCut() throws IOException {
    assertEquals(List.of("a", "b"), table("a|b\n1|2\n3|4\n").columnNames());
    StringBuilder text = new StringBuilder("a,b\n");
    for (int i = 0; i < 40; i++) {
      text.append(i == 12 ? "x".repeat(9000) : "1").append(",1\n");
    }
    Expect.failure(() -> table(text.toString()), ": \"" + "x".repeat(40) + "…\" is not a finite");
  }

  @Test
  void commentsAboveTheTableAreLeftOutAndSaid() throws IOException {
    Table table = table("# export 2024\n\n# it's, \"late\na;b;c\n1,5;x;3\n2;y;4\n");
    assertEquals(List.of("a", "b", "c"), table.columnNames());
    assertArrayEquals(new double[] {1.5, 2}, numbers(table, "a"));
    assertEquals(List.of("x", "y"), levels(table, "b"));
    assertEquals(5, table.line(0));
    assertTrue(
        table
            .remarks()
            .get(0)
            .endsWith(
                "t.csv: taken for comments, not for data: \"# export 2024\", \"# it's, \"late\"."),
        table.remarks().get(0));
    assertEquals(2, table("# by numpy\n1 2 3 4\n5 6 7 8\n").rows());
    assertEquals(2, table("# x y\n1 2\n5 6\n").rows());
    TableFormat named = TableFormat.DETECT.withDelimiter(";");
    assertEquals(List.of("a", "b"), table("# made\n#\na;b\n1;2\n", named).columnNames());
    assertEquals(30, table("# one\n".repeat(20) + "1,2\n".repeat(30)).rows());
    Expect.failure(
        () -> table("# export 2024\na,b,c\n1,2\n"), "line 3: it has 2 fields, but line 2 has 3");
  }

  @Test
  void linesThatBeginLikeCommentsMayBeHeadersAndData() throws IOException {
    assertEquals(List.of("#id", "name"), table("#id,name\n1,New York City\n").columnNames());
    assertEquals(List.of("#id", "name"), table("#id;name\n1;a,b\n").columnNames());
    assertEquals(List.of("# id", "y"), table("# made 2024\n# id,y\n1,2\n").columnNames());
    Table colours = table("x,y\n#fff,1\n#000,2\n");
    assertEquals(List.of("#fff", "#000"), levels(colours, "x"));
    assertEquals(List.of(), colours.remarks());
    Expect.failure(() -> table("# a b c\n1 2\n"), "line 2: it has 2 fields, but line 1 has 4");
    assertEquals(List.of("#", "a"), table("# a\n# b\n").columnNames(), "nothing but such lines");
  }

  @Test
  void theDelimiterMayBeNamed() throws IOException {
    for (String name : List.of("tab", "\\t", "\t")) {
      TableFormat format = TableFormat.DETECT.withDelimiter(name);
      assertEquals(List.of("a,b", "c"), table("a,b\tc\n1,2\t3\n", format).columnNames());
    }
    Expect.failure(() -> TableFormat.DETECT.withDelimiter("::"), "one character", "\"::\"");
    Expect.failure(() -> TableFormat.DETECT.withDelimiter("\""), "one character");
  }

  @Test
  void bytesThatAreNoTextAreRefusedWithTheirLine() throws IOException {
    Path path = folder.resolve("latin.csv");
    StringBuilder text = new StringBuilder("x,kind\n");
    text.append("1,Bar\n".repeat(3000)).append("2,B\u00e4r\n3,B\u00f6r\n");
    Files.write(path, text.toString().getBytes(StandardCharsets.ISO_8859_1));
    Expect.failure(
        () -> Table.read(path),
        "latin.csv, line 3002 holds bytes that are no text in UTF-8. help: --encoding latin1");
    TableFormat latin = TableFormat.DETECT.withEncoding("latin1");
    Table table = Table.read(path, Table.Options.DETECT.withFormat(latin));
    assertEquals(List.of("Bar", "B\u00e4r", "B\u00f6r"), levels(table, "kind"));
    Files.write(path, "x y\n1 B\u00e4r\n".getBytes(StandardCharsets.ISO_8859_1));
    Expect.failure(() -> Table.read(path), "latin.csv, line 2 holds bytes");
    Expect.failure(() -> TableFormat.DETECT.withEncoding("no such"), "is no encoding");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-8"})
  void aByteOrderMarkTellsTheEncoding(String name) throws IOException {
    Path path = folder.resolve("t.csv");
    Files.write(path, "\uFEFF\u00e4,b\n1,2\n".getBytes(Charset.forName(name)));
    assertEquals(List.of("\u00e4", "b"), Table.read(path).columnNames());
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "-0,0",
    "7,7",
    "+7,7",
    "007,7",
    "1.,1",
    ".5,0.5",
    "-1.25e2,-125",
    "123456789012345678,123456789012345678",
    "0.1,0.1",
    "9007199254740993,9007199254740993",
    "3.141592653589793,3.141592653589793",
    "1e-320,1e-320"
  })
  void numbersAreReadToTheLastBit(String text, String expected) {
    assertEquals(Double.parseDouble(expected) + 0.0, Cells.number(text) + 0.0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ".", "-", "+", "e5", "1e", "1e999", "1f", "0x1", "1 2", "1.2.3", "--1", "NaN", "1-2"
      })
  void whatIsNoNumberIsNone(String text) {
    assertTrue(Double.isNaN(Cells.number(text)));
  }
}
