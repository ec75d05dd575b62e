package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TellingColumnsTest {

  @TempDir Path folder;

  /** What is said of the columns of a file that alone tell its last. */
  private List<String> said(String header, int rows, IntFunction<String> row) throws Exception {
    Path file = folder.resolve("t.csv");
    String text = IntStream.range(0, rows).mapToObj(row).collect(Collectors.joining("\n"));
    Table table = Table.read(Files.writeString(file, header + "\n" + text + "\n"));
    TargetChoice choice = TargetChoice.of(table, List.of("-1"), Optional.empty());
    int[] all = IntStream.range(0, rows).toArray();
    Preparation preparation = Preparation.fit(table, choice, List.of(), all, Scaling.STANDARD);
    return new ArrayList<>(
        TableRemarks.of(table, preparation, Set.of(), all).stream()
            .filter(note -> note.contains("tells the target"))
            .map(note -> note.substring(note.indexOf("t.csv") + 7))
            .toList());
  }

  /** Of three classes, at random as far as a column can see. */
  private static int classOf(int row) {
    return row * 7919 % 31 % 3;
  }

  private static String of(int row, String... classes) {
    return classes[classOf(row)];
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 3000})
  void classes(int rows) throws Exception {
    List<String> said =
        said(
            "noise,id,texts,range,some,kind",
            rows,
            i ->
                i % 11
                    + ("," + of(i, "2", "0", "1"))
                    + ("," + of(i, i % 2 == 0 ? "u" : "U", "v", "")) // missing is a text as well
                    + ("," + (classOf(i) * 100 + i % 37))
                    + ("," + of(i, "a", "b", i % 5 == 0 ? "b" : "c"))
                    + ("," + of(i, "x", "y", "z")));
    assertEquals(
        List.of(
            "each of columns \"id\", \"texts\", \"range\" alone tells the target \"kind\". help: --drop id,texts,range, unless it is known where the model is to answer"),
        said);
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 3000})
  void numbers(int rows) throws Exception {
    IntFunction<Double> y = i -> 1 + i * 7919 % 1009 / 8.0;
    List<String> said =
        said(
            "noise,log,falls,rounded,near,town,y",
            rows,
            i ->
                i * 31 % 101
                    + ("," + Math.log(y.apply(i)))
                    + ("," + -Math.sqrt(y.apply(i)))
                    + ("," + Math.rint(y.apply(i) * 3) / 3)
                    + ("," + (y.apply(i) + i % 23))
                    + ("," + "uvw".charAt(i % 3))
                    + ("," + y.apply(i)));
    assertEquals(1, said.size());
    assertEquals(
        "each of columns \"log\", \"falls\", \"rounded\" alone tells the target \"y\"",
        said.get(0).split("\\. help")[0]);
  }

  @Test
  void oneRowThatDisagreesIsEnough() throws Exception {
    IntFunction<String> row = i -> i % 2 + "," + (i % 2 == 0 ? "a" : "b");
    assertEquals(
        "column \"x\" alone tells the target \"y\"",
        said("x,y", 1500, row).get(0).split("\\. help")[0]);
    assertEquals(List.of(), said("x,y", 1500, i -> i == 1401 ? "0,b" : row.apply(i)));
    assertEquals(List.of(), said("x,y", 18, row), "few rows may agree by chance");
  }

  /** However its rows are sorted, and however few are of the other class. */
  @Test
  void aRareClassIsFound() throws Exception {
    IntFunction<String> sorted =
        i -> i < 9980 ? i * 7919 % 101 + "," + i % 5 + ",0" : 900 + i % 7 + "," + i % 5 + ",1";
    assertEquals(
        "column \"x\" alone tells the target \"y\"",
        said("x,noise,y", 10_000, sorted).get(0).split("\\. help")[0]);
  }

  @Test
  void whatMayBeChanceIsNotSaid() throws Exception {
    IntFunction<String> oneRow = i -> i % 37 + "," + (i == 36 ? "bad" : "good");
    assertEquals(List.of(), said("x,y", 200, oneRow), "one row at the end of a column");
    IntFunction<String> sum =
        i -> i == 799 ? "120000,60000.5" : i * 31 % 97 + "," + i * 7919 % 89 / 2.0;
    assertEquals(List.of(), said("x,y", 800, sum), "one row far from all others");
    IntFunction<String> counting = i -> i + "," + i * 2.5;
    assertEquals(List.of(), said("x,y", 100, counting), "what counts the rows has its own remark");
  }

  @Test
  void aNameWithACommaIsQuoted() throws Exception {
    IntFunction<String> row = i -> i % 7 + "," + i * 7919 % 1009 + "," + i * 7919 % 1009 / 8.0;
    assertEquals(
        "column \"a, b\" alone tells the target \"y\". help: --drop \"a, b\", unless it is known where the model is to answer",
        said("x,\"a, b\",y", 200, row).get(0));
  }
}
