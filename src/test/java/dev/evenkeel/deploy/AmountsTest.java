package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.Expect;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Groups;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.TableFormat;
import dev.evenkeel.data.Target;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.Json;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Money, percents and thousands apart train and answer as the plain numbers do. */
class AmountsTest {

  private static final int ROWS = 200;

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private static int fee(int row) {
    return row * row * 37 % 2900;
  }

  private static double share(int row) {
    return row * 17 % 1000 / 10.0;
  }

  private static double price(int row) {
    return fee(row) * 3.25 - share(row) * 40;
  }

  private static String plain(int row) {
    String fee = row % 20 == 3 ? "" : Integer.toString(fee(row));
    return "%s,%s,%.2f".formatted(fee, share(row), price(row));
  }

  /** How the same rows are written. */
  enum Style {
    AMERICAN(";") {
      @Override
      List<String> cells(int row) {
        String price = "$%,.2f".formatted(Math.abs(price(row)));
        return List.of(
            "$%,d".formatted(fee(row)),
            share(row) + "%",
            price(row) < 0 ? "(" + price + ")" : price);
      }
    },
    GERMAN(";") {
      @Override
      List<String> cells(int row) {
        return List.of(
            "%,d €".formatted(fee(row)).replace(',', '.'),
            "%s %%".formatted(share(row)).replace('.', ','),
            String.format(Locale.GERMANY, "%,.2f", price(row)));
      }
    },
    SWISS(",") {
      @Override
      List<String> cells(int row) {
        return List.of(
            "%,d".formatted(fee(row)).replace(',', '\''),
            share(row) + "%",
            "CHF %,.2f".formatted(price(row)).replace(',', '’'));
      }
    };

    private final String delimiter;

    Style(String delimiter) {
      this.delimiter = delimiter;
    }

    abstract List<String> cells(int row);

    String line(int row) {
      List<String> cells = new ArrayList<>(cells(row));
      if (row % 20 == 3) {
        cells.set(0, "-");
      }
      return String.join(delimiter, cells);
    }

    String header() {
      return String.join(delimiter, "fee", "share", "price");
    }
  }

  private Path csv(String name, String header, int rows, IntFunction<String> line)
      throws IOException {
    return Files.writeString(folder.resolve(name), CsvText.of(header, rows, line::apply));
  }

  private DataPlan plan(Path file) {
    return DataPlan.of(file.toString());
  }

  private Path written(Style style) throws IOException {
    return csv(style + ".csv", style.header(), ROWS, style::line);
  }

  @ParameterizedTest
  @EnumSource
  void theyTrainAsPlainNumbersDo(Style style) throws IOException {
    Parts plain = plan(csv("plain.csv", "fee,share,price", ROWS, AmountsTest::plain)).load(n -> {});
    Parts amounts = plan(written(style)).load(notes::add);
    assertEquals(plain.preparation().features(), amounts.preparation().features());
    assertEquals(plain.preparation().target(), amounts.preparation().target());
    assertArrayEquals(plain.train().features(), amounts.train().features());
    assertArrayEquals(plain.train().targets(), amounts.train().targets());
    assertTrue(notes.get(0).contains("read as numbers: columns \"fee\" (\""), notes::toString);
    assertTrue(notes.get(0).endsWith("say --categorical fee,share,price."), notes::toString);
  }

  @ParameterizedTest
  @EnumSource
  void laterRowsAreReadAlike(Style style) throws IOException {
    DataPlan plan = plan(written(style));
    SavedModel saved = TinyRuns.train(plan, Recipe.of(plan.load(n -> {}).train()), folder);
    Preparation preparation = saved.preparation().orElseThrow();
    assertEquals(preparation, Preparation.read(Json.write(preparation), "json"));

    // A few rows, of which by themselves some could be read otherwise.
    Path few = csv("few.csv", style.header(), 6, row -> style.line(row + 7));
    Dataset later = plan.load(few.toString(), true, preparation, notes::add);
    Dataset all = plan.load(plan.data(), true, preparation, n -> {});
    assertEquals(List.of(), notes);
    Predictor predictor = Predictor.of(saved);
    for (int row = 0; row < 6; row++) {
      assertEquals(all.targets()[row + 7], later.targets()[row]);
      List<String> cells = style.cells(row + 7);
      Map<String, ?> texts = Map.of("fee", cells.get(0), "share", cells.get(1));
      Map<String, ?> numbers = Map.of("fee", fee(row + 7), "share", share(row + 7));
      assertEquals(predictor.predict(numbers)[0], predictor.predict(texts)[0], texts.toString());
    }
  }

  @Test
  void whatIsNotOfTheFormIsRefused() throws IOException {
    DataPlan plan = plan(written(Style.AMERICAN));
    SavedModel saved = TinyRuns.train(plan, Recipe.of(plan.load(n -> {}).train()), folder);
    Preparation preparation = saved.preparation().orElseThrow();
    Path share = csv("share.csv", "fee,share", 3, row -> "$5,0.5");
    Expect.failure(
        () -> plan.load(share.toString(), false, preparation, n -> {}),
        "line 2, column \"share\": \"0.5\" is not a number such as \"4.5%\", but the model was trained on numbers there");
    Predictor predictor = Predictor.of(saved);
    Expect.failure(
        () -> predictor.predict(Map.of("fee", "€5", "share", "5%")),
        "Column \"fee\": \"€5\" is not a number such as \"$1,200.5\"");
    predictor.predict(Map.of("fee", "1,250", "share", "5%")); // a currency may be left out
  }

  /** Else numbers would become a thousand times larger. */
  @Test
  void aFewAmountsAmongPlainNumbersAreMistakes() throws IOException {
    for (String odd : List.of("\"4,5\"", "\"4,567\"", "2 €", "5$", "5%", "\"1.204,5\"")) {
      Path file =
          csv("odd.csv", "x,y", 100, i -> (i == 33 ? odd : 1 + i % 9 + ".70" + i % 7) + "," + i);
      Expect.failure(
          () -> Table.read(file),
          "line 35, column \"x\": \"" + odd.replace("\"", "") + "\" is not");
    }
    Path zeros = csv("zeros.csv", "x,y", 100, i -> (i == 33 ? "5%" : "0") + "," + i);
    Expect.failure(() -> Table.read(zeros), "line 35, column \"x\": \"5%\" is not");
  }

  @Test
  void aColumnThatIsSureTellsOfTheOthers() throws IOException {
    Table comma =
        Table.read(csv("c.csv", "p;fuel;y", 9, i -> "1.23" + i + ",50 €;1,68" + i + " €;" + i));
    assertEquals("1237.5", comma.column("p").text(7));
    assertEquals("1.687", comma.column("fuel").text(7));
    Table point =
        Table.read(csv("p.csv", "p\tfee\ty", 9, i -> "$1,200.5" + i + "\t$2.46" + i + "\t" + i));
    assertEquals("2.467", point.column("fee").text(7));
    Table plain =
        Table.read(
            csv(
                "q.csv",
                "a,fee,y",
                9,
                i -> "2.2" + i + ",$" + (i == 0 ? "2" : "1.18" + i) + "," + i));
    assertEquals("1.185", plain.column("fee").text(5));
  }

  /** A word for missing may be an amount itself; so may the only value of a column. */
  @Test
  void missingOnes() throws IOException {
    Path file = csv("m.csv", "fee,y", ROWS, i -> "$" + (i % 4 == 0 ? "0" : 500 + i) + "," + i);
    DataPlan plan = plan(file).withFormat(TableFormat.DETECT.withMissing(List.of("$0")));
    Parts parts = plan.load(n -> {});
    assertArrayEquals(
        parts.train().features(), plan.load(parts.preparation(), notes::add).train().features());
    Path one = csv("one.csv", "fee,y", ROWS, i -> (i % 3 == 0 ? "$5" : "") + "," + i % 3);
    DataPlan single = plan(one).withTask(Task.Kind.REGRESSION);
    Parts there = single.load(n -> {});
    assertEquals(List.of("$5"), there.preparation().features().get(0).levels());
    assertArrayEquals(
        there.train().features(), single.load(there.preparation(), notes::add).train().features());
    assertEquals(List.of(), notes);
  }

  /** Rows without a target are left out of a second reading, and classes are read as texts. */
  @Test
  void aSecondReadingChangesNothing() throws IOException {
    Path file = csv("t.csv", "p;y", 60, i -> i == 5 ? "2,5 €;" : "1.1" + (10 + i % 7) + " €;" + i);
    Feature.Numeric price =
        (Feature.Numeric) plan(file).load(n -> {}).preparation().features().get(0);
    assertTrue(price.center() > 1000, "center " + price.center());
    Path graded = csv("n.csv", "fuel;mark", 60, i -> "1,4" + (10 + i) + " €;1," + i % 3);
    DataPlan marks = plan(graded).withTask(Task.Kind.CLASSIFICATION);
    Feature.Numeric fuel = (Feature.Numeric) marks.load(n -> {}).preparation().features().get(0);
    assertTrue(fuel.center() < 2, "center " + fuel.center());
  }

  /** What trained as plain numbers knows no percents, nor what another file by itself may mean. */
  @Test
  void formsOfAnotherFileAreRefused() throws IOException {
    DataPlan plan = plan(csv("p.csv", "share,y", ROWS, i -> i % 100 / 100.0 + "," + i));
    Preparation preparation = plan.load(n -> {}).preparation();
    Path percents = csv("later.csv", "share", 9, i -> i + "%");
    Expect.failure(
        () -> plan.load(percents.toString(), false, preparation, notes::add),
        "line 2, column \"share\": \"0%\" is not a finite number");
    Expect.failure(
        () ->
            preparation.apply(
                Table.read(csv("two.csv", "share,b", 9, i -> i + "%," + i)), false, notes::add),
        "column \"share\": its numbers are written as \"4.5%\"",
        "Preparation.options()");
  }

  /** Their commas part decimals, as the other column's do. */
  @Test
  void whatOtherColumnsWriteCounts() throws IOException {
    Table table = Table.read(csv("c.csv", "a;fuel;y", 9, row -> "2,5;1,4" + row + "9 €;" + row));
    assertEquals("1.429", table.column("fuel").text(2));
    Table alone = Table.read(csv("c.csv", "a;fuel;y", 9, row -> "2;1,4" + row + "9 €;" + row));
    assertEquals("1429", alone.column("fuel").text(2));
  }

  /** A number that has a type is that number, whatever texts of its column mean. */
  @Test
  void typedNumbersAreTakenAsTheyAre() throws IOException {
    DataPlan plan = plan(written(Style.GERMAN));
    SavedModel saved = TinyRuns.train(plan, Recipe.of(plan.load(n -> {}).train()), folder);
    Preparation preparation = saved.preparation().orElseThrow();
    Path json = folder.resolve("few.jsonl");
    Files.writeString(
        json,
        """
        {"fee": 1.234, "share": 4.5}
        {"fee": "1,234 €", "share": "4,5 %"}
        {"fee": 1.234e3, "share": 10}
        {"fee": "1.234 €", "share": "10%"}
        """);
    Dataset later = plan.load(json.toString(), false, preparation, notes::add);
    float[] rows = later.features();
    assertEquals(rows[0], rows[2]);
    assertEquals(rows[1], rows[3]);
    assertEquals(rows[4], rows[6]);
    assertEquals(rows[5], rows[7]);
    assertTrue(rows[0] < rows[4]);
    Predictor predictor = Predictor.of(saved);
    float[] small = predictor.predict(Map.of("fee", 1.234, "share", 4.5));
    assertArrayEquals(small, predictor.predict(Map.of("fee", "1,234", "share", "4,5%")));
    assertArrayEquals(
        small,
        predictor.predict(Map.of("fee", OptionalDouble.of(1.234), "share", Optional.of(4.5))));
    List<Map<String, Object>> maps = List.of(Map.of("fee", 1.234, "share", 4.5));
    Table table = Table.of("today", maps, preparation.options());
    assertEquals("1.234", table.column("fee").text(0));
    assertEquals("4.5", table.column("share").text(0));
  }

  @Test
  void classesAreCalledAsTheyAreWritten() throws IOException {
    Path file =
        csv(
            "notes.csv",
            "a,b,note",
            ROWS,
            row -> row % 7 + "," + row % 5 + ",$" + List.of(5, 10, 20).get(row % 3));
    DataPlan plan = plan(file);
    SavedModel saved = TinyRuns.train(plan, Recipe.of(plan.load(n -> {}).train()), folder);
    Preparation preparation = saved.preparation().orElseThrow();
    assertEquals(List.of("$5", "$10", "$20"), Predictor.of(saved).classes());
    Dataset again = plan.load(file.toString(), true, preparation, notes::add);
    assertEquals(ROWS, again.rows());
    assertArrayEquals(
        plan.load(n -> {}).train().targets(), plan.load(preparation, notes::add).train().targets());

    Path two =
        csv(
            "two.csv",
            "a,note",
            ROWS,
            row -> row % 7 + ",$" + List.of("5", "5.0", "20").get(row % 3));
    DataPlan other = plan(two);
    Preparation numbers = other.load(n -> {}).preparation();
    assertEquals(List.of("5", "20"), ((Target.Labels) numbers.target()).classes());
    assertEquals(ROWS, other.load(two.toString(), true, numbers, notes::add).rows());
  }

  @Test
  void aFileWithoutAHeaderKeepsItsFirstRow() throws IOException {
    Table table =
        Table.read(
            csv(
                "bare.csv",
                "\"$1,045\",16%,$73",
                20,
                row -> "\"$1,0" + (10 + row) + "\",5%,$" + row));
    assertEquals(21, table.rows());
    assertEquals("1045", table.column("1").text(0));
    Table quantiles =
        Table.read(csv("q.csv", "25%,50%,75%", 20, row -> row + "," + row * 2 + "," + row * 3.5));
    assertEquals(List.of("25%", "50%", "75%"), quantiles.columnNames());
  }

  /** The option is for a file that is written differently. */
  @Test
  void decimalsOfALaterFileMayBeChosen() throws IOException {
    DataPlan plan = plan(written(Style.AMERICAN));
    Preparation preparation = plan.load(n -> {}).preparation();
    Path german = csv("g.csv", "fee;share", 2, row -> "1.200,5 $;4,5 %");
    Dataset other =
        plan.load(
            german.toString(),
            false,
            preparation.withReading(preparation.reading().withDelimiter("").withDecimal(",")),
            notes::add);
    Path american = csv("a.csv", "fee;share", 2, row -> "$1,200.5;4.5%");
    Dataset same =
        plan.load(
            american.toString(),
            false,
            preparation.withReading(preparation.reading().withDelimiter("")),
            notes::add);
    assertArrayEquals(same.features(), other.features());
  }

  @Test
  void groupsAreComparedByWhatTheyStandFor() throws IOException {
    Path file =
        csv(
            "g.csv",
            "g,y",
            60,
            row -> "\"$1,0" + (row / 2 % 6 + 10) + (row % 2 == 0 ? ".00" : "") + "\"," + row);
    Table table = Table.read(file, Table.Options.DETECT.withTexts(Set.of("g")));
    assertEquals(6, Groups.of(table, "g").names().size());
  }

  /** Most are below 1,000, so the few others are no mistakes. */
  @Test
  void fewThousandsAmongPlainNumbers() throws IOException {
    Path file =
        csv("few.csv", "fee,y", 100, row -> row == 60 ? "\"1,024\"," + row : row + "," + row);
    Table table = Table.read(file);
    assertEquals("1024", table.column("fee").text(60));
    assertTrue(
        table
            .remarks()
            .get(0)
            .contains("column \"fee\" (\"1,024\" is 1024; with --decimal , it is 1.024)"));
    Path slip =
        csv("slip.csv", "fee,y", 100, row -> row == 60 ? "\"1,02\"," + row : row + "," + row);
    Expect.failure(
        () -> Table.read(slip), "line 62, column \"fee\": \"1,02\" is not a finite number");
    Path both =
        csv(
            "both.csv",
            "fee,y",
            100,
            row -> (row == 60 ? "\"1,024\"" : row == 70 ? "x" : row) + "," + row);
    Expect.failure(
        () -> Table.read(both), "line 62, column \"fee\": \"1,024\" is not a finite number");
  }

  @Test
  void chosenAsCategoriesTheyStayTexts() throws IOException {
    DataPlan plan = plan(written(Style.SWISS)).withColumns(List.of(), List.of("share"));
    Preparation preparation = plan.load(notes::add).preparation();
    assertEquals(1, preparation.features().get(0).width());
    assertTrue(preparation.features().get(1) instanceof Feature.Means, preparation::toString);
  }
}
