package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is seen of a training on the GPU made of Java: the CPU's numbers, and the same training. */
class CudaObservationsTest {

  private static final Dataset ROWS = Digits.train(96);

  private static final Network NETWORK =
      Network.of(
          64,
          Linear.of(24),
          BatchNorm.standard(),
          Activate.relu(),
          new Dropout(0.2),
          Residual.of(
              Linear.of(16), BatchNorm.standard(), Activate.of(Activation.TANH), Linear.of(24)),
          RowNorm.layer(),
          Activate.of(Activation.SIGMOID),
          Linear.of(10));

  private static final Recipe RECIPE =
      Recipe.classification()
          .withBatch(32)
          .withEpochs(3)
          .withOptimizer(Optimizer.nesterov(0.05))
          .withClip(1)
          .withSeed(3);

  @TempDir Path folder;

  /** The parameters that come of it. */
  private static float[] train(Backend backend, Path watched) {
    try (Model model = NETWORK.build(backend, 1)) {
      Trainer trainer = new Trainer(model, RECIPE, ROWS);
      if (watched == null) {
        trainer.fit();
      } else {
        try (Observations seen =
                new Observations(watched, model, ROWS, CudaObservationsTest::fail);
            StepFile steps = new StepFile(watched, ROWS.rows(), CudaObservationsTest::fail, 0, 0);
            TensorBoard board =
                new TensorBoard(
                    watched.resolve("board"), model, ROWS, CudaObservationsTest::fail)) {
          trainer.withListener(seen).withListener(steps).withListener(board).fit();
        }
      }
      float[] values = new float[model.flatParameters().columns()];
      backend.read(model.flatParameters(), values);
      return values;
    }
  }

  private static void fail(String words) {
    throw new AssertionError(words);
  }

  @Test
  void itIsTheCpusAndChangesNothing() throws IOException {
    Path cpu = Files.createDirectory(folder.resolve("cpu"));
    Path gpu = Files.createDirectory(folder.resolve("gpu"));
    try (Backend backend = Device.cpu(1)) {
      train(backend, cpu);
    }
    float[] watched = trainOnGpu(gpu);
    assertArrayEquals(trainOnGpu(null), watched);
    compare(cpu, gpu, Observations.FILE, 48, 3, 4);
    compare(cpu, gpu, StepFile.FILE, 5, 3, 5);
  }

  private static float[] trainOnGpu(Path watched) {
    SimulatedDriver driver = new SimulatedDriver(11);
    float[] values;
    try (Backend backend = SimulatedGpu.open(driver)) {
      values = train(backend, watched);
    }
    driver.assertNothingLeaked();
    return values;
  }

  /** Sums of float32 in another order, over 9 steps: as in CudaNormTrainingTest. */
  private static void compare(Path cpu, Path gpu, String file, int least, int from, int to)
      throws IOException {
    List<String> expected = Files.readAllLines(cpu.resolve(file));
    List<String> seen = Files.readAllLines(gpu.resolve(file));
    int compared = 0;
    for (int i = 1; i < Math.min(expected.size(), seen.size()); i++) {
      String[] one = expected.get(i).split(",");
      String[] other = seen.get(i).split(",");
      if (one[0].equals(other[0])) { // the very first step may share a line with the second
        assertEquals(one[1], other[1], seen.get(i));
        for (int column = from; column < to; column++) {
          double value = Double.parseDouble(one[column]);
          assertEquals(
              value,
              Double.parseDouble(other[column]),
              1e-3 * Math.max(1, Math.abs(value)),
              seen.get(i));
        }
        compared++;
      }
    }
    assertTrue(compared >= least, compared + " lines of " + file);
  }
}
