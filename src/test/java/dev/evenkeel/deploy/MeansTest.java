package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.Expect;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.Json;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A column of many categories, of each of which the network gets the mean target of its rows. */
class MeansTest {

  private static final int ROWS = 600;
  private static final int SHOPS = 90;

  @TempDir Path folder;

  /** Codes with zeros in front, which a later file may not have; one in twenty is missing. */
  private static String shop(int row) {
    int shop = new Random(row).nextInt(SHOPS);
    return row % 20 == 7 ? "" : "%04d".formatted(shop * shop);
  }

  private static double gain(int row) {
    Random random = new Random(row);
    int shop = random.nextInt(SHOPS);
    return 40 + random.nextGaussian() + (row % 20 == 7 ? 0 : 5 * Math.sin(shop));
  }

  private static String line(int row) {
    double gain = gain(row);
    return "%s,%d,%.3f,%s,%s,%s"
        .formatted(
            shop(row),
            row * row % 31,
            gain,
            gain > 40 ? "yes" : "no",
            gain > 43 ? "high" : gain > 38 ? "fair" : "low",
            row % 3 == 0 ? "A" : "B");
  }

  private Path csv() throws IOException {
    return Files.writeString(
        folder.resolve("shops.csv"),
        CsvText.of("shop,size,gain,open,kind,half", ROWS, MeansTest::line));
  }

  private DataPlan plan(String target, Scaling scaling) throws IOException {
    List<String> others = new ArrayList<>(List.of("gain", "open", "kind", "half"));
    others.removeAll(List.of(target.split(",")));
    return DataPlan.of(csv().toString())
        .withTarget(target.split(","))
        .withColumns(others, List.of("shop"))
        .withScaling(scaling);
  }

  private static Feature.Means shops(Preparation preparation) {
    return assertInstanceOf(Feature.Means.class, preparation.features().get(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"gain|1", "open|1", "kind|3", "open,half|2", "gain,size|2"})
  void everyAnswerIsTheSame(String target, int width) throws IOException {
    for (Scaling scaling : Scaling.values()) {
      DataPlan plan = plan(target, scaling);
      Recipe recipe = Recipe.of(plan.load(note -> {}).train());
      Path run = folder.resolve(target + scaling);
      SavedModel saved = TinyRuns.train(plan, recipe, run);
      Preparation preparation = saved.preparation().orElseThrow();
      assertEquals(width, shops(preparation).width());
      assertTrue(shops(preparation).levels().size() > 60);
      assertEquals(preparation, Json.read(Json.write(preparation), Preparation.class, "json"));
      String later = "size,shop\n3,0001\n4,1\n5,\n6,77777\n7,0036\n8,49.0\n";
      Path file = Files.writeString(folder.resolve("later.csv"), later);
      Table table = Table.read(file, preparation.options());
      List<String> notes = new ArrayList<>();
      double[] expected = TinyRuns.answers(saved, preparation.apply(table, false, notes::add));
      if (target.equals("open,half")) { // flags, of which the Evaluator gives logits
        Arrays.setAll(expected, i -> 1 / (1 + Math.exp(-expected[i])));
      }
      assertTrue(notes.toString().contains("3 texts unknown to the model"), notes::toString);
      Predictor predictor = Predictor.of(saved);
      List<String> lines = later.lines().skip(1).toList();
      int outputs = expected.length / lines.size();
      for (int row = 0; row < lines.size(); row++) {
        String[] fields = lines.get(row).split(",", -1);
        Map<String, Object> map = Map.of("size", fields[0], "shop", fields[1]);
        float[] answer = predictor.predict(map);
        for (int k = 0; k < outputs; k++) {
          assertEquals(expected[row * outputs + k], answer[k], 1e-4);
        }
        boolean unseen = List.of("1", "77777", "49.0").contains(fields[1]);
        assertEquals(unseen ? List.of("shop") : List.of(), predictor.unseen(map), fields[1]);
      }
      Path onnx = folder.resolve("m.onnx");
      OnnxFile.write(onnx, saved);
      try (OnnxRun inference = new OnnxRun(onnx)) {
        float[] seen = inference.outputs(table);
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], seen[i], 1e-3);
        }
      }
    }
  }

  /** A row to train on is told what other folds' rows say; a later one what all of them say. */
  @Test
  void rowsThatTrainAreNotToldTheirOwnTarget() throws IOException {
    DataPlan plan = plan("gain", Scaling.STANDARD);
    Parts parts = plan.load(note -> {});
    Preparation preparation = parts.preparation();
    Table table = Table.read(Path.of(plan.data()), preparation.options());
    Dataset later = preparation.apply(table, true, note -> {});
    Map<Float, Float> known = new HashMap<>();
    for (int row = 0; row < ROWS; row++) {
      known.put(later.targets()[row], later.features()[2 * row]);
    }
    Dataset train = parts.train();
    int other = 0;
    for (int row = 0; row < train.rows(); row++) {
      other += train.features()[2 * row] == known.get(train.targets()[row]) ? 0 : 1;
    }
    assertTrue(other > 0.8 * train.rows(), other + " of " + train.rows());
    Dataset test = parts.test().orElseThrow();
    for (int row = 0; row < test.rows(); row++) {
      assertEquals(known.get(test.targets()[row]), test.features()[2 * row]);
    }
  }

  /** Of a target that is noise but for pairs of rows, nothing is told across a group. */
  @Test
  void rowsOfAGroupTellEachOtherNothing() throws IOException {
    Random random = new Random(8);
    double[] ofPair = random.doubles(200).toArray();
    Path file =
        Files.writeString(
            folder.resolve("pairs.csv"),
            CsvText.of(
                "pair,shop,size,gain",
                400,
                row ->
                    "p%d,s%d,%d,%.4f".formatted(row / 2, row / 10, row * 7 % 13, ofPair[row / 2])));
    DataPlan plan = DataPlan.of(file.toString());
    double leaked = correlation(plan.withColumns(List.of("pair"), List.of()));
    double kept = correlation(plan.withGroup("pair"));
    assertTrue(leaked > kept + 0.1, leaked + " with pairs apart, " + kept + " with pairs together");
  }

  private static double correlation(DataPlan plan) {
    Dataset train = plan.load(note -> {}).train();
    double sum = 0;
    double squares = 0;
    for (int row = 0; row < train.rows(); row++) {
      sum += train.features()[2 * row] * train.targets()[row];
      squares += train.targets()[row] * train.targets()[row];
    }
    return sum / squares;
  }

  /** The rows of a killed run are the same again, and known as those that trained. */
  @Test
  void aKilledRunGoesOn() throws IOException {
    DataPlan plan = plan("gain", Scaling.STANDARD);
    Parts parts = plan.load(note -> {});
    Path run = folder.resolve("run");
    Trainer.train(parts.mlp(16), parts.recipe().withEpochs(2), parts, run);
    SavedModel saved = SavedModel.load(run);
    List<String> notes = new ArrayList<>();
    Parts again = plan.load(saved.preparation().orElseThrow(), notes::add);
    assertTrue(notes.stream().noneMatch(note -> note.contains("stay as")), notes::toString);
    assertArrayEquals(parts.train().features(), again.train().features());
    assertArrayEquals(parts.test().orElseThrow().features(), again.test().orElseThrow().features());
    assertTrue(saved.learnedFrom(again));
  }

  /** What a model knows of texts stays as it is where others teach it. */
  @Test
  void otherRowsAreToldWhatTheModelKnows() throws IOException {
    Preparation preparation = plan("gain", Scaling.STANDARD).load(note -> {}).preparation();
    Path others =
        Files.writeString(
            folder.resolve("others.csv"),
            CsvText.of(
                "shop,size,gain", 200, row -> "%s,%d,%d".formatted(shop(row), row % 9, row)));
    DataPlan plan = DataPlan.of(others.toString()).withTarget("gain");
    List<String> notes = new ArrayList<>();
    Dataset train = plan.load(preparation, notes::add).train();
    assertTrue(
        notes.toString().contains("texts in \"shop\" stay as the model learned them"),
        notes::toString);
    Dataset plain = preparation.apply(Table.read(others, preparation.options()), true, note -> {});
    Map<Float, Float> known = new HashMap<>();
    IntStream.range(0, 200)
        .forEach(row -> known.put(plain.targets()[row], plain.features()[2 * row]));
    for (int row = 0; row < train.rows(); row++) {
      assertEquals(known.get(train.targets()[row]), train.features()[2 * row]);
    }
  }

  /** By day, a row of each of fifty shops: rows that train are told as much as later ones. */
  @Test
  void aPanelIsLearned() throws IOException {
    Random random = new Random(6);
    double[] ofShop = random.doubles(50, -5, 5).toArray();
    Path file =
        Files.writeString(
            folder.resolve("panel.csv"),
            CsvText.of(
                "shop,size,gain",
                1_000,
                row ->
                    "s%d,%d,%.4f"
                        .formatted(row % 50, row % 7, ofShop[row % 50] + random.nextGaussian())));
    double rmse = rmse(DataPlan.of(file.toString()));
    assertTrue(rmse < 2, "of a noise of 1, and a deviation of 3 of all: " + rmse);
  }

  /** Of every shop the same: only with another column could it tell something. */
  @Test
  void whatTellsNothingByItselfIsNamed() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("alike.csv"),
            CsvText.of("shop,size,gain", 480, i -> "s%d,%d,%d".formatted(i % 40, i % 7, i / 40)));
    List<String> notes = new ArrayList<>();
    DataPlan.of(file.toString()).withTask(Task.Kind.REGRESSION).load(notes::add);
    assertTrue(
        notes.toString().contains("\"shop\" (40 texts, which tell nothing of it by themselves)"),
        notes::toString);
  }

  /** A row that counts nothing tells nothing; training rows are told by others also then. */
  @Test
  void weightsCount() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("w.csv"),
            CsvText.of(
                "shop,size,w,gain",
                ROWS,
                row ->
                    "%s,%d,%d,%.3f"
                        .formatted(
                            shop(row),
                            row % 7,
                            row % 2,
                            row % 2 == 0 ? 80 - gain(row) : gain(row))));
    DataPlan plan =
        DataPlan.of(file.toString()).withColumns(List.of(), List.of("shop")).withWeights("w");
    Parts parts = plan.load(note -> {});
    Dataset train = parts.train();
    double covariance = 0;
    int inSample = 0;
    Table table = Table.read(file, parts.preparation().options());
    Dataset later = parts.preparation().apply(table, true, note -> {});
    Map<Float, Float> known = new HashMap<>();
    IntStream.range(0, ROWS).forEach(i -> known.put(later.targets()[i], later.features()[2 * i]));
    for (int row = 0; row < train.rows(); row++) {
      boolean counts = train.weights()[row] > 0;
      covariance += (counts ? 1 : 0) * train.features()[2 * row] * train.targets()[row];
      inSample += counts && train.features()[2 * row] == known.get(train.targets()[row]) ? 1 : 0;
    }
    assertTrue(covariance > 0.2 * train.rows(), "those that count are learned: " + covariance);
    assertTrue(inSample < 0.1 * train.rows(), inSample + " are told their own target");
  }

  @Test
  void oneHotChooses() throws IOException {
    DataPlan plan = plan("gain", Scaling.STANDARD);
    List<String> notes = new ArrayList<>();
    int texts = shops(plan.load(notes::add).preparation()).levels().size();
    assertTrue(
        notes
                .toString()
                .contains("of each text of \"shop\" (%d texts) the network".formatted(texts))
            && notes.toString().contains("--one-hot N makes an input of each text, where"),
        notes::toString);
    assertInstanceOf(
        Feature.Categorical.class,
        plan.withOneHot(texts).load(note -> {}).preparation().features().get(0));
    shops(plan.withOneHot(texts - 1).load(note -> {}).preparation());
    Expect.failure(() -> plan.withOneHot(-1), "--one-hot takes 0 to 100,000 texts, not -1");
  }

  @Test
  void aDamagedModelIsRefused() {
    Expect.failure(
        () -> new Feature.Means("shop", List.of("a", "b"), 2, List.of(1.0, 2.0)),
        "Column \"shop\" has 2 means for 2 texts, but each has 2");
    assertNotEquals(
        new Feature.Means("shop", List.of("a"), 1, List.of(1.0)),
        new Feature.Means("shop", List.of("a"), 1, List.of(2.0)));
  }

  @ParameterizedTest
  @EnumSource(Scaling.class)
  void theyHelp(Scaling scaling) throws IOException {
    DataPlan plan = plan("gain", scaling);
    double without = rmse(plan.withColumns(List.of("shop", "open", "kind", "half"), List.of()));
    double with = rmse(plan);
    assertTrue(with < 0.7 * without, with + ", without it " + without);
  }

  private double rmse(DataPlan plan) {
    Parts parts = plan.load(note -> {});
    return Trainer.train(
            parts.mlp(16), parts.recipe(), parts, folder.resolve("r" + System.nanoTime()))
        .kept()
        .validation()
        .get("rmse");
  }
}
