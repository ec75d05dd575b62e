package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.SelfTest;
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
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which kernels are loaded, and when. */
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
    TreeSet<String> kernels = new TreeSet<>();
    for (String module : driver.counters().modules) {
      assertTrue(kernels.add(module.replace("module of ", "")), module + " twice");
    }
    return kernels;
  }

  private static TreeSet<String> kernels(String... names) {
    return new TreeSet<>(List.of(names));
  }

  @Test
  void aPlainNetworkLoadsWhatItNeeds() {
    assertEquals(
        kernels(
            "activation_forward_f32x4",
            "adam_f32x4",
            "bn_backward_f32x4",
            "bn_forward_f32x4",
            "bn_inference_f32x4",
            "clip_scale_f32x4",
            "find_non_finite_f32x1",
            "find_non_finite_f32x4",
            "gather_f32x1",
            "gather_f32x4",
            "set_words",
            "softmax_cross_entropy_f32x4"),
        trained(Precision.FP32, PLAIN));
    assertEquals(
        kernels(
            "activation_forward_bf16x8",
            "adam_f32x4",
            "bn_backward_bf16x8",
            "bn_forward_bf16x8",
            "bn_inference_bf16x8",
            "clip_scale_f32x4",
            "copy_f32_bf16x4",
            "find_non_finite_bf16x8",
            "find_non_finite_f32x1",
            "find_non_finite_f32x4",
            "gather_bf16x8",
            "gather_f32x1",
            "set_words",
            "softmax_cross_entropy_bf16x8"),
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
      assertTrue(trained(precision, rich).toString().contains("row_norm_backward"));
    }
  }

  /** What is loaded; fails where a file comes once the first step began. */
  private static TreeSet<String> trained(Precision precision, Network network) {
    SimulatedDriver driver = new SimulatedDriver(1);
    List<String> before = new ArrayList<>();
    try (Backend backend =
            SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision));
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

  /** doctor is to be done in five seconds, and has every operation compiled for its GPU first. */
  @Test
  void theSelfTestCompilesWhatItRunsAndNoMore() throws IOException {
    SimulatedDriver driver = new SimulatedDriver(1);
    try (Backend gpu = SimulatedGpu.open(driver);
        Backend cpu = Device.cpu(1)) {
      SelfTest.run(gpu, cpu);
    }
    assertEquals(loaded(driver), new TreeSet<>(driver.counters().runs.keySet()));
    long compiled = 0;
    for (String kernel : loaded(driver)) {
      compiled += KernelText.of(KernelFile.text(KernelFile.of(kernel))).alone(kernel).length();
    }
    long ships = 0;
    for (String file : PtxFilesTest.files()) {
      ships += file.endsWith("-sm75.ptx") ? KernelFile.text(file).length() : 0;
    }
    assertTrue(compiled < 0.4 * ships, compiled + " of " + ships + " characters");
  }

  /** Where others fill the GPU, the driver finds no room for a kernel's code either. */
  @Test
  void aGpuWithoutRoomForKernelsSaysHowMuchIsFree() {
    SimulatedDriver full =
        new SimulatedDriver(
            SimulatedOptions.standard(1).withMemory(Kernels.SCRATCH_BYTES + 20_000));
    try (Backend backend = SimulatedGpu.open(full)) {
      Matrix x = Matrix.of(backend.allocate(4), 2, 2);
      String said =
          assertThrows(DeviceMemoryException.class, () -> backend.add(x, x, x)).getMessage();
      assertEquals(
          "Simulated sm_90 has no room for the kernel add_f32x1: 0.0 MB are free, 25 MB are held by"
              + " this run. help: a smaller --batch, or --precision bf16",
          said);
    }
  }

  /** Or it might take the memory that they need, and a run that was said to fit would not. */
  @Test
  void kernelsAreLoadedBeforeTheArenaIsTaken() {
    SimulatedDriver roomy = new SimulatedDriver(1);
    trainWide(roomy);
    long needed = roomy.counters().peakBytes + 1000; // every kernel's text is longer
    trainWide(new SimulatedDriver(SimulatedOptions.standard(1).withMemory(needed)));
  }

  private static void trainWide(SimulatedDriver driver) {
    try (Backend backend = SimulatedGpu.open(driver);
        Model model = Network.mlp(3, List.of(128, 128), 2).build(backend, 1)) {
      new Trainer(model, RECIPE.withSteps(1), rows(1)).withValidation(rows(2)).fit();
    }
  }

  @Test
  void anotherModelBringsItsFilesWhenItIsBound() {
    SimulatedDriver driver = new SimulatedDriver(1);
    Network layers = Network.of(3, Linear.of(8), RowNorm.layer(), Activate.relu(), Linear.of(2));
    try (Backend backend = SimulatedGpu.open(driver);
        Model plain = PLAIN.build(backend, 1);
        Model other = layers.build(backend, 1)) {
      new Trainer(plain, RECIPE, rows(1)).fit();
      assertFalse(loaded(driver).contains("row_norm_forward_f32x4"));
      try (Evaluator evaluator = new Evaluator(other, rows(2), Optional.empty(), 16)) {
        assertTrue(loaded(driver).contains("row_norm_forward_f32x4"));
        int files = driver.counters().modules.size();
        for (int i = 0; i < 3; i++) {
          evaluator.run();
        }
        assertEquals(files, driver.counters().modules.size());
      }
      assertFalse(loaded(driver).contains("row_norm_backward_f32x4"), "nothing went backward");
    }
    driver.assertNothingLeaked();
  }

  @Test
  void nothingIsLoadedWhileAStreamIsRecorded() {
    try (SimulatedDriver driver = new SimulatedDriver(1)) {
      long stream = driver.createStream();
      KernelModules modules = new KernelModules(new CudaMemory(driver, stream));
      modules.function("adam_f32x4");
      driver.beginCapture(stream);
      modules.function("adam_f32x4"); // which is there
      String said =
          assertThrows(CudaException.class, () -> modules.function("add_f32x4")).getMessage();
      assertTrue(said.contains("cuModuleLoadData failed: CUDA_ERROR_STREAM_CAPTURE"), said);
      assertThrows(CudaException.class, () -> driver.endCapture(stream), "it was spoilt");
      assertEquals(List.of("module of adam_f32x4"), driver.counters().modules);
      modules.function("add_f32x4");
      assertEquals(2, driver.counters().modules.size());
    }
  }
}
