package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.into;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepFileTest {

  /** 5 batches of 20 rows. */
  private static final Dataset ROWS = Digits.train(100);

  private static final Network NETWORK = Network.mlp(64, List.of(16), 10);
  private static final Recipe RECIPE =
      Recipe.classification().withBatch(20).withEpochs(3).withSeed(7);

  @TempDir Path folder;

  private Path file() {
    return folder.resolve(StepFile.FILE);
  }

  /** A line for each step. */
  private StepFile everyStep() {
    return new StepFile(folder, ROWS.rows(), StepFileTest::noWords, 0, 0);
  }

  private static void noWords(String words) {
    throw new AssertionError(words);
  }

  private List<double[]> lines() throws IOException {
    List<String> lines = Files.readAllLines(file());
    assertEquals(String.join(",", StepFile.COLUMNS), lines.get(0));
    List<double[]> numbers = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(",");
      double[] row = new double[fields.length];
      for (int i = 0; i < row.length; i++) {
        row[i] = Double.parseDouble(fields[i]);
      }
      numbers.add(row);
    }
    return numbers;
  }

  private static double[] column(List<double[]> lines, int column) {
    return lines.stream().mapToDouble(line -> line[column]).toArray();
  }

  @Test
  void aLineSaysWhatTheTrainerSaidOfItsSteps() throws IOException {
    List<Float> losses = new ArrayList<>();
    Listener listener = into(losses);
    Trained trained;
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5);
        StepFile steps = everyStep()) {
      trained = new Trainer(model, RECIPE, ROWS).withListener(steps).withListener(listener).fit();
    }
    List<double[]> lines = lines();
    // The clock starts at an epoch's first loss, which therefore shares a line with the second.
    double[] step = column(lines, 0);
    assertEquals(15, step[step.length - 1]);
    for (double[] line : lines) {
      int number = (int) line[0];
      assertEquals(number / 5.0, line[1], 1e-6, "its place among the epochs");
      boolean alone = lines.stream().anyMatch(other -> other[0] == number - 1);
      double expected =
          alone ? losses.get(number - 1) : (losses.get(number - 1) + losses.get(number - 2)) / 2;
      assertEquals(expected, line[3], 1e-6 * expected, "step " + number);
      assertTrue(line[5] > 0);
    }
    double[] seconds = column(lines, 2);
    assertTrue(seconds[seconds.length - 1] <= trained.seconds() * 1.000001);
    double[] sorted = seconds.clone();
    Arrays.sort(sorted);
    assertArrayEquals(sorted, seconds, "time goes on");
  }

  @Test
  void linesBecomeFewerAsTheRunAges() throws IOException {
    StepFile steps = new StepFile(folder, 1000, StepFileTest::noWords, 0, 0.1);
    steps.onStart(1, 1, 0, 1000, List.of());
    // On busy cores a pause may outlast a thousand steps, and is all of a short run's age.
    long start = System.nanoTime();
    for (int step = 1; step <= 1000 || System.nanoTime() - start < 200_000_000; step++) {
      steps.onStep(1, step, 1, 1, 0.1, 0);
    }
    steps.close();
    List<double[]> lines = lines();
    double[] seconds = column(lines, 2);
    assertTrue(seconds.length > 5 && seconds.length < 300, seconds.length + " lines");
    for (int i = 1; i < seconds.length; i++) {
      assertTrue(seconds[i] - seconds[i - 1] >= 0.0999 * seconds[i], "line " + i);
    }
  }

  @Test
  void aRunThatGoesOnCutsWhatLiesBeyondItsCheckpoint() throws IOException {
    String header = String.join(",", StepFile.COLUMNS) + "\n";
    String kept = "3,6e-1,5.0e0,2,1e-3,100\n5,1,7.5e0,1,1e-3,100\n";
    Files.writeString(file(), header + kept + "8,1.6,9,1,1e-3,100\n9,1.8,9");
    try (StepFile steps = everyStep()) {
      steps.onStart(2, 3, 5, 15, List.of());
      assertEquals(header + kept, Files.readString(file()));
      steps.onStep(2, 6, 20, 1, 0.1, 0);
      steps.onStep(2, 7, 20, 1, 0.1, 0);
    }
    List<double[]> lines = lines();
    assertEquals(3, lines.size());
    assertTrue(lines.get(2)[2] >= 7.5, "its time goes on");
    try (StepFile steps = everyStep()) {
      steps.onStart(1, 3, 0, 15, List.of());
    }
    assertTrue(Files.notExists(file()), "a new run has nothing of the old one");
  }

  @Test
  void whereNothingCanBeWrittenTrainingGoesOnAndSaysSoOnce() throws IOException {
    Files.writeString(Files.createDirectory(file()).resolve("file"), "it can't be deleted");
    List<String> said = new ArrayList<>();
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5);
        StepFile steps = new StepFile(folder, ROWS.rows(), said::add, 0, 0)) {
      assertEquals(3, new Trainer(model, RECIPE, ROWS).withListener(steps).fit().epochs());
    }
    assertEquals(1, said.size(), said::toString);
    assertTrue(said.get(0).contains("Training goes on without it"), said.get(0));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1.000000e0",
    "-1234.5678, -1.234568e3",
    "9.9999999e-5, 1.000000e-4",
    "1e300, 1.000000e300",
    "4.9e-324, 0",
    "0.1, 1.000000e-1"
  })
  void numbersHaveSevenDigits(double value, String expected) {
    StringBuilder text = new StringBuilder();
    StepFile.append(text, value);
    assertEquals(Double.parseDouble(expected), Double.parseDouble(text.toString()));
  }
}
