package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.OwnJvm;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Catalog;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Source;
import dev.evenkeel.data.Split;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.NpyFiles;
import dev.evenkeel.nn.Model;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.InNoArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that lie in no array train what the same rows in one do, bit for bit. */
class RowsInPlaceTest {

  @TempDir Path folder;

  private static final Dataset DIGITS = ((Source.Arrays) Catalog.standard().load("digits")).data();

  private static Dataset inNoArray(Dataset data) {
    return Dataset.classification(
        data.name(),
        InNoArray.of(data.features(), data.columns()),
        data.labels(),
        ((Task.Classification) data.task()).classes());
  }

  private static Parts parts(Dataset data, boolean robust) {
    Split split = Split.of(data, 0.1, 0.2, 1);
    return Parts.prepared(
        data,
        split,
        robust
            ? Preparation.fitRobust(data, split.train())
            : Preparation.fit(data, split.train(), false));
  }

  @Test
  void partsAreTheSame() {
    for (boolean robust : new boolean[] {false, true}) {
      Parts array = parts(DIGITS, robust);
      Parts rows = parts(inNoArray(DIGITS), robust);
      assertEquals(array.preparation(), rows.preparation());
      assertEquals(array.fingerprints(), rows.fingerprints());
      assertEquals(
          array.test().orElseThrow().fingerprint(), rows.test().orElseThrow().fingerprint());
      assertTrue(rows.train().stored().array().isEmpty(), "nothing was copied");
    }
  }

  /** What a run leaves behind: its losses, its metrics and all values of its model. */
  private record Outcome(List<Float> losses, List<Double> metrics, float[] values) {

    static Outcome of(Backend backend, Parts parts, Recipe recipe) {
      List<Float> losses = new ArrayList<>();
      try (backend;
          Model model = Runs.RICH.build(backend, 1)) {
        Trained trained = new Trainer(model, recipe, parts).withListener(Runs.into(losses)).fit();
        return new Outcome(
            losses, List.copyOf(trained.kept().validation().values()), Runs.values(model));
      }
    }

    void assertSame(Outcome other) {
      assertEquals(losses, other.losses);
      assertEquals(metrics, other.metrics);
      assertArrayEquals(values, other.values);
    }
  }

  @Test
  void onTheCpu() {
    Recipe recipe = Recipe.classification().withEpochs(3).withBatch(60);
    for (int threads = 1; threads <= 2; threads++) {
      Outcome array = Outcome.of(Device.cpu(threads), parts(DIGITS, true), recipe);
      Outcome rows = Outcome.of(Device.cpu(threads), parts(inNoArray(DIGITS), true), recipe);
      array.assertSame(rows);
    }
  }

  @Test
  void onAGpuThatHoldsThemAndOnOneThatDoesNot() {
    Recipe recipe = Recipe.classification().withSteps(12).withBatch(32);
    Outcome array =
        Outcome.of(SimulatedGpu.open(new SimulatedDriver(1)), parts(DIGITS, false), recipe);
    Parts rows = parts(inNoArray(DIGITS), false);
    SimulatedDriver large = new SimulatedDriver(1);
    array.assertSame(Outcome.of(SimulatedGpu.open(large), rows, recipe));
    large.assertNothingLeaked();
    // 1,258 rows of 64 columns are 322 kB: more than 0.6 of what is free.
    SimulatedDriver small =
        new SimulatedDriver(SimulatedOptions.standard(2).withMemory(25_670_000));
    array.assertSame(Outcome.of(SimulatedGpu.open(small), rows, recipe));
    small.assertNothingLeaked();
    assertTrue(small.counters().copiesToDevice > large.counters().copiesToDevice + 10, "staged");
  }

  /** By its row in the file, though it was chosen and scaled since. */
  @Test
  void aNaNIsNamedWhereverItIs() {
    Split split = Split.of(DIGITS, 0.1, 0.2, 1);
    for (int row : new int[] {split.train()[7], split.valid()[3], split.test()[0]}) {
      float[] values = DIGITS.features().clone();
      values[row * 64 + 5] = Float.NaN;
      Dataset data =
          Dataset.classification("images", InNoArray.of(values, 64), DIGITS.labels(), classes(10));
      String words = "Data set images: the feature in row %d, column 5 (both".formatted(row);
      Expect.failure(
          () -> {
            Parts parts = parts(data, false);
            parts.fingerprints();
            parts.test().orElseThrow().fingerprint();
          },
          words);
    }
  }

  private static List<String> classes(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }

  /** What a process does that has little memory, or enough. */
  static final class Train {
    public static void main(String[] args) {
      List<String> notes = new ArrayList<>();
      DataPlan plan = DataPlan.of(args[0]).withTarget(args[1]);
      Parts parts = plan.load(notes::add);
      Trainer.train(parts.mlp(8), parts.recipe().withEpochs(1), parts, Path.of(args[2]));
      Dataset again = plan.load(args[0], true, parts.preparation(), notes::add);
      System.out.println(again.rows() + " rows");
      notes.forEach(System.out::println);
    }
  }

  /** 12 million numbers take 48 MB, and twice that in memory. */
  @Test
  void aFileLargerThanMemoryTrainsTheSameModel() throws IOException, InterruptedException {
    int rows = 250_000;
    int columns = 48;
    Random random = new Random(1);
    byte[] bytes = new byte[rows * columns];
    random.nextBytes(bytes);
    byte[] labels = new byte[rows];
    for (int row = 0; row < rows; row++) {
      labels[row] = (byte) (bytes[row * columns] > 0 ? 1 : 0);
    }
    Path x = folder.resolve("x.npy");
    NpyFiles.write(x, 1, "|i1", false, "%d, %d".formatted(rows, columns), bytes);
    Path y = folder.resolve("y.npy");
    NpyFiles.write(y, 1, "|u1", false, rows + ",", labels);
    List<byte[]> models = new ArrayList<>();
    for (String memory : List.of("40m", "400m")) {
      Path out = folder.resolve(memory);
      String said =
          OwnJvm.said(
              "-XX:+UseSerialGC -Xmn4m -Xmx" + memory,
              Train.class,
              x.toString(),
              y.toString(),
              out.toString());
      assertTrue(said.contains("250000 rows"), said);
      assertEquals(
          memory.equals("40m"),
          said.contains(
              "%s is read where it lies, row by row, since its 12,000,000 numbers would take more than half of Java's memory. help: EVENKEEL_JAVA_OPTIONS=-Xmx"
                  .formatted(x)),
          said);
      models.add(Files.readAllBytes(out.resolve("model.safetensors")));
    }
    assertArrayEquals(models.get(0), models.get(1));
  }
}
