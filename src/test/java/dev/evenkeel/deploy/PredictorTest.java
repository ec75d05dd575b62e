package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.evenkeel.CsvText;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.OwnJvm;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Column;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Table;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.AsTrained;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A predictor says what the Evaluator says, to every thread. */
class PredictorTest {

  /** Of the largest output: float32 sums in another order, of at most 64 products here. */
  private static final double TOLERANCE = 1e-6;

  @TempDir private Path folder;

  static Iterable<Map.Entry<String, Network>> everyNetwork() {
    return Samples.networks().entrySet();
  }

  @ParameterizedTest
  @MethodSource("everyNetwork")
  void everyLayer(Map.Entry<String, Network> named) {
    Random random = new Random(5);
    try (Backend backend = Device.cpu(1);
        Model model = named.getValue().build(backend, 3)) {
      AsTrained.disturb(model, random);
      Predictor predictor =
          new Predictor(
              Inference.of(model, Inference.Form.FOLDED, Optional.empty(), Loss.meanSquared()));
      float[] features = Samples.gaussians(random, 9 * Samples.INPUTS);
      // Folding rounds weights once more than the model: one float's rounding through a few layers.
      Samples.assertClose(
          AsTrained.outputs(model, features), predictor.outputs(features), 5 * TOLERANCE);
    }
  }

  @Test
  void digitsAreTheEvaluatorsInBatchesAndRowByRow() {
    SavedModel saved = TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    Predictor predictor = Predictor.load(folder);
    Dataset raw = TinyRuns.digits();
    Dataset prepared = saved.preparation().orElseThrow().apply(raw);
    float[] outputs = predictor.outputs(raw.features());
    Samples.assertClose(TinyRuns.outputs(saved, prepared), outputs, TOLERANCE);
    float[] answers = predictor.predict(raw.features());
    double[] expected = TinyRuns.answers(saved, prepared);
    for (int row = 0; row < raw.rows(); row++) {
      float[] one = predictor.predict(Arrays.copyOfRange(raw.features(), row * 64, (row + 1) * 64));
      for (int k = 0; k < 10; k++) {
        assertEquals(expected[row * 10 + k], one[k], TOLERANCE);
        assertEquals(one[k], answers[row * 10 + k], "alone and among others, the same bits");
      }
    }
    float[] first = predictor.predict(Arrays.copyOf(raw.features(), 64));
    Expect.failure(
        () -> predictor.predict(1, 2, 3), "Rows of 64 features can't be made of 3 values");
    Expect.failure(() -> predictor.predict(Map.of("a", "1")), "The model takes 64 numbers");
    float[] gap = new float[64];
    gap[1] = Float.NaN;
    Expect.failure(
        () -> predictor.outputs(gap),
        "Feature 1 of the row (counted from 0, once encoded and standardised) is NaN");
    double[] firstExpected = Arrays.copyOf(expected, 10);
    double largest = Arrays.stream(firstExpected).max().orElseThrow();
    int best = Integer.parseInt(predictor.classOf(first));
    assertEquals(largest, firstExpected[best]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"kind", "price"})
  void rowsOfATableByTheirNames(String target) {
    Recipe recipe = target.equals("price") ? Recipe.regression() : Recipe.classification();
    SavedModel saved = TinyRuns.train(TinyRuns.table(folder, target), recipe, folder);
    Predictor predictor = Predictor.load(folder);
    Table later = TinyRuns.later(folder);
    String other = target.equals("price") ? "kind" : "price";
    assertEquals(List.of("area", "second", "town", "heating", "owned", other), predictor.columns());
    double[] expected =
        TinyRuns.answers(saved, saved.preparation().orElseThrow().apply(later, false, note -> {}));
    int width = expected.length / later.rows();
    for (int row = 0; row < later.rows(); row++) {
      float[] seen = predictor.predict(row(later, row));
      assertEquals(width, seen.length);
      for (int k = 0; k < width; k++) {
        double scale = Math.max(1, Math.abs(expected[row * width + k]));
        assertEquals(expected[row * width + k], seen[k], TOLERANCE * scale);
      }
    }
    Map<String, String> bad = new LinkedHashMap<>(row(later, 0));
    bad.put("area", "large");
    Expect.failure(
        () -> predictor.predict(bad), "Column \"area\": \"large\" is not a finite number");
    bad.put("area", "-1e300");
    Expect.failure(
        () -> predictor.predict(bad), "Column \"area\": -1.0E300 is more than a float can hold");
    bad.remove("area");
    Expect.failure(() -> predictor.predict(bad), "The row has no column \"area\"");
    Expect.failure(
        () -> predictor.predict(new float[predictor.inputs()]), "takes rows with named columns");
    Expect.failure(
        () -> predictor.predict(new float[predictor.columns().size()]),
        "takes rows with named columns");
  }

  @Test
  void anAnswerHasNames() {
    SavedModel saved =
        TinyRuns.train(TinyRuns.table(folder, "kind"), Recipe.classification(), folder);
    Predictor kinds = Predictor.of(saved);
    Map<String, ?> flat = row(TinyRuns.later(folder), 1);
    Map<String, Float> answer = kinds.answer(flat);
    assertEquals(kinds.classes(), List.copyOf(answer.keySet()));
    for (int k = 0; k < 3; k++) {
      assertEquals(kinds.predict(flat)[k], answer.get(kinds.classes().get(k)));
    }
    TinyRuns.train(TinyRuns.table(folder, "price"), Recipe.regression(), folder);
    Predictor prices = Predictor.load(folder);
    assertEquals(Map.of("price", prices.predict(flat)[0]), prices.answer(flat));
  }

  @Test
  void anAnswerOfOneLogitNamesBothClasses() {
    Predictor owned = Predictor.of(TinyRuns.oneLogit(folder));
    Map<String, Float> answer = owned.answer(row(TinyRuns.later(folder), 0));
    assertEquals(List.of("no", "yes"), List.copyOf(answer.keySet()));
    assertEquals(1, answer.get("no") + answer.get("yes"), 1e-6);
  }

  @Test
  void unseenAreCategoriesThatTrainingDidNotHave() {
    TinyRuns.train(TinyRuns.table(folder, "price"), Recipe.regression(), folder);
    Predictor predictor = Predictor.load(folder);
    Table later = TinyRuns.later(folder);
    assertEquals(List.of(), predictor.unseen(row(later, 0)));
    assertEquals(List.of("heating"), predictor.unseen(row(later, 2)));
    assertEquals(List.of("town", "kind"), predictor.unseen(row(later, 3)));
    assertEquals(List.of(), predictor.unseen(row(later, 4)), "missing is not new");
    Expect.failure(() -> predictor.unseen(Map.of()), "The row has no column \"town\"");
    TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    Predictor digits = Predictor.load(folder);
    Expect.failure(() -> digits.unseen(Map.of("a", "1")), "The model takes 64 numbers");
  }

  @Test
  void nullsAreRefusedByName() {
    TinyRuns.train(TinyRuns.table(folder, "kind"), Recipe.classification(), folder);
    Predictor predictor = Predictor.load(folder);
    String row = "The row is null, but it must be the values of its columns by their names";
    Expect.failure(() -> predictor.answer(null), row);
    Expect.failure(() -> predictor.unseen(null), row);
    Expect.failure(() -> predictor.classOf(null), "The answer is null, but it must be the");
    Expect.failure(() -> Predictor.load(null), "The path of the model is null, but it must be");
    TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    Predictor digits = Predictor.load(folder);
    Expect.failure(() -> digits.predict((float[]) null), "The row is null, but it must be the");
    Expect.failure(
        () -> DataPlan.of("homes").withTarget("y").load((List<Map<String, ?>>) null, note -> {}),
        "homes is null, but it must be rows");
    Expect.failure(
        () -> Recipe.classification().withMetrics(Arrays.asList("f1", null)),
        "The name of the metric is null, but it must be accuracy, top5");
  }

  /** A later file may write 1 as 1.0, and so may whoever asks for a single row. */
  @Test
  void categoriesThatAreNumbersAreFoundAsInATable() throws IOException {
    Random random = new Random(3);
    String[] codes = {"1", "2", "x", "07"};
    IntFunction<String> coded =
        i -> {
          int code = random.nextInt(4);
          return codes[code] + "," + i % 7 + "," + (10 * code + i % 7);
        };
    String text = CsvText.of("code,area,price", 80, coded);
    Path csv = Files.writeString(folder.resolve("codes.csv"), text);
    DataPlan plan = DataPlan.of(csv.toString()).withTarget("price");
    SavedModel saved = TinyRuns.train(plan, Recipe.regression(), folder);
    Path later = folder.resolve("later-codes.csv");
    Files.writeString(later, "code,area\n1.0,3\n+2,3\n1e0,3\n07,3\n7,3\nNA,3\nnew,3\n");
    Preparation preparation = saved.preparation().orElseThrow();
    Table table = Table.read(later, preparation.options());
    double[] expected = TinyRuns.answers(saved, preparation.apply(table, false, note -> {}));
    Predictor predictor = Predictor.of(saved);
    for (int row = 0; row < table.rows(); row++) {
      float seen = predictor.predict(row(table, row))[0];
      assertEquals(expected[row], seen, 0.001, "row " + row);
    }
  }

  private static Map<String, String> row(Table table, int row) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (Column column : table.columns()) {
      texts.put(column.name(), column.missing(row) ? "" : column.text(row));
    }
    return texts;
  }

  @Test
  void manyThreadsGetTheSameBits() throws InterruptedException, ExecutionException {
    TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    Predictor predictor = Predictor.load(folder);
    float[] features = TinyRuns.digits().features();
    float[] expected = predictor.predict(features);
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Future<float[]>> answers = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        answers.add(pool.submit(() -> predictor.predict(features)));
      }
      for (Future<float[]> answer : answers) {
        assertArrayEquals(expected, answer.get(), 0f);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "gpu"})
  void batchesOnABackendAreTheSameFromEveryThread(String device)
      throws InterruptedException, ExecutionException {
    SavedModel saved = TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    float[] features = Arrays.copyOf(TinyRuns.digits().features(), 50 * 64);
    Predictor predictor = Predictor.of(saved);
    ExecutorService pool = Executors.newFixedThreadPool(3);
    try (BatchPredictor batches = new BatchPredictor(saved, opens(device), 32)) {
      float[] outputs = batches.outputs(features);
      Samples.assertClose(predictor.outputs(features), outputs, TOLERANCE);
      assertArrayEquals(predictor.predict(features), batches.predict(features), 1e-6f);
      List<Future<float[]>> answers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        answers.add(pool.submit(() -> batches.outputs(features)));
      }
      for (Future<float[]> answer : answers) {
        assertArrayEquals(outputs, answer.get(), 0f);
      }
      Expect.failure(
          () -> batches.predict(new float[65]), "65 feature values do not make rows of 64");
    } finally {
      pool.shutdownNow();
    }
  }

  /** The backend must be opened, used and closed by one thread. */
  private static Supplier<Backend> opens(String device) {
    return () -> device.equals("cpu") ? Device.cpu(1) : SimulatedGpu.open(new SimulatedDriver(1));
  }

  @Test
  void tablesInBatches() {
    SavedModel saved = TinyRuns.train(TinyRuns.table(folder, "price"), Recipe.regression(), folder);
    Table later = TinyRuns.later(folder);
    Predictor predictor = Predictor.of(saved);
    try (BatchPredictor batches = new BatchPredictor(saved, opens("cpu"), 2)) {
      float[] seen = batches.predict(later);
      for (int row = 0; row < later.rows(); row++) {
        float expected = predictor.predict(row(later, row))[0];
        assertEquals(expected, seen[row], TOLERANCE * expected);
      }
    }
  }

  @Test
  void rowsOfATableHaveNames() {
    SavedModel saved = TinyRuns.train(TinyRuns.table(folder, "price"), Recipe.regression(), folder);
    try (BatchPredictor batches = new BatchPredictor(saved, opens("cpu"), 2)) {
      Expect.failure(
          () -> batches.predict(new float[12]), "takes rows with named columns", "Table.of(");
    }
  }

  @Test
  void whatCantBeOpenedSaysWhy() {
    SavedModel saved = TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    Expect.failure(() -> new BatchPredictor(saved, opens("cpu"), 0), "at least 1 row");
    BatchPredictor closed = new BatchPredictor(saved, opens("cpu"), 8);
    closed.close();
    closed.close();
    Expect.failure(() -> closed.predict(new float[64]), "is closed");
    Expect.failure(
        () ->
            new BatchPredictor(
                saved,
                () -> {
                  throw new EvenkeelException("no such device");
                },
                8),
        "no such device");
  }

  @Test
  void closingAnswersWhoCameBeforeAndRefusesOthers() throws Exception {
    SavedModel saved = TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    for (int i = 0; i < 20; i++) {
      BatchPredictor batches = new BatchPredictor(saved, opens("cpu"), 8);
      float[] expected = batches.predict(new float[64]);
      List<FutureTask<Integer>> users = new ArrayList<>();
      for (int user = 0; user < 4; user++) {
        users.add(new FutureTask<>(() -> callsUntilClosed(batches, expected)));
        new Thread(users.get(user)).start();
      }
      Thread.sleep(1 + i % 3);
      batches.close();
      for (FutureTask<Integer> user : users) {
        assertTrue(user.get() >= 0);
      }
    }
  }

  private static int callsUntilClosed(BatchPredictor batches, float[] expected) {
    for (int calls = 0; ; calls++) {
      try {
        assertArrayEquals(expected, batches.predict(new float[64]));
      } catch (EvenkeelException e) {
        assertEquals("The batch predictor is closed. help: make another one", e.getMessage());
        return calls;
      }
    }
  }

  /** The answer of one row, an array of ten floats, takes 56 bytes. */
  @Test
  void aRowAllocatesItsAnswerAndNothingElse() {
    TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    Predictor predictor = Predictor.load(folder);
    float[] row = Arrays.copyOf(TinyRuns.digits().features(), 64);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 20_000; i++) {
      predictor.predict(row);
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 10_000; i++) {
      predictor.predict(row);
    }
    double each = (threads.getCurrentThreadAllocatedBytes() - before) / 1e4;
    assertTrue(each < 57, each + " bytes a row");
  }

  /** What a service's process does; prints the native libraries in it that Java did not bring. */
  static final class Service {
    public static void main(String[] args) throws IOException {
      float[] answer = Predictor.load(Path.of(args[0])).predict(new float[64]);
      String java = System.getProperty("java.home");
      Files.readAllLines(Path.of("/proc/self/maps")).stream()
          .filter(line -> line.contains(".so") && !line.contains(java))
          .map(line -> line.replaceAll(".*/", ""))
          .filter(name -> name.matches("lib(jni|openblas|dnnl|gfortran|gomp|JCu).*|netlib.*"))
          .distinct()
          .forEach(System.out::println);
      System.out.println(answer.length + " answers");
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux lists what is loaded")
  void noNativeLibraryIsLoaded() throws IOException, InterruptedException {
    TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    String said = OwnJvm.said("-Xmx256m", Service.class, folder.toString()).strip();
    assertEquals("10 answers", said);
  }
}
