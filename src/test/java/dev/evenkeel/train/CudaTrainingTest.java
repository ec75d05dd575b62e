package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.RICH;
import static dev.evenkeel.train.Runs.STEADY_ADAM;
import static dev.evenkeel.train.Runs.into;
import static dev.evenkeel.train.Runs.rows;
import static dev.evenkeel.train.Runs.stopAfter;
import static dev.evenkeel.train.Runs.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.DeviceOptions.Replay;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole training runs on the CUDA backend, on a GPU made of Java that runs the shipped kernels. */
class CudaTrainingTest {

  private static final Dataset TRAIN = rows(Digits.DATA.train(), 320);
  private static final Dataset VALID = rows(Digits.DATA.valid(), 64);

  private static final Network SMALL = Network.mlp(64, List.of(24, 16), 10);

  /** A network with everything that a step can hold. */
  private static final Recipe RECIPE =
      Recipe.classification()
          .withBatch(32)
          .withSteps(24)
          .withOptimizer(STEADY_ADAM)
          .withSchedule(Schedule.cosine())
          .withClip(1)
          .withSeed(3);

  @TempDir Path folder;

  /** Losses of all steps. */
  private static List<Float> losses(Model model, Recipe recipe) {
    List<Float> losses = new ArrayList<>();
    trainer(model, recipe, losses).fit();
    return losses;
  }

  private static Trainer trainer(Model model, Recipe recipe, List<Float> losses) {
    return new Trainer(model, recipe, TRAIN).withValidation(VALID).withListener(into(losses));
  }

  private record Run(List<Float> losses, float[] values) {}

  private static Run run(Backend backend, Network network, Recipe recipe) {
    try (backend;
        Model model = network.build(backend, 1)) {
      List<Float> losses = losses(model, recipe);
      return new Run(losses, values(model));
    }
  }

  @Test
  void theCurveIsTheCpusOverTwoHundredSteps() {
    Recipe recipe = RECIPE.withSteps(200).withClip(0);
    Run cpu = run(Device.cpu(1), SMALL, recipe);
    SimulatedDriver driver = new SimulatedDriver(1);
    Run gpu = run(SimulatedGpu.open(driver), SMALL, recipe);
    driver.assertNothingLeaked();
    assertEquals(200, gpu.losses.size());
    double worst = 0;
    for (int i = 0; i < 200; i++) {
      worst = Math.max(worst, Math.abs(gpu.losses.get(i) / cpu.losses.get(i) - 1));
    }
    assertTrue(worst < 1e-5, "the losses differ by up to " + worst);
    assertTrue(cpu.losses.get(199) < 0.5 * cpu.losses.get(0), "it learned");
  }

  @Test
  void replayEqualsEagerBitForBitUnderAnySchedule() {
    Run eager =
        run(
            SimulatedGpu.open(
                new SimulatedDriver(1), SimulatedGpu.options().withReplay(Replay.EAGER)),
            RICH,
            RECIPE);
    for (int seed = 2; seed < 5; seed++) {
      SimulatedDriver driver = new SimulatedDriver(seed);
      Run replayed = run(SimulatedGpu.open(driver), RICH, RECIPE);
      assertTrue(driver.counters().graphLaunches > 15, "it was replayed");
      assertEquals(eager.losses, replayed.losses);
      assertArrayEquals(eager.values, replayed.values);
    }
  }

  @Test
  void aStepTakesNoMemoryAndTheEndGivesAllBack() {
    SimulatedDriver driver = new SimulatedDriver(7);
    try (CudaBackend backend = SimulatedGpu.open(driver);
        Model model = RICH.build(backend, 1)) {
      NothingTaken watch = new NothingTaken(driver, backend);
      trainer(model, RECIPE, new ArrayList<>()).withListener(watch).fit();
      watch.assertLookedAt();
    }
    driver.assertNothingLeaked();
  }

  @Test
  void checkpointsGoFromDeviceToDevice() {
    Recipe recipe = RECIPE.withSteps(30);
    Run cpu = run(Device.cpu(1), RICH, recipe);
    Run gpu = run(SimulatedGpu.open(new SimulatedDriver(1)), RICH, recipe);
    for (String path : List.of("cpu gpu", "gpu cpu", "gpu gpu")) {
      String[] devices = path.split(" ");
      Path run = folder.resolve(path.replace(' ', '-'));
      try (Backend backend = open(devices[0]);
          Model model = RICH.build(backend, 1)) {
        assertEquals(20, stopAfter(20, trainer(model, recipe, new ArrayList<>()), run));
      }
      Run second;
      try (Backend backend = open(devices[1]);
          Model model = RICH.build(backend, 99)) {
        List<Float> losses = new ArrayList<>();
        trainer(model, recipe, losses).resuming(RunFolder.checkpoint(run)).fit();
        second = new Run(losses, values(model));
      }
      assertEquals(30 - 20, second.losses.size(), path);
      if (path.equals("gpu gpu")) {
        assertArrayEquals(gpu.values, second.values, "bit for bit on one device");
      }
      for (int i = 0; i < 10; i++) {
        assertEquals(1, second.losses.get(i) / cpu.losses.get(20 + i), 1e-4, path + ", step " + i);
      }
    }
  }

  private static Backend open(String device) {
    return device.equals("cpu") ? Device.cpu(1) : SimulatedGpu.open(new SimulatedDriver(11));
  }

  @Test
  void aNaNIsFoundWithItsLayerAndTheParametersStay() {
    try (Backend backend = SimulatedGpu.open(new SimulatedDriver(5));
        Model model = SMALL.build(backend, 1)) {
      float[] huge = new float[(int) model.parameters().get(0).size()];
      Arrays.fill(huge, 1e38f);
      backend.write(huge, model.parameters().get(0).value());
      float[] before = new float[model.flatParameters().columns()];
      backend.read(model.flatParameters(), before);
      Expect.failure(
          () -> losses(model, RECIPE),
          "Training stopped at step 1: the loss is ",
          "It first appeared in the output of layer 0 linear");
      float[] after = new float[before.length];
      backend.read(model.flatParameters(), after);
      assertArrayEquals(before, after);
    }
  }

  @Test
  void tooLargeABatchIsToldWithOneThatFits() {
    int room = 32_000_000;
    Recipe large = RECIPE.withBatch(320);
    Network wide = Network.mlp(64, List.of(512, 512), 10);
    SimulatedDriver driver = new SimulatedDriver(SimulatedOptions.standard(1).withMemory(room));
    String message;
    try (Backend backend = SimulatedGpu.open(driver);
        Model model = wide.build(backend, 1)) {
      message = assertThrows(DeviceMemoryException.class, () -> losses(model, large)).getMessage();
    }
    driver.assertNothingLeaked();
    assertTrue(message.contains("has no room for"), message);
    int batch = Integer.parseInt(message.replaceAll(".*--batch ([0-9]+) would fit.*", "$1"));
    SimulatedDriver again = new SimulatedDriver(SimulatedOptions.standard(1).withMemory(room));
    try (Backend backend = SimulatedGpu.open(again);
        Model model = wide.build(backend, 1)) {
      losses(model, large.withBatch(batch).withSteps(1));
    }
  }

  @Test
  void aTableThatIsTooLargeForTheDeviceComesInBatches() {
    Recipe recipe = RECIPE.withSteps(20);
    SimulatedDriver large = new SimulatedDriver(1);
    Run onDevice = run(SimulatedGpu.open(large), SMALL, recipe);
    for (int seed = 1; seed < 4; seed++) {
      // 320 rows of 64 columns are 82 kB: more than 0.6 of what the scratch memory leaves free.
      SimulatedDriver small =
          new SimulatedDriver(SimulatedOptions.standard(seed).withMemory(25_310_000));
      Run staged = run(SimulatedGpu.open(small), SMALL, recipe);
      small.assertNothingLeaked();
      long more = small.counters().copiesToDevice - large.counters().copiesToDevice;
      assertEquals(20 - 1, more, "20 batches in place of a table");
      assertEquals(onDevice.losses, staged.losses);
      assertArrayEquals(onDevice.values, staged.values);
    }
  }

  @Test
  void everyPrecisionLearns() {
    Recipe recipe = RECIPE.withSteps(60);
    Run exact = run(Device.cpu(1), RICH, recipe);
    for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
      SimulatedDriver driver = new SimulatedDriver(2);
      Run other =
          run(
              SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision)),
              RICH,
              recipe);
      driver.assertNothingLeaked();
      double most = precision == Precision.TF32 ? 0.02 : 0.1;
      for (int i = 0; i < 60; i++) {
        assertEquals(exact.losses.get(i), other.losses.get(i), most, precision + " step " + i);
      }
      assertTrue(!exact.losses.equals(other.losses), precision + " is not float32");
    }
  }

  @Test
  void cudnnTrainsTheSameCurve() {
    SimulatedDriver driver = new SimulatedDriver(3);
    Run ours = run(SimulatedGpu.open(new SimulatedDriver(1)), SMALL, RECIPE);
    Run theirs =
        run(
            SimulatedGpu.open(driver, SimulatedGpu.options().withNormBody(NormBody.CUDNN)),
            SMALL,
            RECIPE);
    assertTrue(driver.counters().normsRun > 0, "cuDNN was used");
    for (int i = 0; i < ours.losses.size(); i++) {
      assertEquals(1, theirs.losses.get(i) / ours.losses.get(i), 1e-4, "step " + i);
    }
    assertEquals(ours.values.length, theirs.values.length);
    for (int i = 0; i < ours.values.length; i++) { // parameters and running statistics
      double scale = Math.max(1, Math.abs(ours.values[i]));
      assertEquals(ours.values[i], theirs.values[i], 1e-4 * scale, "value " + i);
    }
  }

  /** What a replayed step of 784-512×3-10 consists of: docs/cuda.md tells why few matter. */
  @Test
  void nodesOfOneStep() {
    Network network = Network.mlp(784, List.of(512, 512, 512), 10);
    Network deeper = Network.mlp(784, List.of(512, 512, 512, 512), 10);
    assertEquals(20, nodes(network, 256));
    assertEquals(5, nodes(deeper, 256) - nodes(network, 256), "a layer whose batch fits a block");
    assertEquals(26, nodes(network, 1024));
    assertEquals(7, nodes(deeper, 1024) - nodes(network, 1024), "a layer with more rows");
    Network dropping =
        Network.mlp(
            784,
            List.of(512, 512, 512),
            10,
            width ->
                List.of(Linear.of(width), BatchNorm.standard(), Activate.relu(), new Dropout(0.1)));
    assertEquals(20, nodes(dropping, 256), "dropout is a part of batch norm");
    assertEquals(26, nodes(dropping, 1024), "dropout is a part of batch norm");
  }

  /** All but the first layer's: there the way back ends. */
  @Test
  void gradientsOfWeightsAreMadeBesideTheWayBack() {
    for (int layers = 1; layers < 5; layers++) {
      Network network = Network.mlp(64, Collections.nCopies(layers, 16), 10);
      SimulatedDriver driver = new SimulatedDriver(layers);
      try (Backend backend = SimulatedGpu.open(driver);
          Model model = network.build(backend, 1)) {
        new Trainer(model, RECIPE.withSteps(3).withClip(0), TRAIN).fit();
        int nodes = 5 + 5 * layers;
        assertEquals(nodes - layers, driver.counters().longestChain);
      }
      driver.assertNothingLeaked();
    }
  }

  @Test
  void lossesAreCopiedEightAtATime() {
    int steps = 96;
    SimulatedDriver driver = new SimulatedDriver(1);
    try (Backend backend = SimulatedGpu.open(driver);
        Model model = SMALL.build(backend, 1);
        TrainingStep step =
            new TrainingStep(
                model,
                new TrainingStep.Source(
                    backend.inputs(TRAIN.features(), TRAIN.rows(), TRAIN.columns()),
                    backend.table(TRAIN.targets(), TRAIN.rows(), 1),
                    RowOrder.natural(TRAIN.rows())),
                Loss.crossEntropy(),
                STEADY_ADAM,
                0,
                32,
                1)) {
      int taken = 0;
      for (int number = 0; number < steps; number++) {
        step.start(32, number, 1e-3);
        taken += step.take(16) ? 1 : 0;
      }
      while (step.take(0)) {
        taken++;
      }
      assertEquals(steps, taken);
      long copies = driver.counters().copiesToHost;
      assertTrue(copies <= steps / 8 + 2, copies + " copies in " + steps + " steps");
      long launches = driver.counters().runs.get("set_words");
      assertTrue(launches <= steps + 2, launches + " launches in " + steps + " steps");
    }
  }

  private static int nodes(Network network, int batch) {
    try (Backend gpu = SimulatedGpu.open(new SimulatedDriver(1));
        Backend planner = gpu.planner().orElseThrow();
        Model model = network.build(planner, 1);
        TrainingStep step =
            new TrainingStep(
                model,
                new TrainingStep.Source(
                    Matrix.of(planner.allocateActivations(batch, 784), batch, 784),
                    Matrix.of(planner.allocate(batch), batch, 1),
                    new RowOrder(new int[batch])),
                Loss.crossEntropy(),
                Optimizer.adam(1e-3),
                0,
                batch,
                1)) {
      step.start(batch, 0, 1e-3);
      step.start(batch, 1, 1e-3);
      return step.nodes(batch);
    }
  }
}
