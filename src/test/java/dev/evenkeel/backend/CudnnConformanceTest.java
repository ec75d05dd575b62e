package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.gpu.Gpu;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Batch norm by cuDNN against {@link Reference}: by its double, and by a real GPU's where {@code
 * -Devenkeel.gpu=0} names one. What cuDNN refuses our kernels do, in these rows too.
 */
class CudnnConformanceTest {

  /**
   * Times the limits of {@link Tolerance}. Ours keep a mean as two floats and sum in double; cuDNN
   * keeps one float, which alone is 6e-8 of the mean, and promises no more than float sums, whose
   * error grows to some 1e-6 with the rows of these tests. A slope made from the wrong argument is
   * off by 0.1 and more.
   */
  private static final double SLACK = 10;

  private static final DeviceOptions BY_CUDNN = SimulatedGpu.options().withNormBody(NormBody.CUDNN);

  /** Batches of less than 10,000 rows: a double takes seconds for the others. */
  private static final String NO_LONG_ONE = "(?!.*[0-9]{5}).*";

  @TestFactory
  Stream<DynamicTest> everyRowByTheDouble() {
    return rows(SimulatedGpu.open(new SimulatedDriver(1), BY_CUDNN), NO_LONG_ONE);
  }

  @TestFactory
  Stream<DynamicTest> everyRowOnAGpu() {
    Gpu.require();
    Gpu.requireCudnn();
    return rows(Gpu.open(BY_CUDNN), ".*");
  }

  private static Stream<DynamicTest> rows(Backend backend, String names) {
    return BatchNormRows.byCudnn().stream()
        .filter(row -> row.name().matches(names))
        .map(row -> DynamicTest.dynamicTest(row.name(), () -> check(backend, row)))
        .onClose(backend::close);
  }

  private static void check(Backend backend, Row row) {
    try (Bench bench = Bench.ofCudnn(backend, row.name(), SLACK)) {
      row.body().check(bench);
    }
    assertEquals(0, backend.allocated(), "memory left behind by " + row.name());
  }

  @AfterAll
  static void leaveTheWorstErrors() throws Exception {
    Measured.write(Path.of("target", "conformance-cudnn.txt"));
  }

  /** Whose slope our kernel can make from cuDNN's overwritten output; the others train by ours. */
  @ParameterizedTest
  @EnumSource(Activation.class)
  void cudnnTrainsOnlyWhereTheResultTellsTheSlope(Activation activation) {
    Set<Activation> known = EnumSet.of(Activation.IDENTITY, Activation.RELU, Activation.LEAKY_RELU);
    int runs = known.contains(activation) ? 1 : 0;
    assertEquals(runs, runs("batchNormForward", activation));
    assertEquals(2 * runs, runs("batchNormBackward", activation));
    assertEquals(1, runs("batchNormInference", activation));
  }

  /** How often cuDNN's double runs in one row's operations, trials of which is faster left out. */
  private static long runs(String operation, Activation activation) {
    SimulatedDriver driver = new SimulatedDriver(1);
    String name = "%s: 37 x 32, normal, %s".formatted(operation, activation.label());
    Row row =
        BatchNormRows.byCudnn().stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow();
    try (Backend backend = SimulatedGpu.open(driver, BY_CUDNN)) {
      check(backend, row);
      long before = driver.counters().normsRun;
      check(backend, row);
      return driver.counters().normsRun - before;
    }
  }

  /** What an operation works on. */
  private enum Piece {
    X,
    Y,
    DY,
    DX,
    GAMMA,
    BETA,
    MEAN,
    VARIANCE,
    SAVED,
    D_GAMMA,
    D_BETA
  }

  /** One piece of memory four bytes behind a multiple of 16, on which cuDNN would fault. */
  @ParameterizedTest
  @EnumSource(Piece.class)
  void memoryElsewhereThanAtMultiplesOf16BytesIsLeftToOurKernels(Piece moved) {
    Set<Piece> inference = EnumSet.of(Piece.X, Piece.Y, Piece.GAMMA, Piece.BETA);
    inference.addAll(EnumSet.of(Piece.MEAN, Piece.VARIANCE));
    Set<Piece> forward = EnumSet.copyOf(inference);
    forward.add(Piece.SAVED);
    SimulatedDriver driver = new SimulatedDriver(1);
    try (Backend backend = SimulatedGpu.open(driver, BY_CUDNN)) {
      Map<Piece, Matrix> at = new EnumMap<>(Piece.class);
      List<Buffer> buffers = new ArrayList<>();
      for (Piece piece : Piece.values()) {
        boolean activations = piece.compareTo(Piece.DX) <= 0;
        Buffer buffer = backend.allocate(100);
        buffers.add(buffer);
        int rows = activations ? 5 : piece == Piece.SAVED ? 3 : 1;
        at.put(piece, new Matrix(buffer, piece == moved ? 1 : 0, rows, 16));
        backend.write(Values.NORMAL.of(rows, 16, piece.ordinal()), at.get(piece));
      }
      Buffer count = backend.allocate(1);
      buffers.add(count);
      BatchNormMemory norm =
          new BatchNormMemory(
              at.get(Piece.GAMMA),
              at.get(Piece.BETA),
              at.get(Piece.MEAN),
              at.get(Piece.VARIANCE),
              Matrix.of(count, 1, 1),
              1e-5,
              new BatchNormMemory.Running(0.1, true));
      backend.write(Values.CONSTANT_COLUMN.of(1, 16, 1), at.get(Piece.VARIANCE));
      Operation train =
          backend.batchNormForward(
              at.get(Piece.X),
              norm,
              Activation.RELU,
              Masking.NONE,
              at.get(Piece.Y),
              at.get(Piece.SAVED));
      assertEquals(forward.contains(moved) ? 0 : 1, runs(driver, train, backend, at));
      Operation back =
          backend.batchNormBackward(
              at.get(Piece.DY),
              at.get(Piece.X),
              at.get(Piece.Y),
              norm,
              Activation.RELU,
              Masking.NONE,
              at.get(Piece.SAVED),
              at.get(Piece.DX),
              at.get(Piece.D_GAMMA),
              at.get(Piece.D_BETA));
      assertEquals(0, runs(driver, back, backend, at));
      Operation infer =
          backend.batchNormInference(at.get(Piece.X), norm, Activation.RELU, at.get(Piece.Y));
      assertEquals(inference.contains(moved) ? 0 : 1, runs(driver, infer, backend, at));
      buffers.forEach(Buffer::close);
    }
    driver.assertNothingLeaked();
  }

  private static long runs(
      SimulatedDriver driver, Operation operation, Backend backend, Map<Piece, Matrix> at) {
    long before = driver.counters().normsRun;
    operation.run();
    backend.read(at.get(Piece.Y), new float[5 * 16]);
    return driver.counters().normsRun - before;
  }
}
