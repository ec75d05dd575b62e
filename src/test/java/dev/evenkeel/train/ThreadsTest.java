package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Trainings side by side, each on a thread and a backend of its own, share nothing. */
class ThreadsTest {

  private static final List<Long> SEEDS = List.of(1L, 2L);

  private final Dataset data = DataPlan.of("digits").load(note -> {}).train();
  private final Network network =
      Network.mlp(
          64,
          List.of(32, 32),
          10,
          width ->
              List.of(Linear.of(width), BatchNorm.standard(), Activate.relu(), new Dropout(0.1)));

  private float[] train(long seed, int threads, CyclicBarrier together) throws Exception {
    try (Backend backend = Device.cpu(threads);
        Model model = network.build(backend, seed)) {
      together.await();
      Recipe recipe = Recipe.classification().withEpochs(3).withSeed(seed);
      new Trainer(model, recipe, data).fit();
      float[] all = new float[(int) model.flatParameters().size()];
      backend.read(model.flatParameters(), all);
      return all;
    }
  }

  @Test
  void twoTrainingsAtOnceGiveTheBitsThatEachGivesAlone() throws Exception {
    for (int threads : new int[] {1, 2}) {
      float[] first = train(SEEDS.get(0), threads, new CyclicBarrier(1));
      float[] second = train(SEEDS.get(1), threads, new CyclicBarrier(1));
      assertFalse(Arrays.equals(first, second), "the two are different trainings");

      ExecutorService pool = Executors.newFixedThreadPool(2);
      try {
        CyclicBarrier together = new CyclicBarrier(2);
        List<Future<float[]>> both =
            SEEDS.stream().map(seed -> pool.submit(() -> train(seed, threads, together))).toList();
        assertArrayEquals(first, both.get(0).get());
        assertArrayEquals(second, both.get(1).get());
      } finally {
        pool.shutdownNow();
      }
    }
  }
}
