package dev.evenkeel.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.jcuda.JCudaDriver;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.train.Epoch;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.Recipe;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a real GPU's driver says of memory: nothing is taken in a step, and all is given back. */
class GpuMemoryTest {

  private static final Network NETWORK = Network.mlp(64, List.of(2048, 2048), 10);

  private static final Recipe RECIPE =
      Recipe.classification().withBatch(256).withSteps(40).withOptimizer(Optimizer.adamw(1e-3));

  private static final int ROUNDS = 5;

  /**
   * A page of the driver's, which may come and go behind our back. A model that is not given back
   * is ten times as much.
   */
  private static final long PAGE = 2 << 20;

  @BeforeEach
  void aGpuIsThere() {
    Gpu.require();
  }

  @Test
  void theDriverHasAsMuchFreeMemoryAfterTrainingAsBefore() {
    try (JCudaDriver watch = new JCudaDriver(Gpu.index())) {
      long first = 0;
      for (int round = 0; round < ROUNDS; round++) {
        for (Precision precision : Precision.values()) {
          train(DeviceOptions.defaults().withPrecision(precision));
        }
        if (round == 0) {
          first = watch.freeMemory();
        }
      }
      long lost = first - watch.freeMemory();
      System.out.printf("%,d bytes lost in %d rounds after the first%n", lost, ROUNDS - 1);
      assertTrue(lost <= PAGE, lost + " bytes");
    }
  }

  private static void train(DeviceOptions options) {
    try (Backend backend = Gpu.open(options);
        Model model = NETWORK.build(backend, 1)) {
      Training.trainer(model, RECIPE, new ArrayList<>()).fit();
    }
  }

  @Test
  void aStepTakesNoMemory() {
    try (JCudaDriver watch = new JCudaDriver(Gpu.index());
        Backend backend = Gpu.open();
        Model model = NETWORK.build(backend, 1)) {
      List<Long> free = new ArrayList<>();
      List<Long> held = new ArrayList<>();
      Training.trainer(model, RECIPE, new ArrayList<>())
          .withListener(
              new Listener() {
                @Override
                public void onEpoch(Epoch epoch) {
                  free.add(watch.freeMemory());
                  held.add(backend.allocatedBytes());
                }
              })
          .fit();
      assertTrue(free.size() >= 4, free.size() + " epochs");
      // The first epoch records the graphs, for which the driver takes memory of its own.
      assertTrue(free.get(1) - free.get(free.size() - 1) <= PAGE, free::toString);
      assertEquals(1, held.stream().distinct().count(), held::toString);
    }
  }

  @Test
  void whatDoesNotFitIsToldBeforeTraining() {
    try (JCudaDriver watch = new JCudaDriver(Gpu.index());
        Backend backend = Gpu.open(Gpu.options().withNormBody(NormBody.PTX))) {
      long before = watch.freeMemory();
      long floats = before / 4 + (1L << 28);
      String message =
          assertThrows(DeviceMemoryException.class, () -> backend.allocate(floats)).getMessage();
      assertTrue(message.contains(watch.properties().name()), message);
      assertEquals(before, watch.freeMemory(), "a refusal takes nothing");
    }
  }
}
