package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.Expect;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
        "Column \"fee\": \"€5\" is not a number such as \"$ 1,200.5\"");
    predictor.predict(Map.of("fee", "1,250", "share", "5%")); // a currency may be left out
  }

  /** Most are below 1,000, so the few others are no mistakes. */
  @Test
  void fewThousandsAmongPlainNumbers() throws IOException {
    Path file =
        csv("few.csv", "fee,y", 100, row -> row == 60 ? "\"1,024\"," + row : row + "," + row);
    Table table = Table.read(file);
    assertEquals("1024", table.column("fee").text(60));
    assertTrue(table.remarks().get(0).contains("column \"fee\" (\"1,024\" is 1024)"));
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
