package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.simulator.ExecutionOptions;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the CUDA backend promises beside right numbers. */
class CudaHabitsTest {

  private static final int ORDERS = 20;

  /** Rows for both bodies of batch norm; columns for rows that are aligned, and that are not. */
  @ParameterizedTest
  @CsvSource({"67, 37", "67, 36", "530, 5", "530, 8"})
  void everyOperationIsTheSameBitsInAnyOrderOfBlocksAndWarps(int rows, int columns) {
    Map<String, float[]> first = results(0, rows, columns);
    for (int seed = 1; seed < ORDERS; seed++) {
      Map<String, float[]> other = results(seed, rows, columns);
      assertEquals(first.keySet(), other.keySet());
      first.forEach((name, values) -> assertArrayEquals(values, other.get(name), 0f, name));
    }
  }

  /** Races are looked for in every fifth order: it makes a run several times as long. */
  private static Map<String, float[]> results(int seed, int rows, int columns) {
    SimulatedDriver driver =
        new SimulatedDriver(
            SimulatedOptions.standard(seed)
                .withExecution(ExecutionOptions.standard().withRaces(seed % 5 == 0)));
    try (Backend backend = SimulatedGpu.open(driver)) {
      Map<String, float[]> results;
      try (EveryOperation every = new EveryOperation(backend, rows, columns)) {
        results = every.run();
      }
      backend.close();
      driver.assertNothingLeaked();
      return results;
    }
  }
}
