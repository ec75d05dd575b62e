package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableTest {

  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("t.csv"), text);
  }

  private Table table(String text) throws IOException {
    return Table.read(file(text));
  }

  private static double[] numbers(Table table, String column) {
    return ((Column.Numeric) table.column(column)).values();
  }

  @Test
  void numbersAndTextsAreHeldByColumn() throws IOException {
    Table table = table("x,color,y\n1,red,1e3\n-2.5,blue,+4\n3,red,.5\n");
    assertEquals(3, table.rows());
    assertEquals(List.of("x", "color", "y"), table.columnNames());
    assertArrayEquals(new double[] {1, -2.5, 3}, numbers(table, "x"));
    assertArrayEquals(new double[] {1000, 4, 0.5}, numbers(table, "y"));
    Column.Categorical color = (Column.Categorical) table.column("color");
    assertArrayEquals(new int[] {0, 1, 0}, color.codes());
    assertEquals(List.of("red", "blue"), color.levels());
    assertEquals("blue", color.text(1));
    assertEquals("-2.5", table.column("x").text(1));
    assertEquals("3", table.column("x").text(2));
  }

  /** As many as a cell has genes. */
  @Test
  void aTableMayHaveManyColumns() throws IOException {
    int columns = 20_531;
    StringBuilder text = new StringBuilder("gene0");
    for (int c = 1; c < columns; c++) {
      text.append(",gene").append(c);
    }
    text.append('\n');
    for (int row = 0; row < 3; row++) {
      text.append(row).append((",0." + row).repeat(columns - 1)).append('\n');
    }
    Table table = table(text.toString());
    assertEquals(columns, table.columns().size());
    assertArrayEquals(new double[] {0, 0.1, 0.2}, numbers(table, "gene20530"));
  }

  @ParameterizedTest
  @ValueSource(strings = {",", ";", "\t", " ", "   "})
  void theDelimiterIsDetected(String delimiter) throws IOException {
    Table table = table("a,bc,d\n1,2,3\n4,5,6\n".replace(",", delimiter));
    assertEquals(List.of("a", "bc", "d"), table.columnNames());
    assertArrayEquals(new double[] {3, 6}, numbers(table, "d"));
  }

  @Test
  void commasWithinQuotesAndDecimalsDoNotMisleadTheDelimiter() throws IOException {
    assertEquals(List.of("a,b", "c"), table("\"a,b\";c\n1;2\n").columnNames());
    assertEquals(3, table("a;b;c\n1,5;2,5;x\n").columns().size());
    assertEquals(1, table("value\n1\n2\n").columns().size());
    assertEquals(
        List.of("a;b"),
        Table.read(
                file("a;b\n1\n"),
                Table.Options.DETECT.withFormat(TableFormat.DETECT.withDelimiter(",")))
            .columnNames());
  }

  @Test
  void quotedFieldsMayHoldDelimitersQuotesAndLineBreaks() throws IOException {
    Table table = table("n,t\n1,\"a, \"\"b\"\"\"\n2,\"two\nlines\"\n3,c\n");
    assertEquals(
        List.of("a, \"b\"", "two\nlines", "c"), ((Column.Categorical) table.column("t")).levels());
    assertEquals(3, table.line(1));
    assertEquals(5, table.line(2));
  }

  @Test
  void theHeaderMayBeForced() throws IOException {
    Path texts = file("p,x\ne,s\n");
    assertEquals(1, Table.read(texts).rows());
    Table.Options none = Table.Options.DETECT.withHeader(Table.Header.ABSENT);
    assertEquals(2, Table.read(texts, none).rows());
    Path years = file("name,1999\na,3\n");
    Table.Options present = Table.Options.DETECT.withHeader(Table.Header.PRESENT);
    assertEquals(List.of("name", "1999"), Table.read(years, present).columnNames());
  }

  @Test
  void anUnnamedColumnIsCalledByItsNumber() throws IOException {
    assertEquals(List.of("1", "a"), table(",a\n0,5\n1,6\n").columnNames());
  }

  @Test
  void everyWayToSayMissingIsUnderstood() throws IOException {
    Table table = table("x,t\n1,a\n,\n?,?\nNA,na\nnan,NaN\nNULL,null\n 2 , b \n");
    double nan = Double.NaN;
    assertArrayEquals(new double[] {1, nan, nan, nan, nan, nan, 2}, numbers(table, "x"));
    Column.Categorical t = (Column.Categorical) table.column("t");
    assertArrayEquals(new int[] {0, -1, -1, -1, -1, -1, 1}, t.codes());
    assertEquals(List.of("a", "b"), t.levels());
    assertTrue(table.column("x").missing(1) && t.missing(1));
  }

  @Test
  void compressionAndAByteOrderMarkAreSeenThrough() throws IOException {
    Path path = folder.resolve("no-suffix");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(path))) {
      out.write("\uFEFFä,b\n1,2\n".getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(List.of("ä", "b"), Table.read(path).columnNames());
  }

  @Test
  void aRaggedLineIsNamedWithBothCounts() throws IOException {
    Path path = file("a,b\n1,2\n\n3,4,5\n");
    Expect.failure(() -> Table.read(path), path + ", line 4: it has 3 fields, but line 1 has 2");
    Path spaced = file("1 2\n3 4\n5\n");
    Expect.failure(() -> Table.read(spaced), "line 3: it has 1 field, but line 1 has 2");
  }

  @Test
  void rowNamesWithoutAHeaderAreNamed() throws IOException {
    Path path = folder.resolve("r.txt");
    Files.writeString(path, "\"town\" \"price\"\n\"1\" \"Bern\" 2.5\n\"2\" \"Ulm\" 3.5\n");
    Expect.failure(
        () -> Table.read(path),
        "line 2: it has 3 fields, but line 1 has 2. Every line needs the same number; name the column of row names, too, which R's write.table does not, or quote");
  }

  @Test
  void aTypingErrorAmongNumbersIsNamed() throws IOException {
    StringBuilder text = new StringBuilder("a,b\n");
    for (int i = 0; i < 30; i++) {
      text.append(i).append(i == 12 ? ",inf\n" : ",1\n");
    }
    Path path = file(text.toString());
    Expect.failure(
        () -> Table.read(path),
        "line 14, column \"b\": \"inf\" is not a finite number, but 29 of the column's 30 values",
        "help: correct it, leave it empty", // which is all that helps where it is the target
        "of a column that is not the target, --drop b leaves it out, and --categorical b makes");
    Table table = Table.read(path, Table.Options.DETECT.withCategorical(Set.of("b")));
    assertEquals(List.of("1", "inf"), ((Column.Categorical) table.column("b")).levels());
    Path hex = file(text.toString().replace("inf", "1f"));
    Expect.failure(() -> Table.read(hex), "\"1f\" is not a finite number");
    Path overflow = file(text.toString().replace("inf", "1e999"));
    Expect.failure(() -> Table.read(overflow), "\"1e999\" is not a finite number");
  }

  @Test
  void aColumnWithManyTextsIsOneOfCategories() throws IOException {
    Table table = table("grade\n1\n2\n3\nunknown\n");
    assertEquals(
        List.of("1", "2", "3", "unknown"), ((Column.Categorical) table.column("grade")).levels());
  }

  @Test
  void emptyFilesDuplicateNamesAndBrokenQuotesAreNamed() throws IOException {
    Path empty = file("");
    Expect.failure(() -> Table.read(empty), empty + " is empty");
    Path blank = file("\n\n");
    Expect.failure(() -> Table.read(blank), "is empty");
    Path header = file("a,b\n");
    Expect.failure(() -> Table.read(header), "has a header but no rows", "--no-header");
    Path twice = file("a,b,a\n1,2,3\n");
    Expect.failure(() -> Table.read(twice), "line 1: columns 1 and 3 are both called \"a\"");
    Path quote = file("a,b\n1,\"x\ny\n");
    Expect.failure(
        () -> Table.read(quote), "cannot be read as values separated by \",\"", "quotes");
    Path unknown = file("a\n1\n");
    Expect.failure(
        () -> Table.read(unknown, Table.Options.DETECT.withCategorical(Set.of("z"))),
        "no column \"z\"",
        "are: a");
    Expect.failure(
        () -> Table.read(folder.resolve("none.csv")),
        "There is no file",
        "none.csv. help: check the path");
  }

  @Test
  void columnsAreFoundByNameOrNumber() throws IOException {
    Table table = table("x,z,y\n1,5,3\n");
    assertEquals("z", table.column("z").name());
    assertEquals("z", table.column("2").name());
    assertEquals("y", table.column("-1").name());
    Expect.failure(() -> table.column("4"), "no column \"4\". Its columns are: x, z, y");
    Expect.failure(() -> table.column("0"), "no column \"0\"");
    Expect.failure(() -> table.column("w"), "no column \"w\"");
  }

  @Test
  void thousandsOfRowsKeepTheirOrder() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      text.append(i).append(',').append("k").append(i % 7).append('\n');
    }
    Table table = table(text.toString());
    assertEquals(5000, table.rows());
    for (int i = 0; i < 5000; i++) {
      assertEquals(i, numbers(table, "1")[i]);
      assertEquals("k" + i % 7, table.column("2").text(i));
      assertEquals(i + 1, table.line(i));
    }
  }

  /** As scikit-learn writes them: rows, features, names of the classes. */
  /** Where it might name the columns, but the lines below look alike. */
  @Test
  void aFirstLineThatIsTakenForDataIsTold() throws IOException {
    String rows = "Chile,1,2\nPeru,3,4\nCuba,5,6\n";
    Table table = Table.read(file("country,1999,2000\n" + rows));
    assertEquals(4, table.rows());
    assertEquals(
        List.of(
            table.name()
                + ", line 1: taken for data, not for the names of the columns, which are called by number. If it names them, say --header."),
        table.remarks());
    assertEquals(List.of(), Table.read(file("1,2\n3,4\n5,6\n")).remarks());
    assertEquals(
        List.of(), Table.read(file("a,1,2\nb,3,4\na,5,6\n")).remarks(), "\"a\" is no name");
  }

  @Test
  void aFirstLineThatCountsRowsAndColumnsIsNoData() throws IOException {
    Table table = table("3,2,rose,lily\n1,2,0\n3,4,1\n5,6,1\n");
    assertEquals(List.of("1", "2", "3"), table.columnNames());
    assertArrayEquals(new double[] {1, 3, 5}, numbers(table, "1"));
    assertArrayEquals(new double[] {0, 1, 1}, numbers(table, "3"));
    assertEquals(2, table.line(0));
    String remark = table.remarks().get(0);
    assertTrue(remark.contains("line 1") && remark.contains("3,2,rose,lily"), remark);
    Table texts = table("2,2,rose,lily\n1,a,0\n3,b,1\n");
    assertEquals(List.of("a", "b"), ((Column.Categorical) texts.column("2")).levels());
    Expect.failure(() -> table("3,7,rose,lily\n1,2,0\n"), "line 2", "3 fields", "line 1 has 4");
    Path path = file("3,2,rose,lily\n1,2,0\n");
    Expect.failure(
        () -> Table.read(path, Table.Options.DETECT.withHeader(Table.Header.ABSENT)), "line 2");
    assertTrue(table("3,2,1\n1,2,0\n").remarks().isEmpty());
  }
}
