package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.data.Split;
import dev.evenkeel.data.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether somebody is told that rows to measure by also train. */
class RepeatedRowsTest {

  private static final Portion NONE = Portion.ofShare(0);
  private static final Portion TENTH = Portion.ofShare(0.1);

  @TempDir Path folder;

  private String file(String name, int rows, IntFunction<String> row) throws IOException {
    List<String> lines = new ArrayList<>(List.of("x,town,y"));
    for (int i = 0; i < rows; i++) {
      lines.add(row.apply(i));
    }
    return Files.write(folder.resolve(name), lines).toString();
  }

  private static String row(int i) {
    return i * 1.5 + ",town" + i % 3 + "," + (i * 37 % 101) / 4.0;
  }

  private static List<String> said(DataPlan plan) {
    List<String> notes = new ArrayList<>();
    plan.load(notes::add);
    return notes.stream().filter(note -> note.contains("same as a row to train on")).toList();
  }

  private DataPlan ordered(IntFunction<String> row) throws IOException {
    return DataPlan.of(file("t.csv", 100, row)).withOrder(Split.Order.ORDERED);
  }

  @Test
  void rowsOfAFileThatSaysAllTwice() throws IOException {
    List<String> said = said(ordered(i -> row(i % 50)));
    assertEquals(1, said.size());
    assertTrue(
        said.get(0).contains("t.csv: 20 of the 20 test rows are to the model the same"),
        said.get(0));
    List<String> valid = said(ordered(i -> row(i % 50)).withParts(TENTH, NONE));
    assertTrue(valid.get(0).contains("10 of the 10 validation rows"), valid.get(0));
    assertEquals(List.of(), said(ordered(i -> row(i % 50)).withParts(NONE, NONE)));
  }

  /** Texts that are told by their rows' targets are compared as they are written. */
  @Test
  void rowsOfManyTexts() throws IOException {
    IntFunction<String> row = i -> i % 50 + ",town" + i % 50 % 40 + "," + i % 2;
    List<String> said = said(ordered(row).withTask(Task.Kind.CLASSIFICATION));
    assertTrue(
        said.size() == 1
            && said.get(0).contains("20 of the 20 test rows are to the model the same"),
        said::toString);
    Random random = new Random(1);
    IntFunction<String> noise =
        i -> i % 3 + ",town" + (i < 80 ? i / 2 : i - 80) + "," + random.nextInt(40);
    assertEquals(List.of(), said(ordered(noise).withTask(Task.Kind.REGRESSION)));
  }

  /** Of the last 20 rows two repeat the first of all, then three. */
  @Test
  void aFewAreNotWorthAWord() throws IOException {
    assertEquals(List.of(), said(ordered(i -> row(i < 98 ? i : 0))));
    List<String> said = said(ordered(i -> row(i < 97 ? i : 0)));
    assertTrue(said.get(0).contains("3 of the 20 test rows"), said.get(0));
  }

  @Test
  void anotherTargetMakesAnotherRow() throws IOException {
    assertEquals(List.of(), said(ordered(i -> i % 50 + ",a," + i)));
  }

  @Test
  void aTestFileThatIsACopy() throws IOException {
    DataPlan plan = DataPlan.of(file("t.csv", 100, RepeatedRowsTest::row));
    String copy = file("copy.csv", 100, RepeatedRowsTest::row);
    List<String> said = said(plan.withParts(NONE, Portion.ofFile(copy)));
    assertTrue(said.get(0).contains("copy.csv: 100 of the 100 test rows"), said.get(0));
    String other = file("other.csv", 100, i -> row(i + 200));
    assertEquals(List.of(), said(plan.withParts(NONE, Portion.ofFile(other))));
  }
}
