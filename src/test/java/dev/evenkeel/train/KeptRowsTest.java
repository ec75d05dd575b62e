package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Target;
import dev.evenkeel.io.Json;
import dev.evenkeel.nn.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that are kept from training, in files of their own, by groups, or in order. */
class KeptRowsTest {

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();
  private DataPlan plan;

  private String file(String name, String header, int rows, IntFunction<String> row)
      throws IOException {
    String text = IntStream.range(0, rows).mapToObj(row).collect(Collectors.joining("\n"));
    return Files.writeString(folder.resolve(name), header + "\n" + text + "\n").toString();
  }

  @BeforeEach
  void data() throws IOException {
    plan =
        DataPlan.of(
            file(
                "t.csv",
                "who,town,x,y",
                80,
                i -> "c%d,t%d,%d,%d.5".formatted(i % 20, i % 3, i, i)));
  }

  @Test
  void theWayIsToldOfTheRowsThatArePartedAlone() {
    Portion tenth = Portion.ofShare(0.1);
    assertEquals("split at random", plan.way());
    assertEquals("not split", with(Portion.NONE, Portion.NONE).way());
    DataPlan images = DataPlan.of("mnist");
    assertEquals("split at random, the data's own test rows", images.way());
    assertEquals("the data's own test rows", images.withParts(Portion.NONE, tenth).way());
  }

  private DataPlan with(Portion valid, Portion test) {
    return plan.withParts(valid, test);
  }

  private Preparation preparation(DataPlan of) {
    return of.load(notes::add).preparation();
  }

  /** A town and a class that stand there alone, and a value that would move any mean. */
  @Test
  void nothingOfAFileIsLearned() throws IOException {
    String wild = file("v.csv", "y,x,town,who", 9, i -> "-7e20,1e30,Genf,z" + i);
    for (Scaling scaling : Scaling.values()) {
      DataPlan whole = plan.withScaling(scaling).withParts(Portion.NONE, Portion.NONE);
      Preparation expected = preparation(whole);
      DataPlan kept = whole.withParts(Portion.ofFile(wild), Portion.NONE);
      assertEquals(expected, preparation(kept), "to validate on");
      assertEquals(expected, preparation(whole.withParts(Portion.NONE, Portion.ofFile(wild))));
      Parts parts = kept.load(note -> {});
      assertEquals(80, parts.train().rows());
      assertEquals(9, parts.valid().orElseThrow().rows());
    }
    assertTrue(notes.stream().anyMatch(note -> note.contains("\"Genf\"")), notes::toString);
  }

  @Test
  void aFileIsWhatEvaluateMakesOfIt() throws IOException {
    String valid = file("v.csv", "y,town,x,other,who", 9, i -> i + ".25,t1," + i + ",7,c1");
    plan = plan.withParts(Portion.ofFile(valid), Portion.ofShare(0.25));
    Parts parts = plan.load(notes::add);
    assertEquals(60, parts.train().rows());
    assertEquals(20, parts.test().orElseThrow().rows());
    Dataset later = plan.load(valid, true, parts.preparation(), note -> {});
    assertEquals(later.fingerprint(), parts.valid().orElseThrow().fingerprint());
    Parts again = plan.load(parts.preparation(), note -> {});
    assertEquals(parts.fingerprints(), again.fingerprints());
    assertEquals(
        parts.test().orElseThrow().fingerprint(), again.test().orElseThrow().fingerprint());
  }

  @Test
  void groupsStayTogetherAndAreNoFeature() throws IOException {
    plan = plan.withGroup("who");
    Parts parts = plan.load(notes::add);
    assertEquals(4, parts.train().columns(), "three towns and x");
    assertTrue(
        notes.contains(plan.data() + ": rows of the same \"who\" stay together, 20 groups."));
    List<List<Integer>> groups =
        List.of(
            groups(parts.train(), parts),
            groups(parts.valid().orElseThrow(), parts),
            groups(parts.test().orElseThrow(), parts));
    assertEquals(20, groups.stream().mapToInt(List::size).sum());
    assertEquals(20, groups.stream().flatMap(List::stream).distinct().count());
    Parts again = plan.load(parts.preparation(), note -> {});
    assertEquals(parts.fingerprints(), again.fingerprints());
    for (Supplier<Parts> fold : plan.folds(4, note -> {})) {
      assertEquals(20, fold.get().test().orElseThrow().rows());
      assertEquals(5, groups(fold.get().test().orElseThrow(), fold.get()).size());
    }
  }

  /** The target is the row's number, and a half. */
  private static List<Integer> groups(Dataset rows, Parts parts) {
    float[] targets = rows.targets().clone();
    parts.preparation().restoreTargets(targets);
    return IntStream.range(0, targets.length)
        .map(i -> Math.round(targets[i] - 0.5f) % 20)
        .boxed()
        .distinct()
        .toList();
  }

  @Test
  void aGroupGoesOnInNoFile() throws IOException {
    String over = file("over.csv", "who,town,x,y", 9, i -> "c" + (15 + i) + ",t1,3,4");
    String apart = file("apart.csv", "who,town,x,y", 9, i -> "d" + i + ",t1,3,4");
    String none = file("none.csv", "town,x,y", 9, i -> "t1,3,4");
    plan = plan.withGroup("who");
    Expect.failure(
        () -> with(Portion.ofFile(over), Portion.NONE).load(notes::add),
        "over.csv: --group who keeps rows of one value in one part, but 5 values of 9 have rows elsewhere, too, such as \"c15\"");
    Expect.failure(
        () -> with(Portion.NONE, Portion.ofFile(none)).load(notes::add),
        "none.csv has no column \"who\"");
    Path copy = Files.copy(Path.of(apart), folder.resolve("copy.csv"));
    Expect.failure(
        () -> with(Portion.ofFile(apart), Portion.ofFile(copy.toString())).load(notes::add),
        "9 values of 9 have rows elsewhere");
    assertEquals(
        9, with(Portion.ofFile(apart), Portion.NONE).load(notes::add).valid().get().rows());
  }

  /** As texts, though nearly all are numbers, of which a few texts would be mistakes. */
  @Test
  void groupsAreReadAgainAsTheyWere() throws IOException {
    plan =
        DataPlan.of(
                file("ids.csv", "who,x,y", 80, i -> (i == 7 ? "A7" : i / 2) + "," + i + "," + i))
            .withGroup("who");
    Parts parts = plan.load(notes::add);
    assertEquals(parts.fingerprints(), plan.load(parts.preparation(), note -> {}).fingerprints());
  }

  @Test
  void orderedRowsStandInTheirOrder() {
    Parts parts = plan.withOrder(Split.Order.ORDERED).load(notes::add);
    float[] last = parts.test().orElseThrow().targets().clone();
    parts.preparation().restoreTargets(last);
    assertEquals(16, last.length);
    assertEquals(64.5, last[0], 1e-3);
    float[] first = parts.train().targets().clone();
    parts.preparation().restoreTargets(first);
    assertEquals(55.5, first[55], 1e-3);
    Expect.failure(
        () -> plan.withOrder(Split.Order.ORDERED).folds(3, note -> {}),
        "--split ordered can't be cross-validated");
    Expect.failure(
        () -> plan.withOrder(Split.Order.ORDERED).withGroup("who"),
        "--group who and --split ordered can't go together");
  }

  @Test
  void aClassThatDoesNotTrainIsNamed() throws IOException {
    String late =
        file(
            "late.csv",
            "who,x,y",
            60,
            i -> i % 9 + "," + i + "," + (i < 55 ? "ab" : "c").charAt(i < 55 ? i % 2 : 0));
    Expect.failure(
        () -> DataPlan.of(late).withOrder(Split.Order.ORDERED).load(notes::add),
        "late.csv: no row of class \"c\" trains (split in the order of the file), but some validate or test. help: smaller shares");
    String alone =
        file(
            "alone.csv",
            "who,x,y",
            60,
            i -> (i < 55 ? i % 9 : 9) + "," + i + "," + (i < 55 ? i % 2 : 2));
    Expect.failure(
        () -> DataPlan.of(alone).withGroup("who").folds(5, notes::add),
        "no row of class \"2\" trains");
  }

  @Test
  void aClassOfAFileThatTrainingNeverSawIsNamed() throws IOException {
    String data = file("c.csv", "x,y", 60, i -> i + "," + (i % 2 == 0 ? "no" : "yes"));
    String valid = file("v.csv", "x,y", 9, i -> i + "," + (i == 4 ? "maybe" : "no"));
    DataPlan classes = DataPlan.of(data).withParts(Portion.ofFile(valid), Portion.NONE);
    Expect.failure(
        () -> classes.load(notes::add),
        "v.csv, line 6: the class \"maybe\" of column \"y\" is not among those trained on: no, yes");
    file("v.csv", "x,y", 9, i -> i + ",yes");
    Parts parts = classes.load(notes::add);
    assertEquals(new Target.Labels("y", List.of("no", "yes")), parts.preparation().target());
    assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1, 1, 1}, parts.valid().orElseThrow().labels());
  }

  @Test
  void arraysHaveNoNamedColumns() {
    DataPlan digits = DataPlan.of("digits");
    for (DataPlan wrong :
        List.of(
            digits.withGroup("3"),
            digits.withParts(Portion.ofFile(plan.data()), Portion.NONE),
            digits.withParts(Portion.NONE, Portion.ofFile(plan.data())))) {
      Expect.failure(
          () -> wrong.load(notes::add), "are for CSV files; digits has no named columns. help: ");
    }
  }

  @Test
  void aPlanSurvivesJson() {
    DataPlan kept =
        with(Portion.ofFile("v.csv"), Portion.of("0.3"))
            .withTarget("x", "y")
            .withScaling(Scaling.ROBUST)
            .withGroup("who");
    String json = Json.write(kept);
    assertEquals(kept, Json.read(json, DataPlan.class, "json"));
    assertTrue(json.contains("\"valid\":\"v.csv\",\"test\":0.3"), json);
    for (String wrong : List.of("true", "[]", "{}", "null", "\"\"")) {
      Expect.failure(
          () -> Json.read(json.replace("0.3", wrong), DataPlan.class, "damaged"), "damaged");
    }
    Expect.failure(
        () -> Json.read(json.replace("\"group\":\"who\",", ""), DataPlan.class, "a plan"),
        "a plan does not hold a valid DataPlan: Missing creator property 'group'. help: it may be of another version of Evenkeel");
    Expect.failure(
        () ->
            Json.read(
                json.replace("\"group\":", "\"groups\":[],\"group\":"), DataPlan.class, "a plan"),
        "a plan does not hold a valid DataPlan: it knows no property 'groups'. help: it may be of another version of Evenkeel");
  }

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Goes on from a checkpoint where there is one, as the command line does. */
  private Trained train(Path out, long killedAfter) {
    Path checkpoint = out.resolve(SavedModel.CHECKPOINT_FILE);
    boolean resumed = Files.exists(checkpoint);
    Parts parts = plan.load(note -> {});
    if (resumed) {
      SavedModel saved = SavedModel.load(checkpoint);
      String noted = saved.notes().get("plan");
      parts =
          Json.read(noted, DataPlan.class, "note")
              .load(saved.preparation().orElseThrow(), note -> {});
    }
    Recipe recipe = Recipe.regression().withEpochs(6).withBatch(16).withEarlyStopping(3, "loss");
    try (Backend backend = Device.cpu(1);
        Model model = parts.mlp(8).build(backend, 5)) {
      Trainer trainer =
          new Trainer(model, recipe, parts.train())
              .withValidation(parts.valid().orElseThrow())
              .withPreparation(parts.preparation())
              .withNote("plan", Json.write(plan))
              .withCheckpoints(out)
              .withCheckpointEvery(Duration.ZERO)
              .withListener(
                  Runs.atStep(
                      killedAfter,
                      () -> {
                        throw new Killed();
                      }));
      if (resumed) {
        trainer.resuming(SavedModel.load(checkpoint));
      }
      return trainer.fit();
    }
  }

  @Test
  void aRunWithAValidationFileGoesOnBitForBit() throws IOException {
    String valid = file("v.csv", "y,x,town,who", 30, i -> i + 0.5 + "," + i + ",t1,z");
    plan = with(Portion.ofFile(valid), Portion.NONE);
    Trained whole = train(folder.resolve("whole"), -1);
    Path parted = folder.resolve("parted");
    assertThrows(Killed.class, () -> train(parted, 13));
    Trained rest = train(parted, -1);
    assertEquals(whole.kept().validation(), rest.kept().validation());
    assertEquals(whole.bestEpoch(), rest.bestEpoch());
    SavedModel one = SavedModel.load(folder.resolve("whole"));
    SavedModel other = SavedModel.load(parted);
    for (String name : one.network().sizes().keySet()) {
      if (!name.endsWith("num_batches_tracked")) {
        assertArrayEquals(one.content().floats(name), other.content().floats(name), name);
      }
    }
    Path again = folder.resolve("again");
    assertThrows(Killed.class, () -> train(again, 13));
    file("v.csv", "y,x,town,who", 30, i -> i + 0.25 + "," + i + ",t1,z");
    Expect.failure(() -> train(again, -1), "was trained on other data");
  }
}
