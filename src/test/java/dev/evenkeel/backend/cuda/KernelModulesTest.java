package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which files of PTX are loaded, and when. */
class KernelModulesTest {

  private static final Recipe RECIPE =
      Recipe.classification().withBatch(16).withSteps(9).withClip(1);

  private static final Network PLAIN = Network.mlp(3, List.of(8, 8), 2);

  private static Dataset rows(int seed) {
    int[] labels = IntStream.range(0, 40).map(i -> i % 2).toArray();
    return Dataset.classification(
        "random", KernelDevice.normal(120, seed), 3, labels, List.of("a", "b"));
  }

  private static TreeSet<String> loaded(SimulatedDriver driver) {
    TreeSet<String> files = new TreeSet<>();
    for (String module : driver.counters().modules) {
      assertTrue(
          files.add(KernelFile.of(module.replace("module of ", "")).name()), module + " twice");
    }
    return files;
  }

  @Test
  void aPlainNetworkLoadsWhatItNeeds() {
    assertEquals(
        new TreeSet<>(
            List.of(
                "activation-sm75.ptx",
                "batchnorm-sm75.ptx",
                "data-sm75.ptx",
                "loss-sm75.ptx",
                "optimizer-sm75.ptx")),
        trained(Precision.FP32, PLAIN));
    assertEquals(
        new TreeSet<>(
            List.of(
                "activation-sm80.ptx",
                "batchnorm-sm80.ptx",
                "data-sm75.ptx",
                "data-sm80.ptx",
                "loss-sm80.ptx",
                "optimizer-sm75.ptx")),
        trained(Precision.BF16, PLAIN));
  }

  /** Evaluation, population statistics and dropout bind kernels of their own. */
  @Test
  void everythingIsLoadedBeforeTheFirstStep() {
    Network rich =
        Network.of(
            3,
            Linear.of(8),
            BatchNorm.standard().withRunning(RunningStatistics.population()),
            Activate.of(Activation.SILU),
            new Dropout(0.1),
            Linear.of(8),
            RowNorm.layer(),
            Linear.of(2));
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      assertTrue(trained(precision, rich).toString().contains("rownorm_backward"));
    }
  }

  /** What is loaded; fails where a file comes once the first step began. */
  private static TreeSet<String> trained(Precision precision, Network network) {
    SimulatedDriver driver = new SimulatedDriver(1);
    List<String> before = new ArrayList<>();
    try (Backend backend =
            SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision), true);
        Model model = network.build(backend, 1)) {
      new Trainer(model, RECIPE, rows(1))
          .withValidation(rows(2))
          .withListener(
              new Listener() {
                @Override
                public void onMemory(long bytes) {
                  before.addAll(driver.counters().modules);
                }
              })
          .fit();
      assertTrue(driver.counters().graphLaunches > 0, "nothing was recorded");
      assertEquals(before, driver.counters().modules);
    }
    return loaded(driver);
  }

  @Test
  void anotherModelBringsItsFilesWhenItIsBound() {
    SimulatedDriver driver = new SimulatedDriver(1);
    Network layers = Network.of(3, Linear.of(8), RowNorm.layer(), Activate.relu(), Linear.of(2));
    try (Backend backend = SimulatedGpu.open(driver);
        Model plain = PLAIN.build(backend, 1);
        Model other = layers.build(backend, 1)) {
      new Trainer(plain, RECIPE, rows(1)).fit();
      assertFalse(loaded(driver).contains("rownorm-sm75.ptx"));
      try (Evaluator evaluator = new Evaluator(other, rows(2), Optional.empty(), 16)) {
        assertTrue(loaded(driver).contains("rownorm-sm75.ptx"));
        int files = driver.counters().modules.size();
        for (int i = 0; i < 3; i++) {
          evaluator.run();
        }
        assertEquals(files, driver.counters().modules.size());
      }
      assertFalse(loaded(driver).contains("rownorm_backward-sm75.ptx"), "nothing went backward");
    }
    driver.assertNothingLeaked();
  }

  @Test
  void nothingIsLoadedWhileAStreamIsRecorded() {
    try (SimulatedDriver driver = new SimulatedDriver(1)) {
      KernelModules modules = new KernelModules(driver);
      long stream = driver.createStream();
      modules.function("adam_f32x4");
      driver.beginCapture(stream);
      modules.function("adam_f32x1"); // of a file that is there
      String said =
          assertThrows(CudaException.class, () -> modules.function("add_f32x4")).getMessage();
      assertTrue(said.contains("cuModuleLoadData failed: CUDA_ERROR_STREAM_CAPTURE"), said);
      assertThrows(CudaException.class, () -> driver.endCapture(stream), "it was spoilt");
      assertEquals(List.of("module of descent_f32x1"), driver.counters().modules);
      modules.function("add_f32x4");
      assertEquals(2, driver.counters().modules.size());
    }
  }
}
