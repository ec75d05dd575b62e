package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.tensor.Philox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows that count more or less in the loss. */
class RowWeightsTest {

  private static final int ROWS = 24;

  @TempDir Path folder;

  private static Dataset data(boolean classes) {
    Philox random = new Philox(3, 0);
    float[] features = new float[3 * ROWS];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble() - 0.5f;
    }
    int[] labels = new int[ROWS];
    float[] targets = new float[2 * ROWS];
    for (int row = 0; row < ROWS; row++) {
      labels[row] = random.nextInt(3);
      targets[2 * row] = features[3 * row] + 0.5f;
      targets[2 * row + 1] = (float) random.nextDouble();
    }
    return classes
        ? Dataset.classification("d", features, 3, labels, List.of("a", "b", "c"))
        : Dataset.regression("d", features, 3, targets, List.of("p", "q"));
  }

  /** How often each row stands in the data that a weighted run is compared with: 0, 1, 2, 3. */
  private static int[] repeated() {
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < row % 4; i++) {
        rows.add(row);
      }
    }
    return rows.stream().mapToInt(row -> row).toArray();
  }

  private static float[] weights(float unit) {
    float[] weights = new float[ROWS];
    for (int row = 0; row < ROWS; row++) {
      weights[row] = unit * (row % 4);
    }
    return weights;
  }

  /** Parameters, losses and a metric after steps on all rows, without a batch norm. */
  private static float[] trained(Backend backend, Dataset rows, Loss loss) {
    int outputs = rows.task().outputs();
    String metric = rows.task() instanceof Task.Classification ? "logloss" : "mae";
    Network network = Network.of(3, Linear.of(5), Activate.of(Activation.TANH), Linear.of(outputs));
    Recipe recipe =
        Recipe.regression()
            .withLoss(loss)
            .withMetrics(List.of(metric))
            .withOptimizer(Optimizer.gradientDescent(0.5))
            .withEpochs(8)
            .withBatch(rows.rows());
    try (Model model = network.build(backend, 1)) {
      Trained trained = new Trainer(model, recipe, rows).withValidation(rows).fit();
      float[] parameters = new float[model.flatParameters().columns()];
      backend.read(model.flatParameters(), parameters);
      float[] all = Arrays.copyOf(parameters, parameters.length + 3);
      all[parameters.length] = (float) trained.last().trainLoss();
      all[parameters.length + 1] = trained.last().validation().get("loss").floatValue();
      all[parameters.length + 2] = trained.last().validation().get(metric).floatValue();
      return all;
    }
  }

  static Stream<Loss> losses() {
    return Stream.of(
        new Loss.SoftmaxCrossEntropy(0.1, List.of()),
        Loss.binaryCrossEntropy(),
        Loss.meanSquared(),
        Loss.meanAbsolute(),
        Loss.huber(0.3));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aWeightIsSoManyRows(Loss loss) {
    Dataset data = data(loss instanceof Loss.SoftmaxCrossEntropy);
    try (Backend cpu = Device.cpu(2);
        Backend gpu = SimulatedGpu.open(new SimulatedDriver(1))) {
      float[] expected = trained(cpu, data.select(repeated()), loss);
      assertArrayEquals(expected, trained(cpu, data.withWeights(weights(1)), loss), 2e-6f);
      assertArrayEquals(expected, trained(cpu, data.withWeights(weights(7)), loss), 2e-6f);
      assertArrayEquals(expected, trained(gpu, data.withWeights(weights(1)), loss), 1e-5f);
      assertNotEquals(expected[0], trained(cpu, data, loss)[0], 1e-3f);
    }
  }

  /** The rows of some classes, those of the first in front. */
  private static Dataset ofClasses(Dataset data, int... wanted) {
    int[] labels = data.labels();
    return data.select(
        IntStream.of(wanted)
            .flatMap(k -> IntStream.range(0, ROWS).filter(row -> labels[row] == k))
            .toArray());
  }

  @Test
  void validationRowsOfWhichNoneCountsAreRefused() {
    Dataset data = data(true);
    Loss loss = new Loss.SoftmaxCrossEntropy(0, List.of(1.0, 0.0, 0.0));
    Recipe recipe = Recipe.classification().withLoss(loss).withSteps(1);
    try (Backend cpu = Device.cpu(1);
        Model model = Network.of(3, Linear.of(3)).build(cpu, 1)) {
      Expect.failure(
          () -> new Trainer(model, recipe, data).withValidation(ofClasses(data, 1, 2)),
          "all of classes of weight 0, so that none counts in its loss");
      new Trainer(model, recipe, data).withValidation(ofClasses(data, 1, 2, 0)).fit();
    }
  }

  /** However the rows fall into batches, of which some may weigh nothing. */
  @Test
  void evaluationBatchesOfWhichNoRowCountsChangeNothing() {
    Dataset byClass = ofClasses(data(true), 0, 1);
    Dataset byRow = data(true).withWeights(fewCount());
    Loss loss = new Loss.SoftmaxCrossEntropy(0, List.of(1.0, 0.0, 0.0));
    try (Backend cpu = Device.cpu(1);
        Model model = Network.of(3, Linear.of(3)).build(cpu, 1)) {
      assertEquals(loss(model, byClass, loss, ROWS), loss(model, byClass, loss, 1), 1e-6);
      assertEquals(
          loss(model, byRow, Loss.crossEntropy(), ROWS),
          loss(model, byRow, Loss.crossEntropy(), 4),
          1e-6);
    }
  }

  /** All but the last 4 rows: a batch of their own. */
  private static float[] fewCount() {
    float[] weights = new float[ROWS];
    Arrays.fill(weights, 0, ROWS - 4, 2);
    return weights;
  }

  private static double loss(Model model, Dataset rows, Loss loss, int chunk) {
    try (Evaluator evaluator = new Evaluator(model, rows, Optional.of(loss), chunk)) {
      evaluator.run();
      return evaluator.loss();
    }
  }

  private DataPlan plan(String header, String... rows) throws IOException {
    Path file = Files.writeString(folder.resolve("w.csv"), header + "\n" + String.join("\n", rows));
    return DataPlan.of(file.toString()).withTarget("y").withWeights("w");
  }

  private DataPlan plan() throws IOException {
    String[] rows = new String[60];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = "%d,%s,%d".formatted(i, i % 5 / 2.0, i * i % 17);
    }
    return plan("x,w,y", rows);
  }

  @Test
  void aColumnWeighsAndIsNoFeature() throws IOException {
    List<String> notes = new ArrayList<>();
    Parts parts = plan().load(notes::add);
    assertEquals(1, parts.train().columns());
    assertTrue(
        notes.contains("Column \"w\" says what each row counts, in the loss and in metrics."));
    for (Dataset rows :
        List.of(parts.train(), parts.valid().orElseThrow(), parts.test().orElseThrow())) {
      float[] x = rows.features().clone();
      for (int row = 0; row < rows.rows(); row++) {
        double number =
            x[row] * parts.preparation().standardize().deviation()[0]
                + ((dev.evenkeel.data.Feature.Numeric) parts.preparation().features().get(0))
                    .center();
        assertEquals(Math.round(number) % 5 / 2.0, rows.weights()[row]);
      }
    }
    Parts again = plan().load(parts.preparation(), note -> {});
    assertEquals(parts.fingerprints(), again.fingerprints());
    for (String number : List.of("2", "-2")) {
      DataPlan numbered = plan().withWeights(number);
      assertEquals(
          parts.fingerprints(),
          numbered.load(parts.preparation(), note -> {}).fingerprints(),
          number);
    }
    Parts alike = plan().withWeights("").withTarget("y").load(note -> {});
    assertEquals(2, alike.train().columns());
    assertFalse(alike.train().isWeighted());
  }

  @Test
  void weightsAreInUnitsOfTheirMean() {
    Dataset data = data(false).withWeights(weights(4));
    float[] targets = data.weighedTargets();
    assertEquals(3, data.weighedColumns());
    for (int row = 0; row < ROWS; row++) {
      assertEquals(data.targets()[2 * row + 1], targets[3 * row + 1]);
      assertEquals(row % 4 / 1.5f, targets[3 * row + 2]);
    }
    assertEquals(data(false).fingerprint(), data(false).select(all()).fingerprint());
    assertNotEquals(data(false).fingerprint(), data.fingerprint());
    assertArrayEquals(new float[] {12, 0}, data.select(new int[] {3, 0}).weights());
  }

  private static int[] all() {
    return IntStream.range(0, ROWS).toArray();
  }

  @Test
  void wrongWeightsAreRefused() throws IOException {
    Dataset data = data(true);
    Expect.failure(
        () -> data.withWeights(new float[3]), "Data set d: there are 3 weights for 24 rows");
    Expect.failure(() -> data.withWeights(null), "Data set d: the weights are null");
    float[] negative = weights(1);
    negative[5] = -1;
    Expect.failure(
        () -> data.withWeights(negative), "the weight of row 5 (counted from 0) is -1.0");
    Expect.failure(
        () -> data.withWeights(new float[ROWS]).weighedTargets(),
        "the weights of all its 24 rows are 0");
    DataPlan missing = plan("x,w,y", "1,1,1", "2,,2", "3,1,3");
    Expect.failure(
        () -> missing.load(note -> {}),
        "w.csv, line 3: the weight \"w\" is missing, but a row counts 0 or more, up to 3.4e38");
    DataPlan below = plan("x,w,y", "1,1,1", "2,-0.5,2", "3,1,3");
    Expect.failure(() -> below.load(note -> {}), "w.csv, line 3: the weight \"w\" is -0.5");
    DataPlan texts = plan("x,w,y", "1,much,1", "2,little,2", "3,much,3");
    Expect.failure(
        () -> texts.load(note -> {}),
        "column \"w\" can't weigh the rows: it holds texts, such as \"much\"");
    Expect.failure(
        () -> plan().withWeights("y").load(note -> {}), "--weights y is also the target");
    Expect.failure(() -> plan().withGroup("w").load(note -> {}), "--weights w is also --group");
    Expect.failure(() -> plan().withWeights("v").load(note -> {}), "has no column \"v\"");
    Expect.failure(
        () -> DataPlan.of("digits").withWeights("w").load(note -> {}),
        "are for CSV files; digits has no named columns");
    Parts trained = plan().load(note -> {});
    Expect.failure(
        () -> plan().withWeights("v").load(trained.preparation(), note -> {}),
        "has no column \"v\"");
    Expect.failure(
        () -> plan().withWeights("x").load(trained.preparation(), note -> {}),
        "--weights x is also a feature or the target of the model");
    Expect.failure(
        () -> plan().withGroup("w").load(trained.preparation(), note -> {}),
        "--weights w is also --group");
    Path other = Files.writeString(folder.resolve("valid.csv"), "x,y\n1,2\n3,4\n");
    DataPlan lacking = plan().withParts(Portion.ofFile(other.toString()), Portion.ofShare(0));
    Expect.failure(
        () -> lacking.load(note -> {}), "valid.csv has no column \"w\", which weighs the rows of");
  }
}
