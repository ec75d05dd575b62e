package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is planned is what a run then takes. */
class MemoryPlanTest {

  private static final Dataset TRAIN = Digits.train(256);
  private static final Network NETWORK = Network.mlp(64, List.of(48, 32), 10);
  private static final Recipe RECIPE = Recipe.classification().withBatch(64).withSteps(1);

  private static MemoryPlan plan(Network network, Backend backend, int batch) {
    return MemoryPlan.of(
        network, backend, RECIPE.loss(), RECIPE.optimizer(), RECIPE.clip(), 1, batch);
  }

  /** Of a run, its tables included. */
  private static long taken(Backend backend) {
    long[] bytes = new long[1];
    try (Model model = NETWORK.build(backend, 1)) {
      new Trainer(model, RECIPE, TRAIN)
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
      assertEquals(planned + tables, taken(backend));
    }
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

  @Test
  void aSingleRowThroughBatchNormOnlyAnswers() {
    try (Backend backend = Device.cpu(1)) {
      MemoryPlan plan = plan(NETWORK, backend, 1);
      assertTrue(plan.training().isEmpty());
      assertTrue(plan.inference() > 0);
    }
  }
}
