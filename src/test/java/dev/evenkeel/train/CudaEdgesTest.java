package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.STEADY_ADAM;
import static dev.evenkeel.train.Runs.into;
import static dev.evenkeel.train.Runs.rich;
import static dev.evenkeel.train.Runs.rows;
import static dev.evenkeel.train.Runs.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.CudaException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.simulator.GpuFault;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.InputLayout.Stored;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import dev.evenkeel.tensor.Rows;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Training on the CUDA backend where it is tight, odd or broken, on the GPU made of Java. */
class CudaEdgesTest {

  private static final Dataset TRAIN = rows(Digits.DATA.train(), 653); // batches of 31 and 32
  private static final Dataset VALID = rows(Digits.DATA.valid(), 65);

  /** Room for the run, but not for its table of 167 kB, which stays on the host. */
  private static final long TIGHT = 25_430_000;

  private static final BatchNorm POPULATION =
      BatchNorm.standard().withRunning(RunningStatistics.population());

  private static final Network SMALL = Network.mlp(64, List.of(24, 16), 10);

  private static final Network RICH = rich(POPULATION);

  private static final Recipe RECIPE =
      Recipe.classification()
          .withBatch(32)
          .withSteps(24)
          .withOptimizer(STEADY_ADAM)
          .withSchedule(Schedule.cosine())
          .withClip(1)
          .withSeed(3);

  private static final Recipe WEIGHTED =
      RECIPE.withLoss(
          new Loss.SoftmaxCrossEntropy(
              0.1, List.of(1.0, 2.0, 0.5, 1.0, 1.0, 0.0, 1.0, 3.0, 1.0, 1.0)));

  @TempDir Path folder;

  private static Trainer trainer(Model model, Recipe recipe, List<Float> losses) {
    return new Trainer(model, recipe, TRAIN).withValidation(VALID).withListener(into(losses));
  }

  private static SimulatedDriver tight(int seed) {
    return new SimulatedDriver(SimulatedOptions.standard(seed).withMemory(TIGHT));
  }

  private static float[] trained(SimulatedDriver driver, Recipe recipe) {
    try (Backend backend = SimulatedGpu.open(driver);
        Model model = RICH.build(backend, 1)) {
      trainer(model, recipe, new ArrayList<>()).fit();
      return values(model);
    }
  }

  @Test
  void populationStatisticsOfATableOnTheHostNeedNoMoreThanTheRun() {
    float[] onDevice = trained(new SimulatedDriver(1), RECIPE);
    SimulatedDriver tight = tight(1);
    assertArrayEquals(onDevice, trained(tight, RECIPE));
    tight.assertNothingLeaked();
  }

  @Test
  void nothingIsTakenOnceTrainingBeganAlsoForSmallerBatches() {
    SimulatedDriver tight = tight(2);
    try (Backend backend = SimulatedGpu.open(tight);
        Model model = RICH.build(backend, 1)) {
      NothingTaken watch = new NothingTaken(tight, backend);
      trainer(model, RECIPE, new ArrayList<>()).withListener(watch).fit();
      watch.assertLookedAt();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void aRunKilledAmidAnEpochGoesOnBitForBit(Precision precision) {
    for (Optimizer optimizer :
        List.of(
            Optimizer.adamw(2e-3),
            new Optimizer.Momentum(0.05, 0.9, true, 1e-4),
            new Optimizer.RmsProp(1e-3, 0.9, 1e-8, 1e-4))) {
      Recipe recipe = RECIPE.withOptimizer(optimizer).withEarlyStopping(3, "loss");
      DeviceOptions options = SimulatedGpu.options().withPrecision(precision);
      List<Float> losses = new ArrayList<>();
      float[] straight;
      try (Backend backend = SimulatedGpu.open(new SimulatedDriver(3), options);
          Model model = RICH.build(backend, 1)) {
        trainer(model, recipe, losses).fit();
        straight = values(model);
      }
      Path run = folder.resolve(optimizer.getClass().getSimpleName());
      try (Backend backend = SimulatedGpu.open(new SimulatedDriver(4), options);
          Model model = RICH.build(backend, 1)) {
        Trainer killed =
            trainer(model, recipe, new ArrayList<>())
                .withCheckpoints(run)
                .withCheckpointEvery(Duration.ZERO)
                .withListener(killAfter(17));
        assertThrows(IllegalStateException.class, killed::fit);
      }
      List<Float> rest = new ArrayList<>();
      try (Backend backend = SimulatedGpu.open(new SimulatedDriver(5), options);
          Model model = RICH.build(backend, 99)) {
        trainer(model, recipe, rest).resuming(RunFolder.checkpoint(run)).fit();
        assertEquals(losses.subList(17, losses.size()), rest, optimizer.toString());
        assertArrayEquals(straight, values(model), optimizer.toString());
      }
    }
  }

  private static Listener killAfter(int checkpoints) {
    int[] seen = new int[1];
    return Runs.atCheckpoints(
        file -> {
          if (++seen[0] == checkpoints) {
            throw new IllegalStateException("killed");
          }
        });
  }

  /** Products read bfloat16 copies of the weights, which must follow what is written. */
  @Test
  void inBf16TheBestWeightsAreTheOnesThatCompute() {
    DeviceOptions options = SimulatedGpu.options().withPrecision(Precision.BF16);
    Recipe recipe =
        RECIPE.withOptimizer(Optimizer.adamw(5e-2)).withSteps(200).withEarlyStopping(1, "loss");
    try (Backend backend = SimulatedGpu.open(new SimulatedDriver(3), options);
        Model model = SMALL.build(backend, 1);
        Evaluator bound = new Evaluator(model, VALID, Optional.of(recipe.loss()), 32)) {
      Trained trained = trainer(model, recipe, new ArrayList<>()).fit();
      assertTrue(trained.bestEpoch() < trained.epochs(), "the last weights are not the best");
      bound.run();
      Epoch best = trained.history().get(trained.bestEpoch() - 1);
      assertEquals(best.validation().get("loss"), bound.loss(), 1e-6);
    }
  }

  @Test
  void classWeightsTrainTheCpusCurveFromTablesAnywhere() {
    List<List<Float>> losses = new ArrayList<>();
    for (Backend opened :
        List.of(
            Device.cpu(1),
            SimulatedGpu.open(new SimulatedDriver(3)),
            SimulatedGpu.open(tight(1)))) {
      try (Backend backend = opened;
          Model model = RICH.build(backend, 1)) {
        List<Float> seen = new ArrayList<>();
        losses.add(seen);
        Trained trained = trainer(model, WEIGHTED, seen).fit();
        trained.history().forEach(one -> seen.add(one.validation().get("loss").floatValue()));
      }
    }
    for (int i = 0; i < losses.get(0).size(); i++) {
      assertEquals(1, losses.get(1).get(i) / losses.get(0).get(i), 1e-4, "loss " + i);
    }
    assertEquals(losses.get(1), losses.get(2));
  }

  private static TrainingStep step(Model model, int rows, RowOrder order) {
    Backend backend = model.backend();
    Matrix features = backend.inputs(TRAIN.features(), TRAIN.rows(), TRAIN.columns());
    Matrix targets = backend.table(TRAIN.targets(), TRAIN.rows(), 1);
    return new TrainingStep(
        model,
        new TrainingStep.Source(features, targets, order),
        Loss.crossEntropy(),
        Optimizer.adam(1e-3),
        1,
        rows,
        1);
  }

  @Test
  void twoModelsOnOneBackendDontMeet() {
    List<float[]> alone = new ArrayList<>();
    for (boolean together : new boolean[] {false, true}) {
      try (Backend backend = SimulatedGpu.open(new SimulatedDriver(9));
          Model small = SMALL.build(backend, 1);
          Model rich = RICH.build(backend, 2);
          TrainingStep first = step(small, 32, RowOrder.natural(TRAIN.rows()));
          TrainingStep second = step(rich, 48, RowOrder.natural(TRAIN.rows()))) {
        for (int i = 0; i < 10; i++) {
          (together && i % 2 == 1 ? second : first).start(31, together ? i / 2 : i % 5, 1e-3);
          if (!together && i == 4) {
            break;
          }
        }
        for (int i = 0; i < 5 && !together; i++) {
          second.start(31, i, 1e-3);
        }
        if (together) {
          assertArrayEquals(alone.get(0), values(small));
          assertArrayEquals(alone.get(1), values(rich));
        } else {
          alone.add(values(small));
          alone.add(values(rich));
        }
      }
    }
  }

  @Test
  void adviceOnABatchHoldsWhateverTheRoom() {
    Network wide = Network.mlp(64, List.of(512), 10);
    for (long room = 26_400_000; room < 28_600_000; room += 300_000) {
      String message = fails(wide, 512, room);
      if (!message.isEmpty()) {
        int batch = Integer.parseInt(message.replaceAll(".*--batch ([0-9]+) would fit", "$1"));
        assertEquals("", fails(wide, batch, room), message);
      }
    }
  }

  /** cuDNN's gradients lie beside the arena. */
  @ParameterizedTest
  @EnumSource(
      value = NormBody.class,
      names = {"CUDNN", "AUTO"})
  void adviceOnABatchCountsWhatCudnnTakes(NormBody body) {
    Network wide = Network.mlp(64, List.of(512, 512), 10);
    int advised = 0;
    for (long room = 29_000_000; room < 36_000_000; room += 500_000) {
      String message = fails(wide, 512, room, body);
      if (!message.isEmpty() && !message.contains("no batch")) {
        int batch = Integer.parseInt(message.replaceAll(".*--batch ([0-9]+) would fit", "$1"));
        assertEquals("", fails(wide, batch, room, body), room + ": " + message);
        advised++;
      }
    }
    assertTrue(advised > 3, "so often was a batch named: " + advised);
  }

  private static String fails(Network network, int batch, long room) {
    return fails(network, batch, room, NormBody.PTX);
  }

  /** What one step says where there is no room, else nothing. */
  private static String fails(Network network, int batch, long room, NormBody body) {
    SimulatedDriver driver = new SimulatedDriver(SimulatedOptions.standard(1).withMemory(room));
    try (Backend backend = SimulatedGpu.open(driver, SimulatedGpu.options().withNormBody(body));
        Model model = network.build(backend, 1)) {
      trainer(model, WEIGHTED.withBatch(batch).withSteps(1), new ArrayList<>()).fit();
      return "";
    } catch (DeviceMemoryException e) {
      return e.getMessage();
    }
  }

  @Test
  void cudnnIsNotTriedWhereThatTakesMoreThanTheRun() {
    Dataset few = rows(TRAIN, 64);
    Network network = Network.mlp(64, List.of(256, 256), 10);
    Recipe recipe = RECIPE.withBatch(64).withSteps(2);
    SimulatedDriver ours = new SimulatedDriver(1);
    try (Backend backend = SimulatedGpu.open(ours);
        Model model = network.build(backend, 1)) {
      new Trainer(model, recipe, few).fit();
    }
    long kept = 4L * 64 * 256; // what the last norm gave, where cuDNN may look at it
    long needed = ours.counters().peakBytes + kept + 8192;
    SimulatedDriver full = new SimulatedDriver(SimulatedOptions.standard(1).withMemory(needed));
    DeviceOptions auto = SimulatedGpu.options().withNormBody(NormBody.AUTO);
    try (Backend backend = SimulatedGpu.open(full, auto);
        Model model = network.build(backend, 1)) {
      new Trainer(model, recipe, few).fit();
    }
    full.assertNothingLeaked();
  }

  /** Inputs of one column are padded to eight; targets are float32, whatever activations are. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void tablesAreMeasuredAsTheyWillLie(Precision precision) {
    int rows = 100_000;
    SimulatedDriver driver =
        new SimulatedDriver(SimulatedOptions.standard(1).withMemory(26_100_000));
    try (Backend backend =
        SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision))) {
      backend.inputs(new float[rows], rows, 1);
      backend.table(new float[2 * rows], rows, 2);
      assertTrue(driver.freeMemory() > 300_000, driver.freeMemory() + " bytes are left");
    }
  }

  @Test
  void theDeviceIsGivenBackAfterAFault() {
    SimulatedDriver driver = new SimulatedDriver(3);
    Backend backend = SimulatedGpu.open(driver);
    Matrix x = Matrix.of(backend.allocate(100), 10, 10);
    Matrix y = Matrix.of(backend.allocate(100), 10, 10);
    Operation copy = backend.copy(x, y);
    y.buffer().close();
    copy.run();
    assertThrows(GpuFault.class, () -> backend.read(x, new float[100]));
    assertThrows(GpuFault.class, backend::close);
    assertTrue(
        assertThrows(CudaException.class, driver::freeMemory).getMessage().contains("DESTROYED"));
  }

  @Test
  void whatOutlivesTheBackendClosesInSilence() {
    for (SimulatedDriver driver : List.of(new SimulatedDriver(3), tight(3))) {
      Backend backend = SimulatedGpu.open(driver);
      Model model = SMALL.build(backend, 1);
      TrainingStep step = step(model, 32, RowOrder.natural(TRAIN.rows()));
      step.run(32, 0, 1e-3);
      step.run(32, 1, 1e-3);
      backend.close();
      model.close();
      step.close();
    }
  }

  @Test
  void aStepThatIsRefusedLeavesTheOthersAsTheyAre() {
    try (Backend backend = SimulatedGpu.open(new SimulatedDriver(1));
        Model model = SMALL.build(backend, 1)) {
      RowOrder order = RowOrder.natural(TRAIN.rows());
      try (TrainingStep step = step(model, 32, order)) {
        step.start(32, 0, 1e-3);
        order.moveTo(640);
        Expect.failure(
            () -> step.start(32, 1, 1e-3),
            "A batch of 32 rows from position 640 on does not lie in a row order of 653 rows");
        order.moveTo(32);
        step.start(31, 1, 1e-3);
        assertTrue(step.take(1) || step.take(0));
        assertEquals(32, step.taken().rows());
        assertTrue(step.take(0));
        assertEquals(31, step.taken().rows());
      }
    }
  }

  @Test
  void anOrderIsCheckedForASmallerTableToo() {
    try (Backend backend = SimulatedGpu.open(new SimulatedDriver(1))) {
      RowOrder order = RowOrder.natural(20);
      Matrix batch = Matrix.of(backend.allocate(8), 4, 2);
      order.moveTo(16);
      backend.gather(backend.table(new float[40], 20, 2), order, batch).run();
      Matrix few = backend.table(new float[20], 10, 2);
      Operation smaller = backend.gather(few, order, batch);
      Expect.failure(smaller::run, "A row order asks for row 10 of a table of 10");
      Matrix targets = Matrix.of(backend.allocate(8), 4, 2);
      Matrix many = backend.table(new float[40], 20, 2);
      for (Matrix[] both : new Matrix[][] {{many, few}, {few, many}}) {
        RowOrder another = RowOrder.natural(20);
        another.moveTo(16);
        Operation pair = backend.gatherWithTargets(both[0], both[1], another, batch, targets);
        Expect.failure(pair::run, "A row order asks for row 10 of a table of 10");
      }
    }
  }

  /** Each alone, and in a sequence that is replayed. */
  @ParameterizedTest
  @CsvSource({"3, 3", "3, 900", "900, 3", "900, 900"})
  void featuresAndTargetsAreGatheredFromTablesAnywhere(int columns, int targetColumns) {
    int rows = 500;
    SimulatedDriver driver = // where a table of 900 columns stays on the host
        new SimulatedDriver(SimulatedOptions.standard(1).withMemory(26_200_000));
    try (Backend backend = SimulatedGpu.open(driver)) {
      float[] features = sequenceOf(rows * columns);
      float[] targets = sequenceOf(rows * targetColumns);
      RowOrder order = new RowOrder(IntStream.range(0, rows).map(i -> i * 7 % rows).toArray());
      Matrix batch = Matrix.of(backend.allocateActivations(8, columns), 8, columns);
      Matrix batchTargets = Matrix.of(backend.allocate(8L * targetColumns), 8, targetColumns);
      Operation gather =
          backend.gatherWithTargets(
              backend.inputs(features, rows, columns),
              backend.table(targets, rows, targetColumns),
              order,
              batch,
              batchTargets);
      Backend.Sequence sequence = backend.sequence(List.of(gather));
      for (int step = 0; step < 6; step++) {
        order.moveTo(8 * step);
        (step % 2 == 0 ? gather : sequence).run();
        assertArrayEquals(rowsOf(features, columns, order), read(backend, batch));
        assertArrayEquals(rowsOf(targets, targetColumns, order), read(backend, batchTargets));
      }
      int nodes = columns == 3 && targetColumns == 3 ? 1 : 2;
      assertEquals(nodes, sequence.nodes());
    }
  }

  /** On the device as on the host, in float32 and in bfloat16. */
  @ParameterizedTest
  @CsvSource({"3, FP32, 1", "3, BF16, 1", "900, FP32, 2", "900, BF16, 2"})
  void categoriesAreGatheredFromTablesAnywhere(int numbers, Precision precision, int nodes) {
    int rows = 500;
    int inputs = numbers + 5;
    List<Stored> columns = new ArrayList<>(Collections.nCopies(numbers, Stored.NUMBER));
    columns.add(Stored.category(5));
    float[] cold = new float[inputs];
    float[] hot = new float[inputs];
    Arrays.fill(hot, numbers, inputs, 2);
    float[] stored = new float[rows * (numbers + 1)];
    float[] expected = new float[rows * inputs];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < numbers; k++) {
        stored[row * (numbers + 1) + k] = (row + k) % 251;
        expected[row * inputs + k] = (row + k) % 251;
      }
      int level = row % 6 - 1;
      stored[row * (numbers + 1) + numbers] = level;
      if (level >= 0) {
        expected[row * inputs + numbers + level] = 2;
      }
    }
    SimulatedDriver driver = // where a table of 900 columns stays on the host
        new SimulatedDriver(SimulatedOptions.standard(1).withMemory(26_200_000));
    try (Backend backend =
        SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision))) {
      RowOrder order = new RowOrder(IntStream.range(0, rows).map(i -> i * 7 % rows).toArray());
      Matrix batch = Matrix.of(backend.allocateActivations(8, inputs), 8, inputs);
      Matrix batchTargets = Matrix.of(backend.allocate(8), 8, 1);
      Matrix table =
          backend.inputs(Rows.of(stored, columns.size()), new InputLayout(columns, cold, hot));
      Operation gather =
          backend.gatherWithTargets(
              table, backend.table(new float[rows], rows, 1), order, batch, batchTargets);
      Backend.Sequence sequence = backend.sequence(List.of(gather));
      for (int step = 0; step < 6; step++) {
        order.moveTo(8 * step);
        (step % 2 == 0 ? gather : sequence).run();
        assertArrayEquals(rowsOf(expected, inputs, order), read(backend, batch));
      }
      assertEquals(nodes, sequence.nodes());
      Expect.failure(() -> read(backend, table), "only gather can read it");
      Matrix view = table.view(inputs, 9, inputs);
      Expect.failure(() -> backend.gather(view, order, batch), "give the table itself");
    }
  }

  private static float[] sequenceOf(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = i;
    }
    return values;
  }

  private static float[] rowsOf(float[] table, int columns, RowOrder order) {
    float[] batch = new float[8 * columns];
    for (int i = 0; i < 8; i++) {
      int row = order.rows()[order.position() + i];
      System.arraycopy(table, row * columns, batch, i * columns, columns);
    }
    return batch;
  }

  private static float[] read(Backend backend, Matrix matrix) {
    float[] values = new float[(int) matrix.size()];
    backend.read(matrix, values);
    return values;
  }

  /** The host learns of it only steps later. */
  @Test
  void aNaNAmidARunLeavesTheParametersOfTheStepBefore() {
    float[] features = TRAIN.features().clone();
    Arrays.fill(features, 300 * 64, 301 * 64, 3e38f);
    List<String> classes = IntStream.range(0, 10).mapToObj(Integer::toString).toList();
    Dataset bad = Dataset.classification("bad", features, 64, labels(TRAIN), classes);
    Network network = Network.of(64, Linear.of(16), Activate.relu(), Linear.of(10));
    Recipe recipe = RECIPE.withSchedule(Schedule.constant()).withSteps(60);
    for (int seed = 1; seed < 4; seed++) {
      for (SimulatedDriver driver : List.of(new SimulatedDriver(seed), tight(seed))) {
        try (Backend backend = SimulatedGpu.open(driver);
            Model model = network.build(backend, 1);
            Model twin = network.build(backend, 1)) {
          String message =
              assertThrows(NonFiniteException.class, () -> new Trainer(model, recipe, bad).fit())
                  .getMessage();
          assertTrue(message.contains("in the output of layer 0 linear"), message);
          int step = Integer.parseInt(message.replaceAll(".*at step ([0-9]+):.*", "$1"));
          assertTrue(step > 1 && step < 20, message);
          new Trainer(twin, recipe.withSteps(step - 1), bad).fit();
          assertArrayEquals(values(twin), values(model));
        }
      }
    }
  }

  private static int[] labels(Dataset data) {
    return IntStream.range(0, data.rows()).map(i -> (int) data.targets()[i]).toArray();
  }
}
