package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A product that runs beside other operations, whichever of them a device runs first. */
class SideStreamTest {

  private static final float[] DZ = {1, 2, 3, 4, 5, 6};
  private static final float[] X = {1, 0, -1, 2};
  private static final float[] PRODUCT = {-3, 8, -3, 10, -3, 12}; // dzᵀ x, of 3 rows
  private static final int SEEDS = 20;

  /** On one device: the product, and an operation that takes its result. */
  private static final class Case implements AutoCloseable {
    private final SimulatedDriver driver;
    private final CudaBackend gpu;
    private final Matrix dz;
    private final Matrix x;
    private final Matrix dWeight;
    private final Matrix other;
    private final Backend.Beside product;

    Case(SimulatedDriver driver) {
      this.driver = driver;
      gpu = SimulatedGpu.open(driver);
      dz = Matrix.of(gpu.allocateActivations(2, 3), 2, 3);
      x = Matrix.of(gpu.allocateActivations(2, 2), 2, 2);
      dWeight = Matrix.of(gpu.allocate(6), 3, 2);
      other = Matrix.of(gpu.allocate(6), 3, 2);
      gpu.write(DZ, dz);
      gpu.write(X, x);
      product = gpu.linearBackwardWeightBeside(dz, x, dWeight).orElseThrow();
    }

    /** Twice its result. */
    Operation twice() {
      return gpu.add(dWeight, dWeight, other);
    }

    void assertMade(Matrix matrix, float factor) {
      float[] found = new float[6];
      gpu.read(matrix, found);
      float[] expected = PRODUCT.clone();
      for (int i = 0; i < 6; i++) {
        expected[i] *= factor;
      }
      assertArrayEquals(expected, found);
    }

    @Override
    public void close() {
      List.of(dz, x, dWeight, other).forEach(matrix -> matrix.buffer().close());
      gpu.close();
      driver.assertNothingLeaked();
    }
  }

  @Test
  void whatComesAfterTheEndFindsItDone() {
    for (int seed = 0; seed < SEEDS; seed++) {
      try (Case one = new Case(new SimulatedDriver(seed))) {
        Operation between = one.gpu.scaleShift(one.x, 1, 0, one.x);
        try (Backend.Sequence step =
            one.gpu.sequence(
                List.of(one.product.begin(), between, one.product.end(), one.twice()))) {
          for (int run = 0; run < 3; run++) {
            one.gpu.write(new float[6], one.dWeight);
            step.run();
            one.assertMade(one.other, 2);
          }
          assertEquals(3, step.nodes());
          assertEquals(2, one.driver.counters().longestChain, "between ran beside the product");
        }
      }
    }
  }

  /**
   * The simulated device does make mistakes visible: some seed reads before the product is there.
   */
  @Test
  void whatComesBeforeTheEndMayNot() {
    int missed = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      try (Case one = new Case(new SimulatedDriver(seed));
          Backend.Sequence step =
              one.gpu.sequence(List.of(one.product.begin(), one.twice(), one.product.end()))) {
        step.run();
        float[] found = new float[6];
        one.gpu.read(one.other, found);
        missed += found[0] == 0 ? 1 : 0;
      }
    }
    assertTrue(missed > 0);
  }

  @Test
  void halvesAloneAreDoneInOrder() {
    for (int seed = 0; seed < SEEDS; seed++) {
      try (Case one = new Case(new SimulatedDriver(seed))) {
        one.product.begin().run();
        one.twice().run();
        one.product.end().run();
        one.assertMade(one.other, 2);
        List<Operation> many = new ArrayList<>(Collections.nCopies(3, one.product.begin()));
        many.add(one.twice());
        try (Backend.Sequence step = one.gpu.sequence(many)) {
          step.run();
          step.run();
          one.assertMade(one.other, 2);
          assertEquals(4, one.driver.counters().longestChain);
        }
      }
    }
  }

  /** 128 × 128 is one tile: ten tiles leave room on twelve multiprocessors, twelve do not. */
  @Test
  void onlyWhatLeavesRoomIsMadeBeside() {
    SimulatedOptions small =
        SimulatedOptions.standard(1).withProperties(SimulatedOptions.device(9, 0, 12));
    try (CudaBackend gpu = SimulatedGpu.open(new SimulatedDriver(small))) {
      Matrix dz = Matrix.of(gpu.allocateActivations(1, 513), 1, 513);
      Matrix x = Matrix.of(gpu.allocateActivations(1, 384), 1, 384);
      Matrix dWeight = Matrix.of(gpu.allocate(513 * 384), 513, 384);
      assertTrue(gpu.linearBackwardWeightBeside(dz, x, dWeight).isEmpty());
      Matrix fewer = Matrix.of(x.buffer(), 1, 256);
      Matrix smaller = Matrix.of(dWeight.buffer(), 513, 256);
      assertTrue(gpu.linearBackwardWeightBeside(dz, fewer, smaller).isPresent());
      List.of(dz, x, dWeight).forEach(matrix -> matrix.buffer().close());
    }
  }

  /** cuBLAS for a device, where a call of its own, counted from 1, finds no memory. */
  private static final class Libraries implements CudaLibraries {
    private final CudaLibraries all = SimulatedGpu.libraries(1 << 12);
    private final int refused;
    private int asked;

    Libraries(int refused) {
      this.refused = refused;
    }

    @Override
    public long workspaceBytes(CudaDriver.Properties device) {
      return all.workspaceBytes(device);
    }

    @Override
    public Blas blas(CudaDriver driver, long stream, long workspace, long bytes) {
      if (++asked == refused) {
        throw new CudaException("cublasCreate()", 3, "CUBLAS_STATUS_ALLOC_FAILED");
      }
      return all.blas(driver, stream, workspace, bytes);
    }

    @Override
    public Optional<Cudnn> cudnn(CudaDriver driver, long stream) {
      return Optional.empty();
    }
  }

  private static Optional<Backend.Beside> bind(Backend on) {
    return on.linearBackwardWeightBeside(
        Matrix.of(on.allocateActivations(2, 3), 2, 3),
        Matrix.of(on.allocateActivations(2, 2), 2, 2),
        Matrix.of(on.allocate(6), 3, 2));
  }

  /** cuBLAS takes memory of its own, which no plan counts: it must have it before an arena does. */
  @Test
  void itsCuBlasIsThereBeforeAnArenaIsTaken() {
    Libraries libraries = new Libraries(0);
    try (CudaBackend gpu =
            new CudaBackend(new SimulatedDriver(1), 0, libraries, SimulatedGpu.options());
        Backend idle = gpu.planner().orElseThrow();
        Backend planner = gpu.planner().orElseThrow()) {
      gpu.prepareLike(idle);
      assertEquals(1, libraries.asked, "no product needs another");
      assertTrue(bind(planner).isPresent());
      gpu.prepareLike(planner);
      assertEquals(2, libraries.asked);
    }
  }

  @Test
  void whereItsCuBlasHasNoRoomNothingIsHeld() {
    SimulatedDriver driver = new SimulatedDriver(1);
    try (CudaBackend gpu = new CudaBackend(driver, 0, new Libraries(2), SimulatedGpu.options())) {
      Matrix dz = Matrix.of(gpu.allocateActivations(2, 3), 2, 3);
      Matrix x = Matrix.of(gpu.allocateActivations(2, 2), 2, 2);
      Matrix dWeight = Matrix.of(gpu.allocate(6), 3, 2);
      long held = gpu.allocatedBytes();
      assertThrows(
          DeviceMemoryException.class, () -> gpu.linearBackwardWeightBeside(dz, x, dWeight));
      assertEquals(held, gpu.allocatedBytes());
      List.of(dz, x, dWeight).forEach(matrix -> matrix.buffer().close());
    }
    driver.assertNothingLeaked();
  }

  /** Whoever opens a device may try again with other options, in the same process. */
  @Test
  void whereCudnnIsWantedAndMissingNoCuBlasIsLeftOpen() {
    try (SimulatedDriver driver = new SimulatedDriver(1)) {
      DeviceOptions byCudnn = SimulatedGpu.options().withNormBody(NormBody.CUDNN);
      String said =
          assertThrows(
                  EvenkeelException.class,
                  () -> new CudaBackend(driver, 0, new Libraries(0), byCudnn))
              .getMessage();
      assertTrue(said.startsWith("--norm-body cudnn can't be used: cuDNN was not found"), said);
      assertFalse(driver.leaks().toString().contains("cuBLAS"), () -> driver.leaks().toString());
    }
  }

  /** Whoever closes what a product reads need not know that its end never came. */
  @Test
  void memoryIsNotGivenBackUnderAProductWhoseSequenceFailed() {
    for (int seed = 0; seed < SEEDS; seed++) {
      try (Case one = new Case(new SimulatedDriver(seed))) {
        Operation fails =
            new CudaOperation(
                null,
                () -> {
                  throw new IllegalStateException("between");
                },
                null);
        Backend.Sequence step =
            one.gpu.sequence(List.of(one.product.begin(), fails, one.product.end()));
        assertThrows(IllegalStateException.class, step::run);
      }
    }
  }
}
