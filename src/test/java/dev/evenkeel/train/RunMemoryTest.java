package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.rows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.WeightNorm;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run takes its memory in one piece, and that piece is as large as what lies in it. */
class RunMemoryTest {

  private static final Dataset TRAIN = rows(Digits.DATA.train(), 100); // batches of 20
  private static final Dataset VALID = rows(Digits.DATA.valid(), 33);

  private static final Recipe RECIPE =
      Recipe.classification().withBatch(23).withSteps(7).withClip(1);

  private static final Network RICH =
      Network.of(
          64,
          Linear.of(24).withWeightNorm(WeightNorm.ofGain(1)),
          Activate.relu(),
          new Dropout(0.2),
          Residual.of(
              Linear.of(24),
              BatchNorm.standard().withRunning(RunningStatistics.population()),
              Activate.relu()),
          Linear.of(13),
          RowNorm.layer(),
          Activate.relu(),
          Linear.of(10));

  private static Backend gpu(SimulatedDriver driver, Precision precision) {
    return SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision));
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void theArenaIsFullOnceTheRunIsBound(Precision precision) {
    SimulatedDriver driver = new SimulatedDriver(1);
    try (Backend backend = gpu(driver, precision);
        Model model = RICH.build(backend, 1)) {
      Batches batches = Batches.of(TRAIN.rows(), 23, 2);
      Matrix features = backend.inputs(TRAIN.features(), TRAIN.rows(), TRAIN.columns());
      Matrix targets = backend.table(TRAIN.targets(), TRAIN.rows(), 1);
      long tables = backend.allocatedBytes();
      var source = new TrainingStep.Source(features, targets, RowOrder.natural(TRAIN.rows()));
      RunMemory memory = new RunMemory(model, RECIPE, TRAIN, Optional.of(VALID));
      try (Backend.Arena arena = memory.take(batches)) {
        long taken = backend.allocatedBytes() - tables;
        try (TrainingStep step =
                new TrainingStep(
                    model, source, RECIPE.loss(), RECIPE.optimizer(), 1, batches.largest(), 0);
            Evaluator evaluator =
                new Evaluator(model, VALID, Optional.of(RECIPE.loss()), batches.largest())) {
          step.prepare(batches.smallest());
          assertTrue(taken > 0);
          assertEquals(taken, arena.used());
        }
      }
      features.buffer().close();
      targets.buffer().close();
    }
    driver.assertNothingLeaked();
  }

  /** What the driver is asked for does not depend on how many layers there are. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void aRunIsAHandfulOfAllocations(Precision precision) {
    // Three of the backend, two of the model, a copy of it in bf16; of data to train on and of data
    // to validate on two tables and the order of the rows; and the arena.
    int expected = precision == Precision.BF16 ? 13 : 12;
    assertEquals(expected, allocations(precision, 1));
    assertEquals(expected, allocations(precision, 9));
  }

  private static long allocations(Precision precision, int layers) {
    SimulatedDriver driver = new SimulatedDriver(1);
    long[] ready = new long[2];
    try (Backend backend = gpu(driver, precision);
        Model model = Network.mlp(64, Collections.nCopies(layers, 12), 10).build(backend, 1)) {
      new Trainer(model, RECIPE, TRAIN)
          .withValidation(VALID)
          .withListener(
              new Listener() {
                @Override
                public void onMemory(long bytes) {
                  ready[0] = driver.counters().allocations;
                  ready[1] = backend.allocatedBytes();
                }

                @Override
                public void onEpoch(Epoch epoch) {
                  assertEquals(ready[0], driver.counters().allocations);
                  assertEquals(ready[1], backend.allocatedBytes());
                }
              })
          .fit();
      assertEquals(ready[0], driver.counters().allocations);
    }
    driver.assertNothingLeaked();
    return ready[0];
  }

  @Test
  void whereTheArenaHasNoRoomTheWholeOfItIsAskedFor() {
    Network wide = Network.mlp(64, List.of(512, 512), 10);
    SimulatedDriver driver =
        new SimulatedDriver(SimulatedOptions.standard(1).withMemory(33_000_000));
    Dataset train = rows(Digits.DATA.train(), 1000);
    try (Backend backend = gpu(driver, Precision.FP32);
        Model model = wide.build(backend, 1)) {
      long free = driver.freeMemory();
      Recipe large = RECIPE.withBatch(1000);
      String said =
          assertThrows(
                  DeviceMemoryException.class,
                  () -> new Trainer(model, large, train).withValidation(VALID).fit())
              .getMessage();
      assertTrue(
          said.matches(
              ".*has no room for 14 MB more: 6.3 MB are free, 27 MB are held by this run[.].*"),
          said);
      int fits = Integer.parseInt(said.replaceAll(".*--batch ([0-9]+) would fit", "$1"));
      assertEquals(free, driver.freeMemory(), "a refusal takes nothing");
      new Trainer(model, large.withBatch(fits).withSteps(1), train).withValidation(VALID).fit();
    }
  }
}
