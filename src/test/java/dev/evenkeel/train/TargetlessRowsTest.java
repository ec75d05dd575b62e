package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table with rows that have no target is the table without these rows. */
class TargetlessRowsTest {

  private static final int ROWS = 80;

  /** Ways to say that there is none. */
  private static final List<String> NOTHING = List.of("", "?", "NA", "null");

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  /** The file without the rows that lack a target. */
  private Path cut;

  /** The file with them. */
  private Path whole;

  @BeforeEach
  void name() throws IOException {
    whole = Files.createDirectory(folder.resolve("whole")).resolve("t.csv");
    cut = Files.createDirectory(folder.resolve("cut")).resolve("t.csv");
  }

  private static boolean isLeftOut(int row) {
    return row % 7 == 3;
  }

  /** Both files, of rows whose target is what the function is given where it is there. */
  private void write(
      String header, IntFunction<Function<String, String>> rows, IntFunction<String> target)
      throws IOException {
    IntFunction<String> line =
        i -> rows.apply(i).apply(isLeftOut(i) ? NOTHING.get(i % 4) : target.apply(i));
    Files.writeString(whole, text(header, IntStream.range(0, ROWS), line));
    IntStream kept = IntStream.range(0, ROWS).filter(i -> !isLeftOut(i));
    Files.writeString(cut, text(header, kept, line));
  }

  private static String text(String header, IntStream rows, IntFunction<String> line) {
    return header + "\n" + rows.mapToObj(line).collect(Collectors.joining("\n")) + "\n";
  }

  private void assertAlike(UnaryOperator<DataPlan> changed) {
    Parts expected = changed.apply(DataPlan.of(cut.toString())).load(note -> {});
    notes.clear();
    Parts parts = changed.apply(DataPlan.of(whole.toString())).load(notes::add);
    assertAlike(expected, parts);
    assertEquals(1, notes.stream().filter(note -> note.contains("is left out")).count());
  }

  private static void assertAlike(Parts expected, Parts parts) {
    assertEquals(expected.preparation(), parts.preparation());
    assertAlike(expected.train(), parts.train());
    assertAlike(expected.valid().orElseThrow(), parts.valid().orElseThrow());
    assertAlike(expected.test().orElseThrow(), parts.test().orElseThrow());
  }

  private static void assertAlike(Dataset expected, Dataset data) {
    assertArrayEquals(expected.features(), data.features());
    assertArrayEquals(expected.targets(), data.targets());
    assertEquals(expected.isWeighted(), data.isWeighted());
  }

  @Test
  void numbers() throws IOException {
    write("a,y,kind", i -> y -> i * 3 % 17 + "," + y + "," + "uvw".charAt(i % 3), i -> i + ".5");
    assertAlike(plan -> plan.withTarget("y"));
    assertTrue(
        notes
            .get(0)
            .endsWith(
                "t.csv, line 5: the target \"y\" is missing, so the row is left out; so are 10 others of 80."),
        notes::toString);
  }

  /** The file is read a second time for classes as they are written, and for groups. */
  @Test
  void classesGroupsAndWeights() throws IOException {
    write(
        "a,g,w,y",
        i -> y -> i * 3 % 17 + ",0" + i / 4 + "," + (1 + i % 3) + "," + y,
        i -> "0" + i % 2);
    UnaryOperator<DataPlan> plan = one -> one.withGroup("g").withWeights("w");
    assertAlike(plan);
    assertAlike(one -> one);
    List<Parts> expected = folds(plan.apply(DataPlan.of(cut.toString())));
    List<Parts> folds = folds(plan.apply(DataPlan.of(whole.toString())));
    for (int i = 0; i < 3; i++) {
      assertAlike(expected.get(i), folds.get(i));
    }
  }

  private static List<Parts> folds(DataPlan plan) {
    return plan.folds(3, note -> {}).stream().map(fold -> fold.get()).toList();
  }

  @Test
  void several() throws IOException {
    write("a,y,z", i -> y -> i * 3 % 17 + "," + i % 5 + "," + y, i -> i + ".5");
    assertAlike(plan -> plan.withTarget("y", "z"));
    assertTrue(notes.get(0).contains("the target \"z\" is missing"), notes::toString);
  }

  @Test
  void rowsInMemory() throws IOException {
    write("a,y", i -> y -> i * 3 % 17 + "," + y, i -> i + ".5");
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      Map<String, Object> row = new HashMap<>();
      row.put("a", i * 3 % 17);
      row.put("y", isLeftOut(i) ? null : i + 0.5);
      rows.add(row);
    }
    DataPlan plan = DataPlan.of("homes").withTarget("y");
    Parts expected = DataPlan.of(cut.toString()).load(note -> {});
    assertAlike(expected.train(), plan.load(rows, notes::add).train());
    assertEquals(
        "homes, row 4: the target \"y\" is missing, so the row is left out; so are 10 others of 80.",
        notes.get(0));
  }

  /** Also of texts, which are read twice. */
  @Test
  void laterFilesAndTheirOwnToValidateOn() throws IOException {
    write("a,y,kind", i -> y -> i * 3 % 17 + "," + y + "," + "uvw".charAt(i % 3), i -> i + ".5");
    Path other = Files.copy(whole, folder.resolve("other.csv"));
    DataPlan plan = DataPlan.of(cut.toString()).withTarget("y");
    Preparation preparation = plan.load(notes::add).preparation();
    Dataset expected = plan.load(cut.toString(), true, preparation, note -> {});
    notes.clear();
    assertAlike(expected, plan.load(other.toString(), true, preparation, notes::add));
    assertEquals(1, notes.size(), notes::toString);
    assertEquals(
        ROWS, plan.load(other.toString(), false, preparation, notes::add).rows(), "to answer");
    Parts parts =
        plan.withParts(Portion.ofFile(other.toString()), Portion.ofShare(0)).load(notes::add);
    assertEquals(expected.rows(), parts.valid().orElseThrow().rows());
    Parts again = plan.withData(whole.toString()).load(preparation, notes::add);
    assertAlike(plan.load(note -> {}).train(), again.train());
  }

  /** Else a mistake in a row that doesn't count would make texts of numbers, or of dates. */
  @Test
  void whatStandsInRowsThatAreLeftOutDecidesNothing() throws IOException {
    write(
        "x,when,z,k",
        i ->
            k ->
                (isLeftOut(i) ? "abc" : i * 3 % 17)
                    + (isLeftOut(i) ? ",soon" : ",2024-01-" + (10 + i % 20))
                    + ("," + i % 5)
                    + ("," + k),
        i -> "0" + i % 2);
    assertAlike(plan -> plan);
    Preparation preparation = DataPlan.of(whole.toString()).load(note -> {}).preparation();
    assertEquals(3, preparation.features().size());
    assertTrue(preparation.width() < 12, "numbers and dates are no categories");
    DataPlan plan = DataPlan.of(whole.toString());
    assertAlike(plan.load(note -> {}).train(), plan.load(preparation, note -> {}).train());
    Dataset expected = plan.load(cut.toString(), true, preparation, note -> {});
    assertAlike(expected, plan.load(whole.toString(), true, preparation, note -> {}));
  }

  @Test
  void aWordThatMayBeAClassIsNamed() throws IOException {
    write("a,k", i -> k -> i + "," + k, i -> i % 2 == 0 ? "EU" : "AS");
    DataPlan.of(whole.toString()).load(notes::add);
    assertTrue(
        notes
            .get(0)
            .endsWith(
                "Missing is what says \"?\", \"NA\", \"null\". help: where that is a class, write it otherwise"),
        notes::toString);
  }

  @Test
  void ifNoRowHasOneItIsRefused() throws IOException {
    Files.writeString(whole, "a,y\n" + "1,\n2,NA\n".repeat(10));
    Expect.failure(
        () -> DataPlan.of(whole.toString()).load(notes::add),
        "t.csv: no row has \"y\", so there is nothing to learn from",
        "help: train --target names another column");
    assertEquals(List.of(), notes);
  }
}
