package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.Expect;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Column;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.InputColumns;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Table;
import dev.evenkeel.io.Json;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A column of vectors, as of embeddings, is what a column for each of its numbers would be. */
class VectorsTest {

  private static final int ROWS = 120;
  private static final int WIDTH = 3;

  @TempDir Path folder;

  /** Of each row the numbers; none in some. */
  private static List<double[]> vectors() {
    Random random = new Random(5);
    return IntStream.range(0, ROWS)
        .mapToObj(
            row -> row % 17 == 3 ? null : random.doubles(WIDTH, -40, 40).map(Math::rint).toArray())
        .toList();
  }

  private static String price(int row) {
    double[] vector = vectors().get(row);
    return Integer.toString(row % 5 + (vector == null ? 0 : (int) (3 * vector[1])));
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path csv(String name, UnaryOperator<String> spelled) throws IOException {
    List<double[]> vectors = vectors();
    return file(
        name,
        CsvText.of(
            "size,words,town,price",
            ROWS,
            row -> {
              double[] vector = vectors.get(row);
              String words = vector == null ? "" : spelled.apply(Arrays.toString(vector));
              return "%d,\"%s\",%s,%s".formatted(row * row % 31, words, town(row), price(row));
            }));
  }

  private static String town(int row) {
    return row % 3 == 0 ? "Ulm" : "Bern";
  }

  private Path json() throws IOException {
    List<double[]> vectors = vectors();
    return file(
        "v.jsonl",
        IntStream.range(0, ROWS)
            .mapToObj(
                row ->
                    "{\"size\":%d,\"words\":%s,\"town\":\"%s\",\"price\":%s}"
                        .formatted(
                            row * row % 31,
                            vectors.get(row) == null ? "null" : Arrays.toString(vectors.get(row)),
                            town(row),
                            price(row)))
            .collect(Collectors.joining("\n")));
  }

  private Path apart() throws IOException {
    List<double[]> vectors = vectors();
    return file(
        "apart.csv",
        CsvText.of(
            "size,w0,w1,w2,town,price",
            ROWS,
            row ->
                "%d,%s,%s,%s"
                    .formatted(
                        row * row % 31,
                        vectors.get(row) == null
                            ? ",,"
                            : Arrays.stream(vectors.get(row))
                                .mapToObj(Double::toString)
                                .collect(Collectors.joining(",")),
                        town(row),
                        price(row))));
  }

  private static DataPlan plan(Path file, Scaling scaling) {
    return DataPlan.of(file.toString()).withScaling(scaling);
  }

  private static float[] inputs(Path file, Scaling scaling) {
    Parts parts = plan(file, scaling).load(note -> {});
    return parts.train().features();
  }

  @ParameterizedTest
  @EnumSource(names = {"STANDARD", "ROBUST"})
  void areTheInputsOfAColumnForEachNumber(Scaling scaling) throws IOException {
    float[] expected = inputs(apart(), scaling);
    assertTrue(expected.length > 0);
    assertArrayEquals(expected, inputs(csv("v.csv", text -> text), scaling));
    assertArrayEquals(expected, inputs(csv("n.csv", text -> text.replace(",", "")), scaling));
    assertArrayEquals(
        expected,
        inputs(csv("w.csv", text -> text.replace("[", "[ ").replace(",", "\n")), scaling));
    assertArrayEquals(expected, inputs(json(), scaling));
  }

  /** Rows of a program, lists and arrays; missing ones are null or empty. */
  @Test
  void rowsInMemoryAreAsThoseOfAFile() throws IOException {
    List<double[]> vectors = vectors();
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      Map<String, Object> map = new HashMap<>();
      map.put("size", row * row % 31);
      map.put("words", held(vectors.get(row), row));
      map.put("town", town(row));
      map.put("price", price(row));
      rows.add(map);
    }
    Table file = Table.read(csv("v.csv", text -> text));
    Table table = Table.of("rows", rows);
    for (String name : file.columnNames()) {
      for (int row = 0; row < ROWS; row++) {
        assertEquals(file.column(name).missing(row), table.column(name).missing(row));
        if (!file.column(name).missing(row)) {
          assertEquals(file.column(name).text(row), table.column(name).text(row));
        }
      }
    }
    assertInstanceOf(Column.Vector.class, table.column("words"));
  }

  private static Object held(double[] vector, int row) {
    if (vector == null) {
      return row % 2 == 0 ? null : Optional.empty();
    }
    float[] floats = new float[WIDTH];
    IntStream.range(0, WIDTH).forEach(k -> floats[k] = (float) vector[k]);
    return switch (row % 4) {
      case 0 -> vector;
      case 1 -> floats;
      case 2 -> Arrays.stream(vector).boxed().toList();
      default -> Arrays.toString(vector);
    };
  }

  @ParameterizedTest
  @EnumSource(Scaling.class)
  void everyAnswerIsTheSame(Scaling scaling) throws IOException {
    Path file = csv("v.csv", text -> text);
    SavedModel saved =
        TinyRuns.train(plan(file, scaling), Recipe.regression(), folder.resolve("run"));
    Preparation preparation = saved.preparation().orElseThrow();
    Feature.Vector words = (Feature.Vector) preparation.features().get(1);
    assertEquals(WIDTH, words.width());
    assertEquals(preparation, Json.read(Json.write(preparation), Preparation.class, "json"));
    Table table = Table.read(file, preparation.options());
    double[] expected = TinyRuns.answers(saved, preparation.apply(table, false, note -> {}));
    try (BatchPredictor batch = new BatchPredictor(saved, () -> Device.cpu(1), 32)) {
      float[] together = batch.predict(table);
      for (int row = 0; row < ROWS; row++) {
        assertEquals(expected[row], together[row], 1e-4);
      }
    }
    Predictor predictor = Predictor.of(saved);
    assertEquals(List.of("size", "words", "town"), predictor.columns());
    for (int row = 0; row < ROWS; row++) {
      Map<String, Object> map = new HashMap<>();
      map.put("size", row * row % 31);
      map.put("words", held(vectors().get(row), row));
      map.put("town", town(row));
      assertEquals(expected[row], predictor.predict(map)[0], 1e-4);
    }
    Path onnx = folder.resolve("v.onnx");
    OnnxFile.write(onnx, saved);
    try (OnnxRun run = new OnnxRun(onnx)) {
      float[] seen = run.outputs(table);
      for (int row = 0; row < ROWS; row++) {
        assertEquals(expected[row], seen[row], 1e-3);
      }
    }
    assertTrue(Arrays.stream(expected).distinct().count() > 20);
  }

  @Test
  void theyAreNoNames() throws IOException {
    Table table = Table.read(file("bare.csv", "\"[1, 2]\",spam\n\"[3, 4]\",ham\n\"[5, 6]\",egg\n"));
    assertEquals(List.of("1", "2"), table.columnNames());
    assertEquals(3, table.rows());
    for (String above : List.of("0,1", "2019,y", "words,kind")) {
      Table named = Table.read(file("above.csv", above + "\n\"[3, 4]\",ham\n\"[5, 6]\",egg\n"));
      assertEquals(List.of(above.split(",")), named.columnNames());
    }
    Table lists = Table.read(file("lists.csv", "[0],[1],y\n" + "1,2,3\n5,7,9\n".repeat(9)));
    assertEquals(List.of("[0]", "[1]", "y"), lists.columnNames());
    Table named = Table.read(file("named.csv", "words,kind\n\"[3, 4]\",ham\n"));
    assertEquals(List.of("words", "kind"), named.columnNames());
  }

  @Test
  void theyAreNamed() throws IOException {
    List<String> notes = new ArrayList<>();
    plan(csv("v.csv", text -> text), Scaling.STANDARD).load(notes::add);
    String said = String.join("\n", notes);
    assertTrue(
        said.contains(
            "column \"words\" holds vectors of 3 numbers, each an input. If they are categories, say --categorical words"),
        said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[1, 2] | a vector of 2 numbers is not a vector of 3 finite numbers",
        "[1, 2, 3, 4] | a vector of 4 numbers is not a vector of 3 finite numbers",
        "[1, 2, NaN] | \"[1, 2, NaN]\" is not a vector of 3 finite numbers",
        "[1, 2, 1e999] | \"[1, 2, 1e999]\" is not",
        "[1,, 3] | \"[1,, 3]\" is not",
        "[1, 2, 3 | \"[1, 2, 3\" is not",
        "7 | \"7\" is not",
        "none of it | \"none of it\" is not"
      })
  void oneAmongManyIsAMistake(String wrong, String message) throws IOException {
    String rows =
        CsvText.of(
            "words,y", 50, i -> "\"%s\",%d".formatted(i == 30 ? wrong : "[1,2," + i + "]", i % 7));
    Path file = file("bad.csv", rows);
    Expect.failure(
        () -> Table.read(file),
        "bad.csv, line 32, column \"words\": " + message,
        "but 49 of the column's 50 values are. help: correct it, leave it empty if it is missing"
            + (wrong.contains(",") ? ";" : " or name it with --missing;"),
        "--drop words");
    Path first =
        file(
            "first.csv",
            CsvText.of(
                "words,y",
                50,
                i -> "\"%s\",%d".formatted(i == 0 ? wrong : "[1,2," + i + "]", i % 7)));
    Expect.failure(
        () -> Table.read(first),
        "first.csv, line 2, column \"words\": " + message,
        "but 49 of the column's 50 values are.");
    Table dropped = Table.read(file, Table.Options.DETECT.withDropped(Set.of("words")));
    assertEquals(50, dropped.rows());
  }

  @Test
  void listsOfSeveralLengthsAreTextsAndThatIsSaid() throws IOException {
    Path file =
        file("lists.csv", CsvText.of("ids,y", 60, i -> i % 3 == 0 ? "[1],2" : "\"[1, 2]\",5"));
    List<String> notes = new ArrayList<>();
    Parts parts = plan(file, Scaling.STANDARD).load(notes::add);
    assertInstanceOf(Feature.Categorical.class, parts.preparation().features().get(0));
    String said = String.join("\n", notes);
    assertTrue(
        said.contains(
            "though 60 of its 60 texts look like lists, not of as many numbers, such as \"[1]\""),
        said);
    Table chosen =
        Table.read(
            csv("v.csv", text -> text), Table.Options.DETECT.withCategorical(Set.of("words")));
    assertInstanceOf(Column.Categorical.class, chosen.column("words"));
  }

  /** Where no value comes before, a column begins as one of numbers. */
  @Test
  void whatIsMissingFirstIsOfNoKind() throws IOException {
    Table table = Table.read(file("late.csv", "v,y\n[],1\nNA,2\n\"[1,2]\",3\n-,4\n"));
    Column.Vector vectors = assertInstanceOf(Column.Vector.class, table.column("v"));
    assertArrayEquals(
        new double[] {Double.NaN, Double.NaN, 1, Double.NaN}, vectors.parts().get(0).values());
    for (String none : List.of("[ ],1\n,2\n,3\n", ",1\n[ ],2\n", "[ ],1\n[],2\n")) {
      Table empty = Table.read(file("none.csv", "v,p\n" + none));
      assertTrue(empty.column("v").missing(0) && empty.column("v").missing(1));
    }
    Table numbers = Table.read(file("first.csv", "v,y\n5,1\n\"[1,2]\",3\n7,5\n"));
    assertInstanceOf(Column.Categorical.class, numbers.column("v"));
  }

  @Test
  void laterFilesAreHeldToThem() throws IOException {
    Path file = csv("v.csv", text -> text);
    SavedModel saved =
        TinyRuns.train(plan(file, Scaling.STANDARD), Recipe.regression(), folder.resolve("run"));
    Preparation preparation = saved.preparation().orElseThrow();
    String start = "size,words,town\n1,,Ulm\n";
    for (String wrong : List.of("[1, 2]", "[1, 2, 3, 4]", "7", "a text")) {
      Table table =
          Table.read(
              file("later.csv", start + "2,\"%s\",Ulm\n".formatted(wrong)), preparation.options());
      Expect.failure(
          () -> preparation.apply(table, false, note -> {}),
          "later.csv, line 3, column \"words\": ",
          "is not a vector of 3 finite numbers, which the model was trained on there");
    }
    Table parts =
        Table.read(
            file("parts.csv", start + "2,\"[1, 2, 3]\",Ulm\n3,\"[1, 2]\",Ulm\n"),
            preparation.options());
    Expect.failure(
        () -> preparation.apply(parts, false, note -> {}),
        "parts.csv, line 4, column \"words\": a vector of 2 numbers is not a vector of 3");
    Table none = Table.read(file("none.csv", start + "2,NA,Bern\n"), preparation.options());
    float[] inputs = preparation.apply(none, false, note -> {}).features();
    for (int row : List.of(0, inputs.length / 2)) {
      float[] words = Arrays.copyOfRange(inputs, row + 1, row + 1 + WIDTH);
      assertArrayEquals(new float[WIDTH], words, 1e-6f, "the mean");
    }
    Predictor predictor = Predictor.of(saved);
    for (Object wrong : List.of(new float[2], new double[] {1, 2, Double.NaN}, "[1", 7)) {
      Expect.failure(
          () -> predictor.predict(Map.of("size", 1, "words", wrong, "town", "Ulm")),
          "Column \"words\": ",
          "is not a vector of 3 finite numbers");
    }
    Expect.failure(
        () -> predictor.predict(Map.of("size", 1, "words", List.of("a"), "town", "Ulm")),
        "can't be a field of a table",
        "or a vector: float[], double[] or a List");
  }

  @ParameterizedTest
  @ValueSource(strings = {"words", "size"})
  void aModelOfNumbersWantsNumbers(String other) throws IOException {
    Path numbers = file("x.csv", CsvText.of(other + ",y", 50, i -> i * i % 13 + "," + i % 7));
    Preparation preparation = plan(numbers, Scaling.STANDARD).load(note -> {}).preparation();
    Table table = Table.read(file("later.csv", other + "\n\"[1, 2]\"\n"), preparation.options());
    Expect.failure(
        () -> preparation.apply(table, false, note -> {}),
        "later.csv, line 2, column \""
            + other
            + "\": a vector of 2 numbers is not a finite number");
  }

  /** What nobody uses is not even read as numbers; what is forced is a text, as it is written. */
  @Test
  void othersAreNotHeld() throws IOException {
    Path file = csv("v.csv", text -> text);
    for (Table.Options options :
        List.of(
            Table.Options.DETECT.withDropped(Set.of("words")),
            Table.Options.DETECT.withUsed(Set.of("size")))) {
      Table table = Table.read(file, options);
      assertInstanceOf(Column.Numeric.class, table.column("words"));
      List<String> first = new ArrayList<>();
      InputColumns.of(table, List.of("words")).forEachRow(row -> first.add(row.get(0)));
      assertEquals(Arrays.toString(vectors().get(0)), first.get(0));
    }
    Path few = file("few.csv", CsvText.of("v,y", 60, i -> "\"[%d,2]\",%d".formatted(i % 3, i % 7)));
    Preparation preparation =
        plan(few, Scaling.STANDARD)
            .withColumns(List.of(), List.of("v"))
            .load(note -> {})
            .preparation();
    List<String> notes = new ArrayList<>();
    preparation.apply(Table.read(few), true, notes::add);
    assertTrue(notes.stream().noneMatch(note -> note.contains("unknown")), notes::toString);
  }

  /** A number of a vector that is the target, and words that among others stand for nothing. */
  @Test
  void theyTellTheTargetAndMistakesAreFoundBehindWordsForMissing() throws IOException {
    List<String> notes = new ArrayList<>();
    Path telling =
        file(
            "t.csv",
            CsvText.of("v,y", 60, i -> "\"[7, %d]\",%s".formatted(i * 37 % 61, i * 37 % 61 * 0.5)));
    plan(telling, Scaling.STANDARD).load(notes::add);
    assertTrue(notes.toString().contains("column \"v\" alone tells the target"), notes::toString);
    Preparation preparation =
        plan(csv("v.csv", text -> text), Scaling.STANDARD).load(note -> {}).preparation();
    Path later =
        file("l.csv", "size,words,town\n1,-,Ulm\n1,none,Ulm\n1,[],Ulm\n1,\"[1, 2]\",Ulm\n");
    Expect.failure(
        () -> preparation.apply(Table.read(later, preparation.options()), false, note -> {}),
        "l.csv, line 5, column \"words\": a vector of 2 numbers");
  }

  /** Decimal commas between blanks, and what NumPy cut short. */
  @ParameterizedTest
  @ValueSource(strings = {"[0,5 1,5]", "[0.5 1.5 ... 3.5]", "[np.float64(0.1)]", "[[1, 2]]"})
  void otherListsAreTexts(String text) throws IOException {
    Table table = Table.read(file("o.csv", "v,y\n" + "\"%s\",1\n".formatted(text).repeat(30)));
    assertInstanceOf(Column.Categorical.class, table.column("v"));
  }

  @Test
  void noneIsATargetOrAWeight() throws IOException {
    DataPlan plan = plan(csv("v.csv", text -> text), Scaling.STANDARD);
    Expect.failure(
        () -> plan.withTarget("words").load(note -> {}),
        "column \"words\" holds vectors of 3 numbers, but a target is one value. help: --categorical words makes");
    Expect.failure(
        () -> plan.withWeights("words").load(note -> {}),
        "but a weight is one value. help: --weights");
  }
}
