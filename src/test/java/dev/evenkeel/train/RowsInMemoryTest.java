package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.RowEncoder;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.Task;
import dev.evenkeel.deploy.BatchPredictor;
import dev.evenkeel.deploy.Predictor;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Date;
import java.util.GregorianCalendar;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that a program has, as maps, learn and are answered as the same rows in a file are. */
class RowsInMemoryTest {

  private static final int ROWS = 300;

  @TempDir Path folder;

  /** Of every type that a database hands over, some missing. */
  private static List<Map<String, Object>> homes() {
    Random random = new Random(1);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      double area = 50 + 100 * random.nextDouble();
      int town = random.nextInt(4);
      boolean garden = random.nextBoolean();
      Map<String, Object> row = new HashMap<>();
      row.put("area", i % 7 == 3 ? null : area);
      row.put("rooms", (short) (1 + random.nextInt(6)));
      row.put("rate", random.nextFloat());
      row.put("town", i % 11 == 5 ? "" : List.of("Bern", "Basel, CH", " Genf ", "\"Z\"").get(town));
      row.put("code", "0%d".formatted(100 + town));
      row.put("garden", garden);
      row.put("sold", LocalDate.of(2020, 1, 1).plusDays(random.nextInt(2_000)));
      row.put("owner", (long) random.nextInt(60));
      row.put("counts", new BigDecimal("1.5").add(BigDecimal.valueOf(random.nextInt(3))));
      row.put("price", area * (2 + town) + (garden ? 30 : 0));
      row.put("kind", garden == town > 1 ? 0 : 1);
      rows.add(row);
    }
    return rows;
  }

  /** The same rows in a file, whose columns are sorted as those of rows are. */
  private Path file(List<Map<String, Object>> rows) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(String.join(",", new TreeMap<>(rows.get(0)).keySet()));
    for (Map<String, Object> row : rows) {
      lines.add(
          new TreeMap<>(row)
              .values().stream()
                  .map(value -> value == null ? "" : value.toString())
                  .map(text -> "\"" + text.replace("\"", "\"\"") + "\"")
                  .collect(Collectors.joining(",")));
    }
    return Files.write(folder.resolve("homes.csv"), lines);
  }

  private static List<DataPlan> plans(String data) {
    DataPlan plan = DataPlan.of(data).withTarget("price");
    return List.of(
        plan,
        plan.withTarget("kind"),
        plan.withTarget("code").withColumns(List.of("price", "kind"), List.of("rooms")),
        plan.withTarget("price", "counts").withGroup("owner"),
        plan.withWeights("counts").withOrder(Split.Order.ORDERED),
        plan.withScaling(Scaling.ROBUST).withSeed(3));
  }

  @Test
  void theyAreReadAsTheSameRowsInAFileAre() throws IOException {
    List<Map<String, Object>> rows = homes();
    Path file = file(rows);
    List<DataPlan> ofFile = plans(file.toString());
    List<DataPlan> ofRows = plans("homes");
    for (int i = 0; i < ofFile.size(); i++) {
      List<String> notes = new ArrayList<>();
      List<String> words = new ArrayList<>();
      Parts expected = ofFile.get(i).load(notes::add);
      Parts parts = ofRows.get(i).load(rows, words::add);
      assertEquals(expected.fingerprints(), parts.fingerprints());
      assertEquals(
          expected.test().orElseThrow().fingerprint(), parts.test().orElseThrow().fingerprint());
      assertEquals(expected.preparation().features(), parts.preparation().features());
      assertEquals(expected.preparation().target(), parts.preparation().target());
      assertEquals(notes.stream().map(n -> n.replace(file.toString(), "homes")).toList(), words);
    }
  }

  @Test
  void aModelLearnsOnFromRowsAndFoldsAreMadeOfThem() throws IOException {
    List<Map<String, Object>> rows = homes();
    List<Map<String, Object>> later = rows.subList(0, 200);
    Path file = file(later);
    DataPlan ofRows = DataPlan.of("homes").withTarget("price");
    DataPlan ofFile = ofRows.withData(file.toString());
    Preparation trained = ofRows.load(rows, note -> {}).preparation();
    List<String> notes = new ArrayList<>();
    List<String> words = new ArrayList<>();
    Parts expected = ofFile.load(trained, notes::add);
    Parts parts = ofRows.load(trained, later, words::add);
    assertEquals(expected.fingerprints(), parts.fingerprints());
    assertEquals(trained, parts.preparation());
    assertEquals(notes.stream().map(n -> n.replace(file.toString(), "homes")).toList(), words);
    List<Supplier<Parts>> folds = ofRows.folds(4, later, note -> {});
    List<Supplier<Parts>> asInAFile = ofFile.folds(4, note -> {});
    assertEquals(4, folds.size());
    for (int i = 0; i < 4; i++) {
      assertEquals(asInAFile.get(i).get().fingerprints(), folds.get(i).get().fingerprints());
    }
  }

  @Test
  void aModelOfRowsAnswersRows() {
    List<Map<String, Object>> rows = homes();
    Parts data = DataPlan.of("homes").withTarget("price").load(rows, note -> {});
    Recipe recipe = Recipe.regression().withEpochs(3);
    Trainer.train(data.mlp(16), recipe, data, folder.resolve("run"));
    SavedModel saved = SavedModel.load(folder.resolve("run"));
    Predictor one = Predictor.of(saved);
    Table later =
        Table.of("later", rows.subList(0, 50), saved.preparation().orElseThrow().options());
    try (BatchPredictor many = new BatchPredictor(saved, Device::cpu, 32)) {
      float[] answers = many.predict(later);
      for (int row = 0; row < 50; row++) {
        float[] expected = one.predict(rows.get(row));
        assertArrayEquals(expected, new float[] {answers[row]}, 1e-4f * Math.abs(expected[0]));
      }
    }
  }

  @Test
  void whatIsWrongIsNamedByItsRow() {
    DataPlan plan = DataPlan.of("homes").withTarget("price");
    Expect.failure(
        () -> DataPlan.of("homes").load(homes(), note -> {}),
        "homes: rows in memory have no last column to predict. help: withTarget");
    Expect.failure(() -> plan.load(List.of(), note -> {}), "homes is empty: give at least one row");
    Expect.failure(() -> plan.load(List.of(Map.of()), note -> {}), "homes, row 1 has no columns");
    List<Map<String, Object>> rows = homes();
    rows.get(0).put(null, 1);
    Expect.failure(
        () -> plan.load(rows, note -> {}),
        "homes, row 1 has a column without a name. help: values");
    rows.get(0).remove(null);
    rows.get(4).remove("rate");
    Expect.failure(
        () -> plan.load(rows, note -> {}), "homes, row 5 has no column \"rate\", which row 1 has");
    rows.get(4).put("rate", 1);
    rows.get(6).put("more", 1);
    Expect.failure(
        () -> plan.load(rows, note -> {}),
        "homes, row 7 has 1 column that row 1 does not have: \"more\"");
    rows.get(6).remove("more");
    rows.get(8).put("area", Double.POSITIVE_INFINITY);
    Expect.failure(
        () -> plan.load(rows, note -> {}),
        "homes, row 9, column \"area\": \"Infinity\" is not a finite number");
    rows.set(8, null);
    Expect.failure(() -> plan.load(rows, note -> {}), "homes, row 9 is null");
  }

  /** "[B@1b2c" would be a category, and never the same again. */
  @Test
  void valuesThatAreNoFieldAreRefused() {
    DataPlan plan = DataPlan.of("homes").withTarget("price");
    Map<Object, String> wrong = new LinkedHashMap<>();
    wrong.put(new byte[] {1}, "byte[]");
    wrong.put(new short[0], "short[]");
    wrong.put(List.of(1, "a"), "java.util.ImmutableCollections$List12");
    wrong.put(new HashMap<>(Map.of("a", 1)), "java.util.HashMap");
    wrong.put(Optional.of(new int[1]), "int[]");
    wrong.put(new Object(), "java.lang.Object");
    wrong.forEach(
        (value, type) -> {
          List<Map<String, Object>> rows = homes();
          rows.forEach(row -> row.put("plan", "none"));
          rows.get(3).put("plan", value);
          Expect.failure(
              () -> plan.load(rows, note -> {}),
              "homes, row 4, column \"plan\": a value of type " + type + " can't be a field",
              "help: give a text, a number");
          for (String drop : List.of("plan", "7", "rooms,plan")) { // what nobody uses may be there
            plan.withColumns(List.of(drop), List.of()).load(rows, note -> {});
          }
        });
  }

  @Test
  void optionalsAndDatesAreWhatAFileHoldsOfThem() {
    Instant when = Instant.parse("2024-01-31T12:30:00Z");
    List<Object> dates =
        List.of(
            when,
            Date.from(when),
            when.atZone(ZoneId.of("Europe/Zurich")),
            GregorianCalendar.from(when.atZone(ZoneId.of("Asia/Tokyo"))),
            Optional.of(when),
            when.atOffset(ZoneOffset.ofHours(-3)));
    List<Map<String, Object>> rows = new ArrayList<>();
    List<Map<String, Object>> texts = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Map<String, Object> row = new HashMap<>(Map.of("at", dates.get(i % dates.size()), "y", i));
      row.put("n", i % 5 == 0 ? Optional.empty() : Optional.of(i % 9));
      row.put("k", i % 4 == 0 ? OptionalInt.empty() : OptionalInt.of(i % 7));
      row.put("x", OptionalDouble.of(i / 8.0));
      rows.add(row);
      Map<String, Object> text = new HashMap<>(Map.of("at", "2024-01-31T12:30:00Z", "y", i));
      text.put("n", i % 5 == 0 ? "" : i % 9);
      text.put("k", i % 4 == 0 ? "" : i % 7);
      text.put("x", i / 8.0);
      texts.add(text);
    }
    DataPlan plan = DataPlan.of("rows").withTarget("y").withTask(Task.Kind.REGRESSION);
    Parts parts = plan.load(rows, note -> {});
    assertEquals(plan.load(texts, note -> {}).fingerprints(), parts.fingerprints());
    RowEncoder encoder = new RowEncoder(parts.preparation());
    for (int i = 0; i < rows.size(); i++) {
      float[] expected = new float[parts.preparation().width()];
      float[] seen = expected.clone();
      encoder.encode(texts.get(i), expected);
      encoder.encode(rows.get(i), seen);
      assertArrayEquals(expected, seen, 0f);
    }
    rows.get(0).put("x", new double[] {1});
    Expect.failure(
        () -> encoder.encode(rows.get(0), new float[parts.preparation().width()]),
        "Column \"x\": a vector of 1 number is not a finite number");
  }

  /** The first row's text looks like a number, so that its column is coded by a second reading. */
  private static List<Map<String, String>> lateTexts() {
    return List.of(
        Map.of("a", "1", "y", "1"), Map.of("a", "x", "y", "2"), Map.of("a", "z", "y", "3"));
  }

  @Test
  void rowsThatComeOnceAreRefused() {
    Stream<Map<String, String>> stream = lateTexts().stream();
    Iterable<Map<String, String>> once = stream::iterator;
    Expect.failure(() -> Table.of("homes", once), "homes: its rows can be gone through only once");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void rowsThatChangeMeanwhileAreRefused(int left) {
    List<Iterator<Map<String, String>>> passes =
        List.of(lateTexts().iterator(), lateTexts().subList(0, left).iterator());
    Iterable<Map<String, String>> changing = passes.iterator()::next;
    Expect.failure(
        () -> Table.of("homes", changing),
        left == 0 ? "homes is empty" : "homes changed while it was read");
  }
}
