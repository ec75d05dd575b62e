package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Table;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportanceTest {

  private static final int ROWS = 1500; // more than a chunk, and not a whole number of them
  private static final int SEED = 3;

  @TempDir Path folder;

  private final Random random = new Random(5);

  private double[] normal() {
    return random.doubles(ROWS, -1, 1).toArray();
  }

  /** A file with these columns and a target "y". */
  private Path file(Map<String, double[]> columns, double[] y) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(String.join(",", columns.keySet()) + ",y");
    for (int i = 0; i < ROWS; i++) {
      int row = i;
      lines.add(
          columns.values().stream()
                  .map(values -> String.format(Locale.ROOT, "%.4f", values[row]))
                  .collect(Collectors.joining(","))
              + ","
              + y[row]);
    }
    return Files.write(folder.resolve("t.csv"), lines);
  }

  /** A plain map has another order in every run of Java, and a network then other weights. */
  private static Map<String, double[]> sorted(Map<String, double[]> columns) {
    return new TreeMap<>(columns);
  }

  private static double[] of(double[] x, double factor) {
    return Arrays.stream(x).map(value -> factor * value).toArray();
  }

  private static Map<String, Importance.OfColumn> byName(List<Importance.OfColumn> columns) {
    return columns.stream().collect(Collectors.toMap(Importance.OfColumn::name, one -> one));
  }

  private static List<Importance.OfColumn> trained(Path file) {
    Parts data = DataPlan.of(file.toString()).withTarget("y").load(note -> {});
    Dataset test = data.test().orElseThrow();
    try (Backend backend = Device.cpu(1);
        Model model = data.mlp(16).build(backend, 1)) {
      new Trainer(model, Recipe.regression().withBatch(16).withEpochs(40), data.train()).fit();
      return Importance.of(
          model, data.preparation(), test, Metric.named("rmse"), 5, SEED, done -> {});
    }
  }

  @Test
  void theOneColumnThatMattersIsFirstAndTheOthersAreNothingBesideIt() throws IOException {
    double[] x = normal();
    Path file = file(sorted(Map.of("a", normal(), "b", x, "c", normal())), of(x, 100));
    List<Importance.OfColumn> columns = trained(file);
    assertEquals("b", columns.get(0).name());
    // Of two independent values in ±100, the root of the mean squared difference is 100·√(2/3).
    assertEquals(100 * Math.sqrt(2 / 3.0), columns.get(0).mean(), 8);
    for (Importance.OfColumn other : columns.subList(1, 3)) {
      assertTrue(Math.abs(other.mean()) < 2, other::toString);
    }
    assertTrue(columns.get(0).deviation() > 0);
  }

  @Test
  void twoCopiesShareWhatOneAloneWouldHave() throws IOException {
    double[] x = normal();
    Path file = file(sorted(Map.of("x", x, "copy", x, "noise", normal())), of(x, 100));
    Map<String, Importance.OfColumn> columns = byName(trained(file));
    double first = columns.get("x").mean();
    double second = columns.get("copy").mean();
    // Either alone moves the answer by its share of the weight, and the shares add up to 1.
    double alone = 100 * Math.sqrt(2 / 3.0);
    assertEquals(alone, first + second, 0.15 * alone);
    assertTrue(Math.min(first, second) > 0.1 * alone, columns::toString);
    assertTrue(columns.get("noise").mean() < 0.05 * alone, columns::toString);
  }

  /** Numbers, categories, dates and holes, for a model that answers anything. */
  private Path mixed() throws IOException {
    List<String> lines = new ArrayList<>(List.of("n,town,day,m,y"));
    for (int i = 0; i < ROWS; i++) {
      lines.add(
          "%s,%s,2024-%02d-%02d,%d,%s"
              .formatted(
                  random.nextInt(9) == 0 ? "" : "" + random.nextInt(100),
                  List.of("Bern", "Basel", "Chur", "").get(random.nextInt(4)),
                  1 + random.nextInt(12),
                  1 + random.nextInt(28),
                  random.nextInt(50),
                  List.of("no", "yes", "perhaps").get(random.nextInt(3))));
    }
    return Files.write(folder.resolve("mixed.csv"), lines);
  }

  private static List<Importance.OfColumn> untrained(Backend backend, Path file, String metric) {
    Preparation preparation = preparation(file);
    Dataset all = preparation.apply(Table.read(file), true, note -> {});
    try (backend;
        Model model = Network.mlp(all.columns(), List.of(8), 3).build(backend, 1)) {
      List<Integer> done = new ArrayList<>();
      var columns =
          Importance.of(model, preparation, all, Metric.named(metric), 2, SEED, done::add);
      assertEquals(List.of(1, 2, 3, 4), done);
      return columns;
    }
  }

  private static Preparation preparation(Path file) {
    return DataPlan.of(file.toString()).withTarget("y").load(note -> {}).preparation();
  }

  /** The slow way: the file itself with one column's texts in another order, read anew. */
  private double shuffledInTheFile(Path file, int column, int[] order) throws IOException {
    List<String[]> rows =
        Files.readAllLines(file).stream().skip(1).map(line -> line.split(",")).toList();
    List<String> lines = new ArrayList<>(List.of(Files.readAllLines(file).get(0)));
    for (int row = 0; row < ROWS; row++) {
      String[] cells = rows.get(row).clone();
      cells[column] = rows.get(order[row])[column];
      lines.add(String.join(",", cells));
    }
    Preparation preparation = preparation(file);
    Table table = Table.read(Files.write(folder.resolve("shuffled.csv"), lines));
    Dataset all = preparation.apply(table, true, note -> {});
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(all.columns(), List.of(8), 3).build(backend, 1)) {
      return Metric.named("logloss")
          .of(Evaluator.predictions(model, all, 1024, Optional.of(preparation)));
    }
  }

  @Test
  void aColumnsInputsMoveTogetherAsIfTheFileHadThemSo() throws IOException {
    Path file = mixed();
    double whole = shuffledInTheFile(file, 0, IntStream.range(0, ROWS).toArray());
    Map<String, Importance.OfColumn> columns = byName(untrained(Device.cpu(1), file, "logloss"));
    List<String> names = List.of("n", "town", "day", "m");
    for (int column = 0; column < 4; column++) {
      for (int repeat = 0; repeat < 2; repeat++) {
        int[] order = Streams.shuffled(ROWS, SEED, (1L << 32) + repeat);
        assertEquals(
            shuffledInTheFile(file, column, order) - whole,
            columns.get(names.get(column)).losses().get(repeat),
            names.get(column));
      }
    }
  }

  @Test
  void theSeedDecidesAndLossesOfGoodAndBadMetricsHaveOneSign() throws IOException {
    Path file = mixed();
    List<Importance.OfColumn> first = untrained(Device.cpu(1), file, "accuracy");
    assertEquals(first, untrained(Device.cpu(1), file, "accuracy"));
    for (int i = 1; i < first.size(); i++) {
      assertTrue(first.get(i - 1).mean() >= first.get(i).mean(), first::toString);
    }
    Importance.OfColumn one = new Importance.OfColumn("a", List.of(1.0, 2.0, 6.0));
    assertEquals(3, one.mean());
    assertEquals(Math.sqrt(7), one.deviation(), 1e-15);
  }

  @Test
  void aGpuFindsTheSame() throws IOException {
    Path file = mixed();
    Map<String, Importance.OfColumn> cpu = byName(untrained(Device.cpu(1), file, "logloss"));
    SimulatedDriver driver = new SimulatedDriver(1);
    List<Importance.OfColumn> gpu = untrained(SimulatedGpu.open(driver), file, "logloss");
    driver.assertNothingLeaked();
    for (Importance.OfColumn one : gpu) {
      // float32 on both sides; a loss is about 1, a difference of two is as exact as they
      assertEquals(cpu.get(one.name()).mean(), one.mean(), 1e-6, one.name());
    }
  }

  @Test
  void dataWithoutColumnsAndSingleRepeatsAreRefused() throws IOException {
    Parts digits = DataPlan.of("digits").load(note -> {});
    Expect.failure(
        () -> Importance.requireColumns(digits.preparation()),
        "trained on 64 columns without names",
        "help: ");
    Path file = mixed();
    Preparation preparation = preparation(file);
    Dataset all = preparation.apply(Table.read(file), true, note -> {});
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(all.columns(), List.of(8), 3).build(backend, 1)) {
      Expect.failure(
          () -> Importance.of(model, preparation, all, Metric.named("f1"), 1, 1, done -> {}),
          "Importance of 1 repeat has no deviation. help: at least 2");
    }
  }
}
