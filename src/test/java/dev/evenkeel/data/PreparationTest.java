package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evenkeel.Expect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreparationTest {

  private static final String CARS =
      """
      age,color,price,id
      1,red,100,a
      3,blue,300,b
      NA,red,200,c
      5,?,400,d
      9,green,900,e
      """;
  private static final int[] TRAIN = {0, 1, 2, 3};

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private Table table(String text) throws IOException {
    return Table.read(Files.writeString(folder.resolve("t.csv"), text));
  }

  private static Preparation fit(Table table, String target, List<String> drop, int[] rows) {
    return Preparation.fit(
        table,
        TargetChoice.of(table, List.of(target), Optional.empty()),
        drop,
        rows,
        Scaling.STANDARD);
  }

  private Preparation cars() throws IOException {
    return fit(table(CARS), "price", List.of("id"), TRAIN);
  }

  private static int[] all(Table table) {
    return IntStream.range(0, table.rows()).toArray();
  }

  /** At 1e9 floats are 64 apart: such targets would all be one, and r2 a perfect 1. */
  @Test
  void targetsThatFloatsCantTellApartAreRefused() throws IOException {
    Expect.failure(
        () -> fitted("x,y\n1,1000000003.5\n2,999999991.25\n3,1000000010.5\n4,999999998\n"),
        "the target \"y\" lies around 1.00000e+09 and varies by ",
        "floats of that size are 64 apart",
        "help: subtract 1.00000e+09 from the column");
    fitted("x,y\n1,1000003500\n2,999991250\n3,1000010500\n4,999998000\n");
    fitted("x,y\n1,1e-9\n2,3e-9\n3,-2e-9\n4,5e-9\n");
  }

  /** Of the last, even the squares of differences are 0 in double. */
  @ParameterizedTest
  @ValueSource(strings = {"e-45", "e-60", "e-200", "e-320"})
  void targetsThatAreFloatsZerosAreRefused(String unit) throws IOException {
    Expect.failure(
        () -> fitted("x,y\n1,1u\n2,3u\n3,-2u\n4,5u\n".replace("u", unit)),
        "the target \"y\" lies around ",
        "floats of that size are 1.4e-45 apart",
        "help: give it in a smaller unit");
  }

  private Preparation fitted(String text) throws IOException {
    Table table = table(text);
    TargetChoice choice = TargetChoice.of(table, List.of("y"), Optional.of(Task.Kind.REGRESSION));
    return Preparation.fit(table, choice, List.of(), TRAIN, Scaling.STANDARD);
  }

  @Test
  void columnsBecomeStandardisedFeaturesByTheTrainingRowsAlone() throws IOException {
    Preparation cars = cars();
    assertEquals(
        List.of(
            new Feature.Numeric("age", 3),
            new Feature.Categorical("color", List.of("blue", "red"))),
        cars.features());
    Dataset data = cars.apply(table(CARS), true, notes::add);
    assertEquals(3, data.columns());
    double age = Math.sqrt((4 + 0 + 0 + 4) / 4.0);
    // a category's inputs lie 1 apart, however rare it is
    float[] first = {(float) (-2 / age), -0.25f, 0.5f, 0, 0.75f, -0.5f};
    assertArrayEquals(first, Arrays.copyOf(data.features(), 6), 1e-6f);
    assertEquals(0, data.features()[2 * 3], "a missing age becomes the mean");
    assertEquals((float) (6 / age), data.features()[4 * 3], 1e-6f);
    float[] missing = {(float) (2 / age), -0.25f, -0.5f};
    assertArrayEquals(missing, Arrays.copyOfRange(data.features(), 9, 12), 1e-6f);
  }

  /** Blue is 0, red 1, and neither what is missing nor green. */
  @Test
  void aCategoryIsStoredAsOneFloat() throws IOException {
    Dataset data = cars().apply(table(CARS), true, notes::add);
    assertEquals(2, data.layout().stored());
    float[] colors = new float[5];
    for (int row = 0; row < colors.length; row++) {
      colors[row] = data.stored().array().orElseThrow()[2 * row + 1];
    }
    assertArrayEquals(new float[] {1, 0, 1, -1, -1}, colors);
    Dataset some = data.select(new int[] {4, 0});
    float[] stored = some.stored().array().orElseThrow();
    assertArrayEquals(new float[] {-1, 1}, new float[] {stored[1], stored[3]});
    assertNotEquals(data.fingerprint(), data.select(new int[] {1, 0, 2, 3, 4}).fingerprint());
  }

  /** Two numbers that are one as doubles. */
  @Test
  void classesOfManyDigitsStayApart() throws IOException {
    String text = "x,y\n1,9007199254740992\n2,9007199254740993\n3,8\n4,9007199254740993\n5,8\n";
    Table table = table(text);
    TargetChoice choice =
        TargetChoice.of(table, List.of("y"), Optional.of(Task.Kind.CLASSIFICATION));
    Preparation fitted = Preparation.fit(table, choice, List.of(), all(table), Scaling.STANDARD);
    assertEquals(
        List.of("8", "9007199254740992", "9007199254740993"),
        ((Target.Labels) fitted.target()).classes());
    assertArrayEquals(new int[] {1, 2, 0, 2, 0}, fitted.apply(table, true, notes::add).labels());
  }

  /** As likelihoods are; a float has nothing between 0 and 1e-45. */
  @Test
  void numbersTooSmallForFloatsAreNoConstants() throws IOException {
    String text = "tiny,same,y\n1e-60,3e-70,1\n3e-60,3e-70,2\n5e-60,3e-70,3\n";
    Table table = table(text);
    Preparation fitted = fit(table, "y", List.of(), all(table));
    float[] features = fitted.apply(table, false, notes::add).features();
    float far = (float) Math.sqrt(1.5);
    assertArrayEquals(new float[] {-far, 0, 0, 0, far, 0}, features, 1e-6f);
  }

  @Test
  void aRegressionsTargetsAreStandardisedAndComeBack() throws IOException {
    Preparation cars = cars();
    Dataset data = cars.apply(table(CARS), true, notes::add);
    double deviation = Math.sqrt(12500);
    assertEquals(new Task.Regression(List.of("price")), data.task());
    assertEquals((float) (-150 / deviation), data.targets()[0], 1e-6f);
    float[] outputs = data.targets().clone();
    cars.restoreTargets(outputs);
    assertArrayEquals(new float[] {100, 300, 200, 400, 900}, outputs, 1e-3f);
  }

  /** Of two texts the second is 1, also where a later table has one of them alone. */
  @Test
  void flagsAreZeroAndOne() throws IOException {
    Table table = table("x,late,open\n1,1,yes\n2,0,no\n3,0,yes\n4,1,no\n");
    TargetChoice choice = TargetChoice.of(table, List.of("late", "open"), Optional.empty());
    assertEquals(Task.Kind.FLAGS, choice.kind());
    assertArrayEquals(new int[4], choice.strata(table));
    Preparation fitted = Preparation.fit(table, choice, List.of(), all(table), Scaling.STANDARD);
    assertEquals(
        new Target.Flags(
            List.of(new Target.Flag("late", "0", "1"), new Target.Flag("open", "no", "yes"))),
        fitted.target());
    assertEquals(new Task.Flags(List.of("late", "open=yes")), fitted.target().task());
    float[] flags = fitted.apply(table, true, notes::add).targets();
    assertArrayEquals(new float[] {1, 1, 0, 0, 0, 1, 1, 0}, flags);
    Path file = Files.writeString(folder.resolve("l.csv"), "open,x,late\nyes,1,1\nyes,2,1\n");
    Table later = Table.read(file, fitted.options());
    assertArrayEquals(new float[] {1, 1, 1, 1}, fitted.apply(later, true, notes::add).targets());
    ObjectMapper json = new ObjectMapper();
    assertEquals(fitted, json.readValue(json.writeValueAsString(fitted), Preparation.class));
    Expect.failure(() -> new Target.Flag("a", "x", "x"), "is \"x\" where it is true and where not");
    Expect.failure(() -> new Target.Flags(List.of()), "Flags need at least one");
    Target.Flag one = new Target.Flag("a", "0", "1");
    Expect.failure(() -> new Target.Flags(List.of(one, one)), "no name twice", "[a, a]");
  }

  @Test
  void everyPartSurvivesJson() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Preparation table = cars();
    assertEquals(table, json.readValue(json.writeValueAsString(table), Preparation.class));
    Dataset pixels =
        Dataset.classification(
            "p", new float[] {1, 2, 3, 5}, 2, new int[] {0, 1}, List.of("a", "b"));
    Preparation array = Preparation.fit(pixels, new int[] {0, 1}, true);
    assertEquals(array, json.readValue(json.writeValueAsString(array), Preparation.class));
    assertNotEquals(array, Preparation.fit(pixels, new int[] {0, 1}, false));
  }

  @Test
  void columnsAreFoundByNameInAnyOrderAndExtraOnesAreNoted() throws IOException {
    Preparation cars = cars();
    float[] expected = cars.apply(table(CARS), false, note -> {}).features();
    Table moved = table("new,color,age\n7,red,1\n7,blue,3\n7,red,\n7,,5\n7,green,9\n");
    Dataset data = cars.apply(moved, false, notes::add);
    assertArrayEquals(expected, data.features());
    assertFalse(data.hasTargets());
    assertEquals(new Task.Regression(List.of("price")), data.task());
    assertEquals(2, notes.size(), notes::toString);
    assertTrue(notes.get(0).endsWith("ignored what the model was not trained on: \"new\"."));
  }

  @Test
  void unseenCategoriesAreNotedAndCountAsMissing() throws IOException {
    Preparation cars = cars();
    Table table = table("age,color\n5,mauve\n5,\n5,teal\n5,mauve\n");
    Dataset data = cars.apply(table, false, notes::add);
    assertArrayEquals(Arrays.copyOf(data.features(), 3), Arrays.copyOfRange(data.features(), 3, 6));
    assertEquals(1, notes.size());
    assertTrue(
        notes
            .get(0)
            .endsWith(
                "column \"color\" has 2 texts unknown to the model, in 3 rows, taken as missing: \"mauve\", \"teal\"."),
        notes.get(0));
  }

  @Test
  void categoriesThatLookLikeNumbersInALaterTableAreStillFound() throws IOException {
    Table train = table("k,y\n10,a\n2,b\nx,a\n10,b\n");
    Preparation prepared = fit(train, "y", List.of(), all(train));
    assertEquals(new Feature.Categorical("k", List.of("2", "10", "x")), prepared.features().get(0));
    float[] expected = prepared.apply(train, false, notes::add).features();
    float[] seen = prepared.apply(table("k\n10\n2\n"), false, notes::add).features();
    assertArrayEquals(Arrays.copyOf(expected, 6), seen);
    assertEquals(List.of(), notes);
  }

  @Test
  void classesAreSortedNaturally() throws IOException {
    Table table = table("x,y\n1,c10\n2,c2\n3,c1\n4,c2\n");
    Preparation prepared = fit(table, "y", List.of(), all(table));
    assertEquals(new Target.Labels("y", List.of("c1", "c2", "c10")), prepared.target());
    assertArrayEquals(new int[] {2, 1, 0, 1}, prepared.apply(table, true, notes::add).labels());
  }

  @Test
  void largeNumbersKeepTheirDifferences() throws IOException {
    Table table = table("time,y\n1700000000,1.5\n1700000001,2.5\n1700000002,4\n");
    Dataset data = fit(table, "y", List.of(), all(table)).apply(table, true, notes::add);
    float step = (float) Math.sqrt(1.5);
    assertArrayEquals(new float[] {-step, 0, step}, data.features(), 1e-6f);
  }

  @Test
  void theTaskIsFoundAndExplained() throws IOException {
    StringBuilder text = new StringBuilder("few,many,half,name\n");
    for (int i = 0; i < 60; i++) {
      text.append(i % 3 + "," + i + "," + i % 2 * 0.5 + ",n" + i % 2 + "\n");
    }
    Table table = table(text.toString());
    TargetChoice few = TargetChoice.of(table, List.of("few"), Optional.empty());
    assertEquals(Task.Kind.CLASSIFICATION, few.kind());
    assertEquals(
        "Column \"few\" is predicted by classification, because it holds whole numbers of 3 different values. If that is wrong, say --task regression.",
        few.sentence());
    assertEquals(
        Task.Kind.REGRESSION, TargetChoice.of(table, List.of("2"), Optional.empty()).kind());
    TargetChoice half = TargetChoice.of(table, List.of("half"), Optional.empty());
    assertEquals(Task.Kind.REGRESSION, half.kind());
    assertTrue(half.sentence().endsWith("say --task classification."), half.sentence());
    TargetChoice name = TargetChoice.of(table, List.of("-1"), Optional.empty());
    assertEquals(List.of("name"), name.columns());
    assertEquals(Task.Kind.CLASSIFICATION, name.kind());
    Optional<Task.Kind> forced = Optional.of(Task.Kind.CLASSIFICATION);
    TargetChoice asked = TargetChoice.of(table, List.of("half"), forced);
    assertEquals(List.of("0", "0.5"), asked.classes(table, all(table)));
    Expect.failure(
        () -> TargetChoice.of(table, List.of("name"), Optional.of(Task.Kind.REGRESSION)),
        "\"name\" cannot be predicted as a number",
        "\"n0\"");
    Expect.failure(
        () -> TargetChoice.of(table, List.of("nope"), Optional.empty()),
        "no column \"nope\"",
        "few, many, half, name");
  }

  @Test
  void aTablesSplitIsStratifiedByItsClasses() throws IOException {
    StringBuilder text = new StringBuilder("x,y\n");
    for (int i = 0; i < 100; i++) {
      text.append(i).append(i % 10 == 0 ? ",rare\n" : ",common\n");
    }
    Table table = table(text.toString());
    TargetChoice choice = TargetChoice.of(table, List.of("y"), Optional.empty());
    Split split = Split.stratified(choice.strata(table), 0.2, 0.1, 1);
    assertEquals(2, IntStream.of(split.valid()).filter(row -> row % 10 == 0).count());
    assertEquals(1, IntStream.of(split.test()).filter(row -> row % 10 == 0).count());
  }

  @Test
  void whatATableLacksIsNamed() throws IOException {
    Preparation cars = cars();
    Table noAge = table("color,price\nred,5\n");
    Expect.failure(
        () -> cars.apply(noAge, false, notes::add),
        "no column \"age\", which the model was trained on",
        "columns are: color, price");
    Table noPrice = table("age,color\n1,red\n");
    Expect.failure(() -> cars.apply(noPrice, true, notes::add), "no column \"price\"");
    Table texts = table("age,color\nold,red\n");
    Expect.failure(
        () -> cars.apply(texts, false, notes::add),
        "line 2, column \"age\": \"old\" is not a finite number",
        "trained on numbers");
    Table missing = table("age,color,price\n1,red,5\n1,red,\n");
    Expect.failure(
        () -> cars.apply(missing, true, notes::add), "line 3: the target \"price\" is missing");
    Expect.failure(
        () -> fit(missing, "price", List.of(), new int[] {0, 1}), "line 3: the target \"price\"");
  }

  @Test
  void anUnknownClassIsNamed() throws IOException {
    Table train = table("x,y\n1,a\n2,b\n3,a\n");
    Preparation prepared = fit(train, "y", List.of(), all(train));
    Table later = table("x,y\n1,a\n2,c\n");
    Expect.failure(
        () -> prepared.apply(later, true, notes::add),
        "line 3: the class \"c\" of column \"y\" is not among those trained on: a, b");
  }

  /** A million numbers of a column at most: of 1,000 classes, 1,000 texts. */
  @Test
  void ofTooManyTextsThoseThatMostRowsHaveAreKnown() throws IOException {
    StringBuilder text = new StringBuilder("city,y\n");
    for (int i = 0; i < 2_003; i++) {
      String city = i < 2 ? "rare" + i : "c" + i % 1_001; // c1 once, the others twice
      text.append(city).append(",k").append(i % 1_000).append("\n");
    }
    Table table = table(text.toString());
    Preparation prepared = fit(table, "y", List.of(), all(table));
    assertEquals(1_000, prepared.width());
    List<String> expected =
        IntStream.rangeClosed(0, 1_000).filter(i -> i != 1).mapToObj(i -> "c" + i).toList();
    assertEquals(expected, prepared.features().get(0).levels());
    List<String> remarks = TableRemarks.of(table, prepared, Set.of("city", "y"), all(table));
    String words =
        "of each text of \"city\" (1,003 texts, the 1,000 that most rows have, which tell nothing of it by themselves) the network gets the mean target of its rows, drawn to that of all where they are few. help: --drop city leaves it out; --one-hot N makes an input of each text, where a column has at most N";
    assertTrue(remarks.get(0).contains(words), remarks::toString);
    prepared.apply(table, true, notes::add);
    assertTrue(notes.get(0).contains("\"city\" has 3 texts unknown to the model"), notes::toString);
  }

  @Test
  void uselessColumnsAreNamedWithTheirRemedy() throws IOException {
    StringBuilder text = new StringBuilder("id,x,y\n");
    for (int i = 0; i < 1001; i++) {
      text.append("u").append(i).append(",").append(i).append(",").append(i % 9 * 0.5).append("\n");
    }
    Table table = table(text.toString());
    assertEquals(1, fit(table, "y", List.of("id"), all(table)).width());
    assertEquals(2, fit(table, "y", List.of(), IntStream.range(0, 1000).toArray()).width());
    Expect.failure(
        () -> fit(table, "y", List.of("id", "x"), all(table)), "no column to learn from");
    Expect.failure(() -> fit(table, "y", List.of("q"), all(table)), "no column \"q\"");
    Expect.failure(() -> fit(table, "y", List.of("id"), new int[0]), "0 training rows");
    Table hollow = table("x,e,y\n1,,1\n2,,2\n");
    Expect.failure(
        () -> fit(hollow, "y", List.of(), all(hollow)), "\"e\" has no value", "--drop e");
  }

  @Test
  void arraysAreStandardisedInACopy() {
    float[] features = {0, 10, 4, 30, 100, 100};
    Dataset data = Dataset.regression("a", features, 2, new float[] {1, 3, 5}, List.of("y"));
    Preparation prepared = Preparation.fit(data, new int[] {0, 1}, false);
    Dataset applied = prepared.apply(data, new int[] {1, 2});
    assertArrayEquals(new float[] {1, 1, 49, 8}, applied.features());
    assertArrayEquals(new float[] {1, 3}, applied.targets());
    assertArrayEquals(new float[] {0, 10, 4, 30, 100, 100}, features);
    assertArrayEquals(new float[] {1, 3, 5}, data.targets());
    assertEquals(3, prepared.apply(data).rows());
    Dataset narrow = Dataset.unlabelled("n", new float[3], 1);
    Expect.failure(() -> prepared.apply(narrow), "1 column without", "takes 2 columns");
    Dataset labelled = Dataset.classification("c", features, 2, new int[3], List.of("k"));
    Expect.failure(() -> prepared.apply(labelled), "was trained for a regression of 1 value");
    Expect.failure(() -> Preparation.fit(narrow, new int[] {0}, true), "no targets");
  }

  @Test
  void aModelOfArraysTakesATableOfAsManyColumns() throws IOException {
    float[] features = {0, 10, 4, 30};
    Dataset data = Dataset.classification("a", features, 2, new int[] {0, 1}, List.of("0", "1"));
    Preparation prepared = Preparation.fit(data, new int[] {0, 1}, false);
    Dataset applied = prepared.apply(table("0,10,1\n4,30,0\n"), true, notes::add);
    assertArrayEquals(new float[] {-1, -1, 1, 1}, applied.features());
    assertArrayEquals(new int[] {1, 0}, applied.labels());
    assertEquals(2, prepared.apply(table("0,10\n"), false, notes::add).columns());
    assertEquals(List.of(), notes);
    Table four = table("1,2,3,4\n");
    Expect.failure(() -> prepared.apply(four, false, notes::add), "has 4 columns", "takes 2");
    Table missing = table("1,\n2,3\n");
    Expect.failure(
        () -> prepared.apply(missing, false, notes::add), "line 1, column \"2\"", "is missing");
  }

  @Test
  void laterArraysMayLackTheLastClassesButHaveNoMore() {
    float[] features = {0, 10, 4};
    Dataset three = Dataset.classification("a", features, 1, new int[] {0, 1, 2}, names(3));
    Preparation prepared = Preparation.fit(three, new int[] {0, 1, 2}, false);
    Dataset two = Dataset.classification("b", features, 1, new int[] {0, 1, 1}, names(2));
    assertEquals(three.task(), prepared.apply(two).task());
    assertArrayEquals(new int[] {0, 1, 1}, prepared.apply(two).labels());
    Dataset four = Dataset.classification("c", features, 1, new int[] {0, 1, 3}, names(4));
    Expect.failure(
        () -> prepared.apply(four), "1 class of which training had no rows: \"3\"", "\"0\", \"1\"");
  }

  private static List<String> names(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }
}
