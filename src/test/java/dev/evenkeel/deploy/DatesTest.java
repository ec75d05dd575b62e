package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.evenkeel.CsvText;
import dev.evenkeel.Expect;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.DateForm;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Table;
import dev.evenkeel.io.Json;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Parts;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.DoubleBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Columns of dates, from the file to every kind of answer. */
class DatesTest {

  private static final int ROWS = 120;

  @TempDir Path folder;

  /** Dates and times with gaps, decimal commas, and words. */
  private String csv() {
    StringBuilder csv = new StringBuilder("day;at;area;town;price\n");
    Random random = new Random(3);
    for (int row = 0; row < ROWS; row++) {
      LocalDate day = LocalDate.of(2019, 1, 1).plusDays(random.nextInt(2000));
      LocalDateTime at = day.atTime(random.nextInt(24), random.nextInt(60));
      csv.append(row % 11 == 0 ? "-" : day).append(';').append(row % 13 == 0 ? "" : at).append(';');
      csv.append(String.format(Locale.ROOT, "%.2f", random.nextDouble() * 9).replace('.', ','));
      csv.append(';').append(row % 2 == 0 ? "Ulm" : "Bern").append(';');
      csv.append(day.getDayOfYear() + random.nextInt(9)).append('\n');
    }
    return csv.toString();
  }

  private DataPlan plan(Scaling scaling) throws IOException {
    Path file = Files.writeString(folder.resolve("days.csv"), csv());
    return DataPlan.of(file.toString()).withScaling(scaling);
  }

  @Test
  void datesBecomeNumbersAndThatIsSaid() throws IOException {
    List<String> notes = new ArrayList<>();
    Parts parts = plan(Scaling.STANDARD).load(notes::add);
    assertEquals(5 + 7 + 1 + 2, parts.train().columns());
    Preparation preparation = parts.preparation();
    Feature.Dates day = assertInstanceOf(Feature.Dates.class, preparation.features().get(0));
    assertEquals(DateForm.ISO, day.form());
    assertEquals(preparation, Json.read(Json.write(preparation), Preparation.class, "json"));
    assertTrue(
        notes.stream()
            .anyMatch(
                note ->
                    note.contains(
                        "dates in columns \"day\", \"at\" became days since 1970 and their places in the year, the week and the day")),
        notes::toString);
  }

  @ParameterizedTest
  @EnumSource(Scaling.class)
  void everyAnswerIsTheSame(Scaling scaling) throws IOException, OrtException {
    SavedModel saved = TinyRuns.train(plan(scaling), Recipe.regression(), folder.resolve("run"));
    Preparation preparation = saved.preparation().orElseThrow();
    Table table = Table.read(folder.resolve("days.csv"), preparation.options());
    float[] expected;
    try (BatchPredictor batch = new BatchPredictor(saved, () -> Device.cpu(1), 32)) {
      expected = batch.predict(table);
      assertArrayEquals(expected, batch.predict(Table.read(folder.resolve("days.csv"))));
    }
    Predictor predictor = Predictor.of(saved);
    float[] single = new float[ROWS];
    List<String> lines = csv().lines().skip(1).toList();
    for (int row = 0; row < ROWS; row++) {
      String[] cells = lines.get(row).split(";");
      Map<String, String> fields =
          Map.of("day", cells[0], "at", cells[1], "area", cells[2], "town", cells[3]);
      single[row] = predictor.predict(fields)[0];
    }
    assertArrayEquals(expected, single, 0.01f);
    Path file = folder.resolve("model.onnx");
    OnnxFile.write(file, saved);
    assertArrayEquals(expected, onnx(file, lines), 0.01f);
    Expect.failure(
        () -> predictor.predict(Map.of("day", "1.2.2020", "at", "", "area", "1", "town", "Ulm")),
        "Column \"day\": \"1.2.2020\" is not a date such as 2024-01-31");
  }

  /** As a caller feeds it: the days counted by Java's own calendar. */
  private static float[] onnx(Path file, List<String> lines) throws OrtException {
    double[] days = new double[ROWS];
    double[] times = new double[ROWS];
    double[] areas = new double[ROWS];
    String[] towns = new String[ROWS];
    for (int row = 0; row < ROWS; row++) {
      String[] cells = lines.get(row).split(";");
      days[row] = cells[0].equals("-") ? Double.NaN : LocalDate.parse(cells[0]).toEpochDay();
      times[row] =
          cells[1].isEmpty()
              ? Double.NaN
              : LocalDateTime.parse(cells[1]).toEpochSecond(ZoneOffset.UTC) / 86_400.0;
      areas[row] = Double.parseDouble(cells[2].replace(',', '.'));
      towns[row] = cells[3];
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {ROWS, 1};
    try (OrtSession session = environment.createSession(file.toString());
        OnnxTensor day = OnnxTensor.createTensor(environment, DoubleBuffer.wrap(days), shape);
        OnnxTensor at = OnnxTensor.createTensor(environment, DoubleBuffer.wrap(times), shape);
        OnnxTensor area = OnnxTensor.createTensor(environment, DoubleBuffer.wrap(areas), shape);
        OnnxTensor town = OnnxTensor.createTensor(environment, towns, shape);
        OrtSession.Result result =
            session.run(Map.of("day", day, "at", at, "area", area, "town", town))) {
      float[] seen = new float[ROWS];
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(seen);
      return seen;
    }
  }

  @Test
  void laterRowsAreReadInTheFormThatTrainingFound() throws IOException {
    IntFunction<String> row = i -> "%02d/%02d/2024,%d".formatted(1 + i % 12, 1 + i % 28, i);
    String text = CsvText.of("day,y", 60, row);
    Path file = Files.writeString(folder.resolve("us.csv"), text);
    Preparation preparation = DataPlan.of(file.toString()).load(note -> {}).preparation();
    Feature.Dates day = (Feature.Dates) preparation.features().get(0);
    assertEquals(DateForm.MONTH_FIRST, day.form());
    Path later = Files.writeString(folder.resolve("later.csv"), "day\n03/04/2024\n\"\"\n");
    float[] seen = preparation.apply(Table.read(later), false, note -> {}).features();
    double march = LocalDate.of(2024, 3, 4).toEpochDay() - day.center();
    assertEquals(
        (march - preparation.standardize().mean()[0]) / preparation.standardize().deviation()[0],
        seen[0],
        1e-5);
    Path wrong = Files.writeString(folder.resolve("wrong.csv"), "day\n03/04/2024\n31/12/2024\n");
    Expect.failure(
        () -> preparation.apply(Table.read(wrong), false, note -> {}),
        "wrong.csv, line 3, column \"day\": \"31/12/2024\" is not a date such as 01/31/2024");
  }

  @Test
  void whatIsNotClearlyADateStaysAText() throws IOException {
    String unclear = "day,y\n" + rows("0%d/02/2024");
    assertInstanceOf(Feature.Categorical.class, first(unclear));
    assertInstanceOf(Feature.Categorical.class, first("day,y\n" + rows("2024-0%d-31")));
    assertEquals(DateForm.DOTS, ((Feature.Dates) first("day,y\n" + rows("%d.12.2024"))).form());
    assertEquals(
        DateForm.DAY_FIRST, ((Feature.Dates) first("day,y\n" + rows("2%d/12/2024"))).form());
  }

  private static String rows(String form) {
    return new Random(1)
        .ints(60, 1, 9)
        .mapToObj(k -> form.formatted(k) + "," + k * 3.5 + "\n")
        .collect(Collectors.joining());
  }

  private Feature first(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("t.csv"), text);
    return DataPlan.of(file.toString()).load(note -> {}).preparation().features().get(0);
  }
}
