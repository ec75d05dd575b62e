package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Target;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.NpyFiles;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several columns of a table that are predicted together. */
class SeveralTargetsTest {

  private static final int ROWS = 80;

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();
  private DataPlan plan;

  private String file(String name, String header, IntFunction<String> row) throws IOException {
    String text = IntStream.range(0, ROWS).mapToObj(row).collect(Collectors.joining("\n"));
    return Files.writeString(folder.resolve(name), header + "\n" + text + "\n").toString();
  }

  @BeforeEach
  void data() throws IOException {
    plan = DataPlan.of(file("t.csv", "a,town,x,\"net, gross\",who,b", this::row));
  }

  private String row(int i) {
    return "%s,t%d,%d,%s,c%d,%s".formatted(a(i), i % 3, i * i % 17, gross(i), i % 20, b(i));
  }

  private static float a(int i) {
    return i + 0.25f;
  }

  private static float gross(int i) {
    return 1000 - 3 * i;
  }

  private static float b(int i) {
    return i % 7 - 0.5f;
  }

  private static List<String> names(Parts parts) {
    return ((Target.Quantities) parts.preparation().target()).names();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a;b| a;b",
        "a,b| a;b",
        "b,a| b;a",
        "1,-1| a;b",
        "1;-1| a;b",
        "-1,a,3| b;a;x",
        "net, gross;a| net, gross;a",
        "a,b;net, gross| a;b;net, gross",
        "4,a| net, gross;a",
      })
  void columnsAreNamedOneByOneOrBetweenCommas(String given, String expected) {
    Parts parts = plan.withTarget(given.split(";")).load(notes::add);
    List<String> targets = List.of(expected.split(";"));
    assertEquals(targets, names(parts));
    assertTrue(notes.get(0).endsWith("\" are predicted together, by regression."), notes::toString);
    assertEquals(targets.size(), parts.train().task().outputs());
    assertTrue(
        parts.preparation().features().stream()
            .noneMatch(feature -> targets.contains(feature.column().orElseThrow())),
        "no target is a feature");
  }

  @Test
  void oneTargetIsAsBefore() {
    Parts whole = plan.withTarget("net, gross").load(notes::add);
    assertEquals(List.of("net, gross"), names(whole));
    assertTrue(
        notes.get(0).startsWith("Column \"net, gross\" is predicted by regression, because"));
    notes.clear();
    assertEquals(List.of("b"), names(plan.load(notes::add)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a,b,1| t.csv: column \"a\" is named as a target twice. Name it once.",
        "a,b,b| column \"b\" is named as a target twice",
        "a,town| columns \"a\", \"town\" are predicted together, which is a regression, but \"town\" holds texts, such as \"t0\". Leave it out of --target, or predict it alone; several are flags where each has two values.",
        "a,c| t.csv has no column \"c\". Its columns are: a, town, x, \"net, gross\", who, b.",
        "a,| has no column \"\"",
        "a, b| has no column \" b\"",
        "a,9| has no column \"9\"",
      })
  void whatCannotBeTargetsIsNamed(String targets, String message) {
    Expect.failure(() -> plan.withTarget(targets.split(";")).load(notes::add), message);
  }

  @Test
  void targetsAreNothingElse() throws IOException {
    DataPlan several = plan.withTarget("a", "b");
    Expect.failure(
        () -> with(several, "CLASSIFICATION", List.of(), List.of()).load(notes::add),
        "columns \"a\", \"b\" are predicted together, as numbers or flags, not by the classification of --task. Choose one target, or leave --task out.");
    with(several, "REGRESSION", List.of(), List.of()).load(notes::add);
    Expect.failure(
        () -> with(several, "", List.of("b"), List.of()).load(notes::add),
        "column \"b\" is the target and cannot be dropped. Leave it out of --drop");
    Expect.failure(
        () -> with(several, "", List.of(), List.of("b")).load(notes::add),
        "but \"b\" holds categories, by --categorical. Leave it out of one of the two options.");
    Expect.failure(
        () -> several.withGroup("6").load(notes::add),
        "--group 6 is the target itself",
        "help: another --group, or another --target");
    String file = file("y.csv", "y", i -> "1");
    Expect.failure(
        () -> plan.withTarget("a", file).load(notes::add),
        "y.csv is a file, but the target of a table is one of its own columns");
  }

  private static DataPlan with(
      DataPlan plan, String task, List<String> drop, List<String> categorical) {
    DataPlan same = task.isEmpty() ? plan : plan.withTask(Task.Kind.valueOf(task));
    return same.withColumns(drop, categorical);
  }

  @Test
  void arraysTakeOneFileOfTargets() {
    Path x = folder.resolve("x.npy");
    Path y = folder.resolve("y.npy");
    NpyFiles.write(x, new int[] {20, 2}, new float[40]);
    NpyFiles.write(y, new int[] {20}, new float[20]);
    Expect.failure(
        () -> DataPlan.of(x.toString()).withTarget(y.toString(), "z.npy").load(notes::add),
        "x.npy takes one file of targets, not 2: ",
        "z.npy. help: join them into one of as many columns");
    Expect.failure(
        () -> DataPlan.of("digits").withTarget("3", "4").load(notes::add),
        "digits has a target of its own, a class: --target 3,4 can't change it");
  }

  @Test
  void oneTargetThatNeverChangesIsSaidAndIfNoneDoesItIsRefused() throws IOException {
    file("t.csv", "a,x,b,c", i -> "3.5," + i * 2 % 30 + "," + i + ",7");
    Parts parts = plan.withTarget("b", "a").load(notes::add);
    assertEquals(
        "t.csv: the target \"a\" is 3.5 in every row to train on, so nothing can be learned of it. help: leave it out of --target",
        notes.get(1).substring(notes.get(1).indexOf("t.csv")));
    assertEquals(0, parts.train().targets()[1]);
    Expect.failure(
        () -> plan.withTarget("a", "c").load(notes::add),
        "each of the targets \"a\", \"c\" is the same in every row to train on, so there is nothing to learn. help: other targets");
  }

  /** Row i has a target of i and a quarter, and its group is i modulo 20. */
  private static int[] rows(Dataset part, Preparation preparation) {
    float[] targets = part.targets().clone();
    preparation.restoreTargets(targets);
    int[] rows = new int[part.rows()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Math.round(targets[2 * i] - 0.25f);
      assertEquals(b(rows[i]), targets[2 * i + 1], 1e-5);
    }
    return rows;
  }

  @Test
  void rowsArePartedAsForOneTarget() throws IOException {
    DataPlan several = plan.withTarget("a", "b");
    DataPlan grouped = several.withGroup("who");
    Parts parts = grouped.load(notes::add);
    int[] test = rows(parts.test().orElseThrow(), parts.preparation());
    int[] train = rows(parts.train(), parts.preparation());
    assertTrue(
        IntStream.of(test).noneMatch(i -> IntStream.of(train).anyMatch(k -> k % 20 == i % 20)));
    assertEquals(parts.fingerprints(), grouped.load(parts.preparation(), n -> {}).fingerprints());
    Parts ordered = several.withOrder(Split.Order.ORDERED).load(notes::add);
    assertArrayEquals(
        IntStream.range(64, ROWS).toArray(),
        rows(ordered.test().orElseThrow(), ordered.preparation()));
    List<Supplier<Parts>> folds = several.folds(4, notes::add);
    int[] tested =
        folds.stream()
            .map(Supplier::get)
            .flatMapToInt(fold -> IntStream.of(rows(fold.test().orElseThrow(), fold.preparation())))
            .sorted()
            .toArray();
    assertArrayEquals(IntStream.range(0, ROWS).toArray(), tested);
  }

  @Test
  void laterFilesHaveAllTargetsOrAreAskedForNone() throws IOException {
    String valid =
        file("v.csv", "b,x,town,a,who,\"net, gross\"", i -> b(i) + ",1,t1," + a(i) + ",c1,1");
    DataPlan several =
        plan.withTarget("a", "b").withParts(Portion.ofFile(valid), Portion.ofShare(0.2));
    Parts parts = several.load(notes::add);
    assertArrayEquals(
        IntStream.range(0, ROWS).toArray(), rows(parts.valid().orElseThrow(), parts.preparation()));
    String half = file("v.csv", "a,x,town,who,\"net, gross\"", i -> i + ",1,t1,c1,1");
    Expect.failure(
        () -> several.load(notes::add), "v.csv has no column \"b\". Its columns are: a,");
    notes.clear();
    assertEquals(ROWS, several.load(half, false, parts.preparation(), notes::add).rows());
    assertEquals(List.of(), notes, "a target is no unknown column");
  }

  private static Parts arrays() {
    float[][] features = new float[ROWS][];
    float[][] targets = new float[ROWS][];
    for (int i = 0; i < ROWS; i++) {
      features[i] = new float[] {i * i % 17, i * 0.5f};
      targets[i] = new float[] {b(i), gross(i)};
    }
    return Parts.of(Dataset.regression("arrays", features, targets), 0.1, 0.1, 1);
  }

  /**
   * 64 rows train, so that the means of the features are exact: a table's columns are centred
   * before they are scaled, which may round once more.
   */
  @Test
  void aTableTrainsToTheBitsOfTheSameNumbersAsArrays() throws IOException {
    file(
        "t.csv",
        "x,\"net, gross\",z,b",
        i -> i * i % 17 + "," + gross(i) + "," + i * 0.5 + "," + b(i));
    Parts table =
        plan.withTarget("b", "net, gross")
            .withParts(Portion.ofShare(0.1), Portion.ofShare(0.1))
            .load(notes::add);
    SavedModel one = trained(table, "table");
    SavedModel other = trained(arrays(), "arrays");
    assertArrayEquals(arrays().test().orElseThrow().targets(), table.test().get().targets());
    for (String name : one.network().sizes().keySet()) {
      if (!name.endsWith("num_batches_tracked")) {
        assertArrayEquals(other.content().floats(name), one.content().floats(name), name);
      }
    }
  }

  private SavedModel trained(Parts parts, String name) {
    Recipe recipe = Recipe.regression().withEpochs(4).withBatch(16).withMetrics(List.of());
    Path out = folder.resolve(name);
    try (Backend backend = Device.cpu(1);
        Model model = parts.mlp(8).build(backend, 5)) {
      new Trainer(model, recipe, parts.train())
          .withValidation(parts.valid().orElseThrow())
          .withPreparation(parts.preparation())
          .withCheckpoints(out)
          .fit();
    }
    return SavedModel.load(out);
  }

  /** Standardised by the training rows of each target, squared, and the mean over both. */
  @ParameterizedTest
  @ValueSource(strings = {"valid", "test"})
  void theLossIsTheMeanOverTheTargetsInStandardUnits(String part) {
    Parts parts = plan.withTarget("b", "net, gross").load(notes::add);
    Dataset rows = (part.equals("valid") ? parts.valid() : parts.test()).orElseThrow();
    SavedModel saved = trained(parts, "run");
    try (Backend backend = Device.cpu(1);
        Model model = saved.build(backend);
        Evaluator evaluator = new Evaluator(model, rows, Optional.of(Loss.meanSquared()), 5)) {
      evaluator.run();
      float[] outputs = evaluator.outputs(Optional.of(parts.preparation()));
      float[] train = restored(parts, parts.train());
      float[] truth = restored(parts, rows);
      double[] deviations = {deviation(train, 0), deviation(train, 1)};
      double sum = 0;
      for (int i = 0; i < truth.length; i++) {
        sum += Math.pow((truth[i] - outputs[i]) / deviations[i % 2], 2);
      }
      assertEquals(sum / truth.length, evaluator.loss(), 1e-5);
    }
  }

  private static float[] restored(Parts parts, Dataset rows) {
    float[] targets = rows.targets().clone();
    parts.preparation().restoreTargets(targets);
    return targets;
  }

  private static double deviation(float[] targets, int target) {
    double[] own =
        IntStream.range(0, targets.length / 2).mapToDouble(i -> targets[2 * i + target]).toArray();
    double mean = Arrays.stream(own).average().orElseThrow();
    return Math.sqrt(Arrays.stream(own).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }
}
