package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.CsvText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of columns that their owner may not have meant so. */
class TableRemarksTest {

  @TempDir Path folder;

  /** Of 60 rows, whose last column is the target. */
  private List<String> said(String header, IntFunction<String> row, String... categorical)
      throws IOException {
    Path file = folder.resolve("t.csv");
    Files.writeString(file, CsvText.of(header, 60, row));
    Set<String> chosen = Set.of(categorical);
    Table table = Table.read(file, Table.Options.DETECT.withCategorical(chosen));
    TargetChoice choice = TargetChoice.of(table, List.of("-1"), Optional.empty());
    Table spelled = choice.spelled(table);
    int[] all = IntStream.range(0, 60).toArray();
    Preparation preparation = Preparation.fit(spelled, choice, List.of(), all, Scaling.STANDARD);
    return TableRemarks.of(spelled, preparation, chosen, all).stream()
        .map(note -> note.substring(note.indexOf("t.csv") + 7))
        .toList();
  }

  /** At random as far as a column can see. */
  private static double value(int row) {
    return row * 7919 % 61 / 4.0;
  }

  @Test
  void codesThatBecameNumbersAreNamed() throws IOException {
    IntFunction<String> row =
        i -> "%05d,%02d,%s".formatted(1067 + 331 * (i % 40), i % 12 + 1, value(i));
    assertEquals(
        List.of(
            "columns \"zip\", \"month\" became numbers, though zeros in front make all equally long, such as \"01067\", as codes are. help: --categorical zip,month makes a category of each text; if each row has its own, --drop is better"),
        said("zip,month,y", row));
    assertEquals(
        List.of(
            "of each text of \"zip\" (40 texts, which tell nothing of it by themselves) the network gets the mean target of its rows, drawn to that of all where they are few. help: --drop zip leaves it out; --one-hot N makes an input of each text, where a column has at most N"),
        said("zip,month,y", row, "zip", "month"));
  }

  @Test
  void numbersThatAreNoCodesAreNot() throws IOException {
    IntFunction<String> row =
        i ->
            "%d,0.%d,%d,2024010%d,%s,%d,%s"
                .formatted(
                    i % 2,
                    i * 13 % 9,
                    i * 7 % 30,
                    i * 5 % 9 + 1,
                    i % 9 == 4 ? "12" : "0%d5".formatted(i % 7),
                    10 + i * 3 % 50,
                    value(i));
    assertEquals(List.of(), said("flag,share,count,day,mixed,two,y", row));
    assertEquals(List.of(), said("x,y", i -> value(i) + ",0" + i % 3), "classes are as written");
  }

  @Test
  void textsThatDifferInCaseOrPunctuationAreNamed() throws IOException {
    assertEquals(
        List.of(
            "taken for different, though only case or punctuation tells them apart: \"Yes\", \"yes\", \"yes.\" in column \"paid\"; \"AKTIV\", \"aktiv\" in column \"state\". help: write those alike in the file that mean the same; --categorical COLUMN says that they don't"),
        said(
            "paid,x,state",
            i ->
                List.of("yes", "no", "Yes", "yes.").get(i % 4)
                    + ","
                    + value(i)
                    + ","
                    + List.of("aktiv", "AKTIV", "weg").get(i * 7919 % 31 % 3)));
  }

  @Test
  void textsThatDifferInSignsAreNot() throws IOException {
    List<String> texts =
        List.of("A", "A-", "A+", "C", "C++", "C#", "50K", ">50K", "<50K", ".5", "5", "-", "#");
    assertEquals(
        List.of(), said("x,grade,y", i -> value(i) + "," + texts.get(i % 13) + "," + value(i + 7)));
  }

  @Test
  void rareClassesAreNamed() throws IOException {
    assertEquals(
        List.of(
            "2 classes of column \"y\" with fewer than 5 rows, too few to learn and to measure: \"2\" (1), \"3\" (4). help: leave their rows out, or make one class of several"),
        said("x,y", i -> value(i) + "," + (i == 9 ? 2 : i % 15 == 3 ? 3 : i * 7919 % 31 % 2)));
  }

  @Test
  void columnsOfOneValueAreNamed() throws IOException {
    assertEquals(
        List.of(
            "columns \"a\", \"b\" have one value in all rows to train on, so nothing is learned from them. help: --drop a,b"),
        said(
            "a,b,c,d,x,y",
            i ->
                "2.5,here,%s,%s,%s,%s"
                    .formatted(
                        i % 4 == 0 ? "" : "2.5", i % 4 == 0 ? "" : "x", value(i), value(i + 7))));
  }
}
