package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.STEADY_ADAM;
import static dev.evenkeel.train.Runs.into;
import static dev.evenkeel.train.Runs.rows;
import static dev.evenkeel.train.Runs.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.DeviceOptions.Replay;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import dev.evenkeel.nn.WeightNorm;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole training runs with every norm: the CPU's curve on the GPU made of Java. */
class CudaNormTrainingTest {

  /** Batches of 30 to 31 rows: groups of 8 are then 8 to 11 rows. */
  private static final Dataset TRAIN = rows(Digits.DATA.train(), 152);

  /** 368 kB: more than 0.6 of what the smaller device has free. */
  private static final Dataset MANY = Digits.DATA.train();

  private static final int SMALL_DEVICE = 25_600_000;

  private static final Dataset VALID = rows(Digits.DATA.valid(), 41);

  private static final int STEPS = 30;

  private static final Recipe RECIPE =
      Recipe.classification()
          .withBatch(32)
          .withSteps(STEPS)
          .withOptimizer(STEADY_ADAM)
          .withSchedule(Schedule.cosine())
          .withClip(1)
          .withSeed(3);

  private static final Layer RELU = Activate.relu();
  private static final Layer TANH = Activate.of(Activation.TANH);
  private static final Linear NORMED = Linear.of(24).withWeightNorm(WeightNorm.fromData());

  @TempDir Path folder;

  static Stream<Arguments> norms() {
    BatchNorm batch = BatchNorm.standard();
    BatchNorm population = batch.withRunning(RunningStatistics.population());
    BatchNorm cumulative =
        batch
            .withRunning(RunningStatistics.cumulative())
            .withRunningVariance(RunningVariance.BIASED);
    Layer selu = Activate.of(Activation.SELU);
    return Stream.of(
        hidden("batch behind", Linear.of(24), RELU, cumulative),
        hidden("ghost", Linear.of(24), batch.withGhost(8), RELU),
        hidden("ghost, more rows than the batch", Linear.of(24), batch.withGhost(64), RELU),
        // Behind ReLU, 7 rows are often all 0 but one, and 1/√ε makes steps of roundings.
        hidden("ghost, cumulative, behind", Linear.of(24), TANH, cumulative.withGhost(7)),
        hidden("mean-only", Linear.of(24), BatchNorm.meanOnly(), RELU),
        hidden(
            "mean-only ghosts, population",
            NORMED.withBias(true),
            population.centringOnly().withGhost(5),
            TANH),
        hidden("layer", Linear.of(24), RowNorm.layer(), RELU),
        hidden("layer behind", Linear.of(24), TANH, RowNorm.layer(), new Dropout(0.2)),
        hidden("rms", Linear.of(24), RowNorm.rms(), RELU),
        hidden("group", Linear.of(24), RowNorm.group(4), RELU),
        hidden("instance", Linear.of(24), RowNorm.instance(8), RELU),
        hidden("weight", NORMED, RELU),
        hidden("weight and batch, dropout", NORMED, batch, RELU, new Dropout(0.2)),
        hidden("normprop", NormProp.block(24, Activation.RELU).toArray(Layer[]::new)),
        hidden("selu", Linear.of(24), selu, new AlphaDropout(0.1)),
        Arguments.of(
            "all in residual blocks",
            Network.of(
                64,
                NORMED,
                population.withGhost(9),
                RELU,
                Residual.of(NORMED, RowNorm.group(3), TANH, new AlphaDropout(0.1)),
                Residual.of(RowNorm.rms(), NORMED, BatchNorm.meanOnly(), RELU),
                Residual.of(Linear.of(24), RELU, new NormProp(Activation.RELU)),
                RowNorm.layer(),
                Linear.of(10).withWeightNorm(WeightNorm.ofGain(1)))));
  }

  /** Twice these layers, then the outputs. */
  private static Arguments hidden(String name, Layer... block) {
    List<Layer> layers = new ArrayList<>(List.of(block));
    layers.addAll(List.of(block));
    layers.add(Linear.of(10));
    return Arguments.of(name, new Network(64, layers));
  }

  private static Trainer trainer(Model model, List<Float> losses) {
    return trainer(model, TRAIN, losses);
  }

  private static Trainer trainer(Model model, Dataset train, List<Float> losses) {
    return new Trainer(model, RECIPE, train).withValidation(VALID).withListener(into(losses));
  }

  private static float[] outputs(Model model) {
    try (Evaluator evaluator = new Evaluator(model, VALID, Optional.empty(), 16)) {
      return evaluator.run();
    }
  }

  private record Run(List<Float> losses, float[] values, float[] outputs) {}

  private static Run run(Backend backend, Network network) {
    try (backend;
        Model model = network.build(backend, 1)) {
      List<Float> losses = new ArrayList<>();
      trainer(model, losses).fit();
      return new Run(losses, values(model), outputs(model));
    }
  }

  private static void assertClose(float[] expected, float[] seen, double most, String what) {
    assertEquals(expected.length, seen.length);
    for (int i = 0; i < seen.length; i++) {
      assertEquals(expected[i], seen[i], most * Math.max(1, Math.abs(expected[i])), what + " " + i);
    }
  }

  private static void assertClose(Run expected, Run seen, String what) {
    assertEquals(expected.losses.size(), seen.losses.size());
    for (int i = 0; i < seen.losses.size(); i++) {
      assertEquals(1, seen.losses.get(i) / expected.losses.get(i), 1e-4, what + " step " + i);
    }
    assertClose(expected.values, seen.values, 1e-3, what + " value");
    assertClose(expected.outputs, seen.outputs, 1e-3, what + " output");
  }

  private static void assertSame(Run expected, Run seen) {
    assertEquals(expected.losses, seen.losses);
    assertArrayEquals(expected.values, seen.values);
    assertArrayEquals(expected.outputs, seen.outputs);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("norms")
  void theCurveIsTheCpusReplayedOrNot(String name, Network network) {
    Run cpu = run(Device.cpu(1), network);
    assertEquals(STEPS, cpu.losses.size());
    assertTrue(cpu.losses.get(STEPS - 1) < 0.9 * cpu.losses.get(0), "it learned");
    SimulatedDriver driver = new SimulatedDriver(1);
    Run eager =
        run(SimulatedGpu.open(driver, SimulatedGpu.options().withReplay(Replay.EAGER)), network);
    driver.assertNothingLeaked();
    assertClose(cpu, eager, name);
    SimulatedDriver other = new SimulatedDriver(2);
    Run replayed = run(SimulatedGpu.open(other), network);
    assertTrue(other.counters().graphLaunches > STEPS / 2, "it was replayed");
    assertSame(eager, replayed);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("norms")
  void nothingIsTakenOnceTrainingBeganFromTablesAnywhere(String name, Network network) {
    SimulatedDriver large = new SimulatedDriver(4);
    SimulatedDriver small =
        new SimulatedDriver(SimulatedOptions.standard(4).withMemory(SMALL_DEVICE));
    assertSame(watched(large, network), watched(small, network));
    long more = small.counters().copiesToDevice - large.counters().copiesToDevice;
    assertTrue(more >= STEPS - 1, "batches came from the host, the table did not: " + more);
  }

  private static Run watched(SimulatedDriver driver, Network network) {
    Run run;
    try (CudaBackend backend = SimulatedGpu.open(driver);
        Model model = network.build(backend, 1)) {
      List<Float> losses = new ArrayList<>();
      NothingTaken watch = new NothingTaken(driver, backend);
      trainer(model, MANY, losses).withListener(watch).fit();
      watch.assertLookedAt();
      run = new Run(losses, values(model), outputs(model));
    }
    driver.assertNothingLeaked();
    return run;
  }

  /** Weights that a pass makes are bfloat16 from the start; others have a bfloat16 copy. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("norms")
  void bf16LearnsAndComputesWithTheWeightsThatItShows(String name, Network network) {
    Run cpu = run(Device.cpu(1), network);
    var options = SimulatedGpu.options().withPrecision(Precision.BF16);
    Run eager =
        run(SimulatedGpu.open(new SimulatedDriver(5), options.withReplay(Replay.EAGER)), network);
    try (Backend backend = SimulatedGpu.open(new SimulatedDriver(6), options);
        Model model = network.build(backend, 1);
        Evaluator before = new Evaluator(model, VALID, Optional.empty(), 16)) {
      before.run(); // binds the weights as they are now
      List<Float> losses = new ArrayList<>();
      trainer(model, losses).fit();
      assertSame(eager, new Run(losses, values(model), before.run()));
      try (Model fresh = network.build(backend, 7)) {
        for (int i = 0; i < model.parameters().size(); i++) {
          backend.write(model.values(model.parameters().get(i)), fresh.parameters().get(i).value());
        }
        for (int i = 0; i < model.statistics().size(); i++) {
          backend.write(model.values(model.statistics().get(i)), fresh.statistics().get(i).value());
        }
        assertArrayEquals(eager.outputs, outputs(fresh), "no stale copy");
      }
    }
    for (int i = 0; i < STEPS; i++) {
      assertEquals(cpu.losses.get(i), eager.losses.get(i), 0.1, name + " step " + i);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("norms")
  void aStoppedRunGoesOnOnEitherDevice(String name, Network network) {
    Run cpu = run(Device.cpu(1), network);
    for (String path : List.of("cpu gpu", "gpu cpu")) {
      String[] devices = path.split(" ");
      Path run = folder.resolve(devices[0]);
      try (Backend backend = open(devices[0]);
          Model model = network.build(backend, 1)) {
        Trainer stopped =
            trainer(model, new ArrayList<>())
                .withCheckpoints(run)
                .withListener(
                    Runs.atCheckpoints(
                        file -> {
                          throw new IllegalStateException("stop");
                        }));
        assertThrows(IllegalStateException.class, stopped::fit);
      }
      try (Backend backend = open(devices[1]);
          Model model = network.build(backend, 99)) {
        List<Float> losses = new ArrayList<>();
        trainer(model, losses).resuming(RunFolder.checkpoint(run)).fit();
        assertClose(
            new Run(cpu.losses.subList(STEPS - losses.size(), STEPS), cpu.values, cpu.outputs),
            new Run(losses, values(model), outputs(model)),
            path);
        assertTrue(losses.size() < STEPS, "it went on");
      }
    }
  }

  /** The start from data reads a first batch, for which a table on the host takes memory too. */
  @Test
  void adviceOnABatchCountsTheStartFromData() {
    Network network = Network.of(64, NORMED, RELU, Linear.of(10));
    assertAdviceHolds(network, MANY, Precision.FP32, 25_300_000, 26_400_000, 50_000);
  }

  /** Products read copies of the weights, which outlive the batch that was tried before. */
  @Test
  void adviceOnABatchInBf16CountsTheWeightsCopies() {
    Network network = Network.of(64, Linear.of(400), RowNorm.group(200), RELU, Linear.of(10));
    Dataset some = Digits.train(320);
    assertAdviceHolds(network, some, Precision.BF16, 25_900_000, 27_900_000, 125_000);
  }

  private static void assertAdviceHolds(
      Network network, Dataset train, Precision precision, int least, int most, int step) {
    int advised = 0;
    for (int room = least; room < most; room += step) {
      String message = fails(network, train, precision, 1024, room);
      if (message.contains("would fit") && !message.contains("no batch")) {
        int batch = Integer.parseInt(message.replaceAll(".*--batch ([0-9,]+) would fit", "$1"));
        assertEquals("", fails(network, train, precision, batch, room), room + ": " + message);
        advised++;
      }
    }
    assertTrue(advised > 3, "so often was a batch named: " + advised);
  }

  /** What one step says where there is no room, else nothing. */
  private static String fails(
      Network network, Dataset train, Precision precision, int batch, int room) {
    SimulatedDriver driver = new SimulatedDriver(SimulatedOptions.standard(1).withMemory(room));
    String message = "";
    try (Backend backend =
            SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision));
        Model model = network.build(backend, 1)) {
      new Trainer(model, RECIPE.withBatch(batch).withSteps(1), train).withValidation(VALID).fit();
    } catch (DeviceMemoryException e) {
      message = e.getMessage();
    }
    driver.assertNothingLeaked();
    return message;
  }

  private static Backend open(String device) {
    return device.equals("cpu") ? Device.cpu(1) : SimulatedGpu.open(new SimulatedDriver(11));
  }
}
