package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is planned is what a run then takes. */
class MemoryPlanTest {

  private static final Dataset TRAIN = Digits.train(256);
  private static final Network NETWORK = Network.mlp(64, List.of(48, 32), 10);
  private static final Recipe RECIPE = Recipe.classification().withBatch(64).withSteps(1);

  private static MemoryPlan plan(Network network, Backend backend, int batch) {
    return MemoryPlan.of(network, backend, RECIPE, batch);
  }

  /** Of a run, its tables included. */
  private static long taken(Backend backend, Dataset train) {
    long[] bytes = new long[1];
    try (Model model = NETWORK.build(backend, 1)) {
      new Trainer(model, RECIPE, train)
          .withListener(
              new Listener() {
                @Override
                public void onMemory(long held) {
                  bytes[0] = held;
                }
              })
          .fit();
    }
    return bytes[0];
  }

  @Test
  void aRunOnTheCpuTakesWhatWasPlannedAndItsTables() {
    try (Backend backend = Device.cpu(1)) {
      long tables = 4L * (TRAIN.features().length + TRAIN.targets().length);
      long planned = plan(NETWORK, backend, 64).training().getAsLong();
      assertEquals(0, backend.allocated());
      assertEquals(planned + tables, taken(backend, TRAIN));
    }
  }

  /** With as many rows as a batch has, so that even the order of the rows takes as much. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void aRunOnAGpuTakesWhatWasPlannedWithoutOne(Precision precision) {
    Dataset train = Digits.train(64);
    long planned;
    try (Backend nowhere = CudaBackend.planner(precision)) {
      planned = plan(NETWORK, nowhere, 64).training().getAsLong();
    }
    try (Backend gpu = gpu(precision)) {
      assertEquals(planned, plan(NETWORK, gpu, 64).training().getAsLong());
    }
    long tables;
    try (Backend gpu = gpu(precision)) {
      long before = gpu.allocatedBytes();
      Matrix features = gpu.inputs(train.features(), 64, train.columns());
      Matrix targets = gpu.table(train.targets(), 64, 1);
      tables = gpu.allocatedBytes() - before;
      features.buffer().close();
      targets.buffer().close();
    }
    try (Backend gpu = gpu(precision)) {
      assertEquals(planned + tables, taken(gpu, train));
    }
  }

  private static Backend gpu(Precision precision) {
    SimulatedDriver driver = new SimulatedDriver(1);
    return new CudaBackend(
        driver,
        0,
        SimulatedGpu.libraries(Blas.workspaceBytes(driver.properties())),
        SimulatedGpu.options().withPrecision(precision));
  }

  @Test
  void moreRowsTakeMoreAndTrainingMoreThanInference() {
    try (Backend backend = CudaBackend.planner(Precision.FP32)) {
      MemoryPlan small = plan(NETWORK, backend, 64);
      MemoryPlan large = plan(NETWORK, backend, 1 << 20);
      assertTrue(large.training().getAsLong() > 1000 * small.training().getAsLong() / 64);
      assertTrue(large.inference() < large.training().getAsLong());
      try (Backend half = CudaBackend.planner(Precision.BF16)) {
        assertTrue(plan(NETWORK, half, 1 << 20).inference() < 0.7 * large.inference());
      }
    }
  }

  /** Tanh's slope is told by its output, which is kept; whether a ReLU was open, by its input. */
  @Test
  void behindNormAndReluAGradientTakesThePlaceOfTheOutput() {
    try (Backend backend = Device.cpu(1)) {
      long relu = plan(threeLayers(Activation.RELU), backend, 64).training().getAsLong();
      long tanh = plan(threeLayers(Activation.TANH), backend, 64).training().getAsLong();
      assertEquals(4L * 64 * 512, tanh - relu);
    }
  }

  private static Network threeLayers(Activation activation) {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      layers.addAll(List.of(Linear.of(512), BatchNorm.standard(), Activate.of(activation)));
    }
    layers.add(Linear.of(10));
    return Network.of(64, layers.toArray(Layer[]::new));
  }

  @Test
  void aSingleRowThroughBatchNormOnlyAnswers() {
    try (Backend backend = Device.cpu(1)) {
      MemoryPlan plan = plan(NETWORK, backend, 1);
      assertTrue(plan.training().isEmpty());
      assertTrue(plan.inference() > 0);
    }
  }
}
