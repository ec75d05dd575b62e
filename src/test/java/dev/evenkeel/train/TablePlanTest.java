package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableFormat;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.Json;
import dev.evenkeel.io.Pipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a file to a model and to later files: what is remembered, and what is said. */
class TablePlanTest {

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private DataPlan plan(String header, IntFunction<String> row) throws IOException {
    String rows = IntStream.range(0, 60).mapToObj(row).collect(Collectors.joining("\n"));
    return DataPlan.of(file("t.csv", header + "\n" + rows + "\n").toString());
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private void assertSays(String... parts) {
    assertTrue(
        notes.stream().anyMatch(note -> List.of(parts).stream().allMatch(note::contains)),
        notes::toString);
  }

  @Test
  void decimalCommasMakeARegression() throws IOException {
    Parts parts = plan("a;b;y", i -> i + ",5;" + i % 7 + ",25;" + i * 3 + ",75").load(notes::add);
    assertEquals(2, parts.train().columns());
    assertEquals(1, parts.train().task().outputs());
    assertSays("decimal commas in columns \"a\", \"b\", \"y\"");
    assertSays("Column \"y\" is predicted by regression");
  }

  /** Before the first fold is trained, not amid the others. */
  @Test
  void aClassThatAFoldCouldNotLearnIsNamedAtOnce() throws IOException {
    DataPlan plan = plan("x,y", i -> i + "," + (i == 17 ? "rare" : "ab".charAt(i % 2)));
    Expect.failure(() -> plan.folds(3, notes::add), "no row of class \"rare\" trains");
    assertTrue(plan.load(notes::add).train().rows() > 0, "one split may train it");
  }

  /** As lines that end in a delimiter make one. */
  @Test
  void columnsWithoutAnyValueAreLeftOut() throws IOException {
    DataPlan plan = plan("x,,y,z,t", i -> i * 7 % 11 + ",,NA," + i * 5 % 13 + "," + i + ".5");
    assertEquals(2, plan.load(notes::add).train().columns());
    assertSays("t.csv: columns \"2\", \"y\" have no value, and are left out.");
  }

  @Test
  void theTargetIsTheLastColumnBeforeThoseThatLinesEndWith() throws IOException {
    DataPlan plan = plan("x,y,,", i -> i * 7 % 11 + "," + i + ".5,,");
    assertEquals(List.of("y"), plan.load(notes::add).preparation().target().names());
    assertSays("t.csv: columns \"3\", \"4\" have no value, and are left out.");
    DataPlan named = plan("x,y,cost", i -> i * 7 % 11 + "," + i + ".5,");
    Expect.failure(() -> named.load(notes::add), "t.csv: no row has \"cost\", so there is nothing");
  }

  @Test
  void textsUnknownToTheModelAreSaidOfLaterFilesAlone() throws IOException {
    DataPlan plan = plan("x,shop,y", i -> i + "," + (i % 3 == 0 ? "r" + i : "a") + "," + i + ".5");
    Preparation preparation = plan.load(notes::add).preparation();
    assertTrue(notes.stream().noneMatch(note -> note.contains("unknown")), notes::toString);
    plan.load(file("later.csv", "x,shop\n1,b\n").toString(), false, preparation, notes::add);
    assertSays("later.csv: column \"shop\" has 1 text unknown to the model");
  }

  /** Which of all rows train is no chance then, and so neither is what they lack. */
  @Test
  void textsOfRowsKeptApartOnPurposeAreSaid() throws IOException {
    DataPlan plan = plan("x,shop,y", i -> i + "," + (i < 50 ? "a" : "new") + "," + i + ".5");
    plan.withOrder(Split.Order.ORDERED).load(notes::add);
    assertSays("column \"shop\" has 1 text unknown to the model, in", "taken as missing: \"new\"");
  }

  @Test
  void aTargetThatNamesTheRowsIsRefused() throws IOException {
    DataPlan plan = plan("x,id", i -> i * 7 % 11 + ",H" + i);
    Expect.failure(
        () -> plan.load(notes::add),
        "t.csv: column \"id\" holds 60 different texts in 60 rows, such as \"H0\", so it names the rows and no classes. help: --target names another column");
  }

  @Test
  void aMistakeInALaterFileIsNotToBeDropped() throws IOException {
    DataPlan plan = plan("x,z,y", i -> i + "," + i % 3 + "," + i + ".5");
    Preparation preparation = plan.load(notes::add).preparation();
    Path later = file("later.csv", "x,z\n" + "1,2\n".repeat(40) + "1,abc\n");
    String said =
        assertThrows(
                EvenkeelException.class,
                () -> plan.load(later.toString(), false, preparation, notes::add))
            .getMessage();
    assertTrue(said.endsWith("leave it empty if it is missing or name it with --missing"), said);
  }

  @Test
  void postcodesStayTexts() throws IOException {
    List<String> zips = List.of("01067", "02345", "9000", "A1");
    DataPlan plan = plan("zip,x,y", i -> zips.get(i % 4) + "," + i + "," + i % 4 * 2.5);
    Preparation preparation = plan.load(notes::add).preparation();
    assertEquals(
        new Feature.Categorical("zip", List.of("9000", "01067", "02345", "A1")),
        sorted(preparation));
    assertTrue(notes.stream().noneMatch(note -> note.contains("look like")), notes::toString);
    Path later = file("later.csv", "zip,x\n01067,1\n9000,1\n02345,1\n" + "01067,1\n".repeat(40));
    notes.clear();
    float[] read = plan.load(later.toString(), false, preparation, notes::add).features();
    assertEquals(List.of(), notes);
    float[] plain = preparation.apply(Table.read(later), false, notes::add).features();
    assertEquals(List.of(), notes);
    assertArrayEquals(read, plain);
    int place = ((Feature.Categorical) preparation.features().get(0)).levels().indexOf("01067");
    assertTrue(read[place] > 0, "01067 is there");
    Path digits = file("later.csv", "zip,x\n" + "01067,1\n".repeat(40) + "A1,2\n");
    plan.load(digits.toString(), false, preparation, notes::add);
    assertEquals(List.of(), notes);
  }

  /** The order of levels is not what is at stake. */
  private static Feature sorted(Preparation preparation) {
    Feature.Categorical feature = (Feature.Categorical) preparation.features().get(0);
    List<String> levels = new ArrayList<>(feature.levels());
    levels.sort(
        (a, b) ->
            List.of("9000", "01067", "02345", "A1").indexOf(a)
                - List.of("9000", "01067", "02345", "A1").indexOf(b));
    return new Feature.Categorical(feature.name(), levels);
  }

  @Test
  void classNamesStayAsWritten() throws IOException {
    DataPlan plan = plan("x,y", i -> i + ",0" + i % 3);
    Parts parts = plan.load(notes::add);
    assertEquals(new Target.Labels("y", List.of("00", "01", "02")), parts.preparation().target());
    assertTrue(notes.stream().noneMatch(note -> note.contains("look like")), notes::toString);
    Path later = file("later.csv", "x,y\n1,01\n2,02\n");
    Dataset data = plan.load(later.toString(), true, parts.preparation(), notes::add);
    assertArrayEquals(new int[] {1, 2}, data.labels());
    assertArrayEquals(
        new int[] {1, 2}, parts.preparation().apply(Table.read(later), true, notes::add).labels());
  }

  @Test
  void aFileThatChangesBetweenTwoLooksIsNamed() throws IOException {
    Preparation preparation = plan("x,y", i -> i + ",0" + i % 3).load(notes::add).preparation();
    Table read = Table.read(file("later.csv", "x,y\n1,01\n2,02\n"));
    file("later.csv", "x,y\n1,01\n");
    Expect.failure(
        () -> preparation.apply(read, true, notes::add),
        "later.csv changed while it was used: it had 2 rows, and now it has 1. help: start again");
  }

  @Test
  void aPipeIsReadOnce() throws Exception {
    Preparation preparation = plan("x,y", i -> i + ",0" + i % 3).load(notes::add).preparation();
    Path pipe = Pipes.make(folder.resolve("pipe"));
    Thread writer =
        new Thread(
            () -> {
              try {
                Files.writeString(pipe, "x,y\n1,01\n");
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    writer.start();
    Table read = Table.read(pipe);
    writer.join();
    Expect.failure(
        () -> preparation.apply(read, true, notes::add),
        "pipe can be read only once",
        "help: read it with Preparation.options()");
  }

  @Test
  void aClassWrittenInTwoWaysIsOne() throws IOException {
    Parts parts = plan("x,y", i -> i + "," + (i % 4 < 2 ? i % 2 : i % 2 + ".0")).load(notes::add);
    assertEquals(new Target.Labels("y", List.of("0", "1")), parts.preparation().target());
    Path later = file("later.csv", "x,y\n1,1.0\n2,0\n");
    assertArrayEquals(
        new int[] {1, 0}, parts.preparation().apply(Table.read(later), true, notes::add).labels());
  }

  @Test
  void aFileIsReadAsTheOneThatTrained() throws IOException {
    DataPlan plan =
        plan("0;1;label", i -> i + ".5;" + (i % 9 == 0 ? "-999" : i + ".25") + ";" + i % 2);
    plan = plan.withFormat(TableFormat.DETECT.withMissing(List.of("-999")));
    Preparation preparation = plan.load(notes::add).preparation();
    assertSays("line 1: taken for the names of the columns");
    Path later = file("later.csv", "0;1;label\n7;-999;1\n");
    Preparation back = Json.read(Json.write(preparation), Preparation.class, "json");
    Dataset data = plan.load(later.toString(), true, back, notes::add);
    assertEquals(1, data.rows());
    assertEquals(
        back.standardize().mean()[1],
        -back.standardize().deviation()[1] * data.features()[1],
        1e-6);
  }

  @Test
  void numbersThatBecameCategoriesAreSaid() throws IOException {
    DataPlan income = plan("income,y", i -> (i % 8 == 0 ? "unknown" : i * 10) + "," + i * 0.5);
    Expect.failure(
        () -> income.load(notes::add), "no column to learn from", "dropped were: income");
    assertSays(
        "column \"income\" was left out, though 52 of its 60 texts look like numbers, such as \"10\", and others do not, such as \"unknown\"",
        "help: --missing WORDS",
        "--categorical income makes a category of each text");
    notes.clear();
    plan("share,y", i -> (i == 5 ? "0.05" : i % 9 + "%") + "," + i * 0.5).load(notes::add);
    assertSays(
        "column \"share\"",
        "look like percents, such as \"0%\", and others do not, such as \"0.05\"",
        "--drop share");
    notes.clear();
    plan("pay,y", i -> "\"" + (i == 5 ? "€" : "$") + i % 9 + ",500\"," + i * 0.5).load(notes::add);
    assertSays("column \"pay\"", "look like money, such as \"$0,500\"");
    notes.clear();
    plan("day,y", i -> (i % 8 == 0 ? "soon" : "2024-01-0" + i % 8) + "," + i * 0.5)
        .load(notes::add);
    assertSays("column \"day\"", "look like dates", "such as \"soon\"");
    notes.clear();
    plan("x,y", i -> i + "," + (i % 8 == 0 ? "n.v." : i / 2)).load(notes::add);
    assertSays("column \"y\" became ", "look like numbers", "--target names another column");
    notes.clear();
    plan("x%,y", i -> (i % 8 == 0 ? "n.v." : i % 20) + "," + i * 0.5).load(notes::add);
    assertSays("column \"x%\" became 2", "--drop x% leaves it out; --categorical x% means it so");
  }

  @Test
  void namesOfRowsAreLeftOutUnlessTheyAreWanted() throws IOException {
    Parts left =
        plan("who,town,y", i -> "anna" + i + ",t" + i % 3 + "," + i * 0.5).load(notes::add);
    assertSays(
        "column \"who\" was left out: 60 different texts in 60 rows, such as \"anna0\"",
        "look like names of the rows",
        "help: --categorical who makes a category of each text");
    assertEquals(3, left.train().columns(), "the towns");
    assertTrue(notes.stream().noneMatch(note -> note.contains("ignored")), notes::toString);
    assertTrue(notes.stream().noneMatch(note -> note.contains("\"town\"")), notes::toString);
    notes.clear();
    DataPlan plan = plan("who,town,y", i -> "anna" + i + ",t" + i % 3 + "," + i * 0.5);
    DataPlan chosen = plan.withColumns(List.of(), List.of("who")).withOneHot(60);
    int training = chosen.load(notes::add).train().rows();
    assertEquals(training + 3, chosen.load(note -> {}).train().columns());
    assertTrue(notes.stream().noneMatch(note -> note.contains("look like names")), notes::toString);
  }

  @Test
  void aColumnThatCountsTheRowsIsNamed() throws IOException {
    plan("id,x,y", i -> i + 7 + "," + i * i % 13 + "," + i * 0.5).load(notes::add);
    assertTrue(
        notes.stream()
            .anyMatch(
                note ->
                    note.contains("column \"id\" counts the rows, from 7 to ")
                        && note.endsWith(
                            "and became a feature. help: --drop id, unless the order of rows means something")),
        notes::toString);
    assertEquals(1, notes.stream().filter(note -> note.contains("counts the rows")).count());
    notes.clear();
    plan("id,x,y", i -> i + (i == 3 ? 1 : 0) + "," + i % 5 + "," + i * 0.5).load(notes::add);
    plan("id,x,y", i -> i + 0.5 + "," + i % 5 + "," + i * 0.5).load(notes::add);
    assertTrue(notes.stream().noneMatch(note -> note.contains("counts the rows")), notes::toString);
  }

  /** As a key of a database does, some of whose rows are gone. */
  @Test
  void aColumnThatRisesFromRowToRowIsNamed() throws IOException {
    plan("id,x,y", i -> i * 2 + i % 2 + "," + i * i % 13 + "," + i * 0.5).load(notes::add);
    List<String> rising =
        notes.stream().filter(note -> note.contains("that rise from row to row")).toList();
    assertEquals(1, rising.size(), notes::toString);
    assertTrue(
        rising
            .get(0)
            .contains("column \"id\" holds whole numbers that rise from row to row, from 0"),
        notes::toString);
    notes.clear();
    plan("id,x,y", i -> i * 2 + i % 3 * 5 + "," + i % 5 + "," + i * 0.5).load(notes::add);
    assertTrue(notes.stream().noneMatch(note -> note.contains("rise")), notes::toString);
  }

  /** A text in two rows each can be learned from; so can dates, which are hardly ever twice. */
  @Test
  void columnsOfPairsOfRowsAndOfDatesStay() throws IOException {
    Parts parts =
        plan(
                "pair,day,y",
                i -> "p" + i / 2 + ",2024-0%d-%02d,".formatted(1 + i / 28, 1 + i % 28) + i * 0.5)
            .withOneHot(60)
            .load(notes::add);
    assertTrue(notes.stream().noneMatch(note -> note.contains("left out")), notes::toString);
    assertTrue(parts.train().columns() > 20, "pairs");
  }

  @Test
  void whereOnlyNamesOfRowsAreLeftThereIsNothingToLearnFrom() throws IOException {
    Expect.failure(
        () -> plan("who,y", i -> "anna" + i + "," + i * 0.5).load(notes::add),
        "has no column to learn from beside the target \"y\"",
        "dropped were: who");
  }

  @Test
  void oneColumnIsNoTable() throws IOException {
    DataPlan plan = plan("a!b!y", i -> i + "!" + i + "!" + i * 0.5);
    Expect.failure(
        () -> plan.load(notes::add),
        "t.csv has one column, a!b!y, so there is nothing to learn from",
        "commas, semicolons, tabs, bars and spaces. help: --delimiter CHAR");
    assertEquals(
        2, plan.withFormat(TableFormat.DETECT.withDelimiter("!")).load(n -> {}).train().columns());
  }

  @Test
  void aConstantTargetIsRefused() throws IOException {
    DataPlan plan = plan("x,y", i -> i + ",2.5");
    Expect.failure(
        () -> plan.load(notes::add),
        "the target \"y\" is 2.5 in every row to train on, so there is nothing to learn");
  }
}
