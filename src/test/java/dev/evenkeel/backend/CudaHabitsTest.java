package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.simulator.ExecutionOptions;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the CUDA backend promises beside right numbers. */
class CudaHabitsTest {

  private static final int ORDERS = 20;

  /** Rows for both bodies of batch norm; columns for rows that are aligned, and that are not. */
  @ParameterizedTest
  @CsvSource({
    "FP32, 67, 37",
    "FP32, 67, 36",
    "FP32, 530, 5",
    "FP32, 530, 8",
    "BF16, 67, 37",
    "BF16, 530, 5"
  })
  void everyOperationIsTheSameBitsInAnyOrderOfBlocksAndWarps(
      Precision precision, int rows, int columns) {
    Map<String, float[]> first = results(0, precision, rows, columns);
    for (int seed = 1; seed < ORDERS; seed++) {
      Map<String, float[]> other = results(seed, precision, rows, columns);
      assertEquals(first.keySet(), other.keySet());
      first.forEach((name, values) -> assertArrayEquals(values, other.get(name), 0f, name));
    }
  }

  /** Races are looked for in every fifth order: it makes a run several times as long. */
  private static Map<String, float[]> results(
      int seed, Precision precision, int rows, int columns) {
    SimulatedDriver driver =
        new SimulatedDriver(
            SimulatedOptions.standard(seed)
                .withExecution(ExecutionOptions.standard().withRaces(seed % 5 == 0)));
    try (Backend backend =
        SimulatedGpu.open(driver, SimulatedGpu.options().withPrecision(precision))) {
      Map<String, float[]> results;
      try (EveryOperation every =
          Contract.bound(backend, rows, columns, precision == Precision.BF16)) {
        results = Contract.results(every);
      }
      backend.close();
      driver.assertNothingLeaked();
      return results;
    }
  }

  /** ex2.approx and its like err as far as they are documented to: the tolerances must allow it. */
  @TestFactory
  Stream<DynamicTest> approximateInstructionsMayErrAsDocumented() {
    SimulatedDriver driver =
        new SimulatedDriver(
            SimulatedOptions.standard(1)
                .withExecution(ExecutionOptions.standard().withPerturb(true)));
    Backend backend = SimulatedGpu.open(driver);
    return Stream.of(ActivationRows.all(), LossRows.all(), BatchNormRows.all())
        .flatMap(List::stream)
        .filter(row -> !row.name().contains("131101"))
        .map(row -> DynamicTest.dynamicTest(row.name(), () -> check(backend, row)))
        .onClose(backend::close);
  }

  /** Each in one float, cuBLAS cuts no sum into parts: the tolerances must allow that too. */
  @TestFactory
  Stream<DynamicTest> sumsOfProductsMayBeOneFloat() {
    Backend backend =
        new CudaBackend(
            new SimulatedDriver(1),
            0,
            SimulatedGpu.librariesWithFloatSums(),
            SimulatedGpu.options());
    return LinearRows.all().stream()
        .map(row -> DynamicTest.dynamicTest(row.name(), () -> check(backend, row)))
        .onClose(backend::close);
  }

  private static void check(Backend backend, Row row) {
    try (Bench bench = new Bench(backend, true, row.name())) {
      row.body().check(bench);
    }
  }
}
