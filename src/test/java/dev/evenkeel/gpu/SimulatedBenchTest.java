package dev.evenkeel.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceOptions.Replay;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.CudaException;
import dev.evenkeel.backend.cuda.CudaLibraries;
import dev.evenkeel.backend.cuda.Cudnn;
import dev.evenkeel.backend.cuda.KernelBench;
import dev.evenkeel.backend.cuda.KernelBench.Effort;
import dev.evenkeel.backend.cuda.KernelBench.Product;
import dev.evenkeel.backend.cuda.KernelBench.Shape;
import dev.evenkeel.backend.cuda.KernelBench.Timed;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.train.Bench;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The benchmarks on a GPU made of Java, whose clock gives every kernel the time that is asked. */
class SimulatedBenchTest {

  private static final Effort SMALL = new Effort(0.2, 3, 0);

  private static SimulatedDriver driver() {
    return new SimulatedDriver(
        SimulatedOptions.standard(1)
            .withMicroseconds(name -> name.startsWith("copy") ? 4 : name.contains("bn_") ? 6 : 8));
  }

  private static Timed named(List<Timed> all, String name) {
    return all.stream().filter(one -> one.kernel().equals(name)).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyKernelOnABatchIsTimedBesideACopy(boolean bfloat16) {
    SimulatedDriver driver = driver();
    try (KernelBench bench = new KernelBench(driver, SimulatedGpu.libraries(), SMALL)) {
      List<Timed> all = bench.onBatch(new Shape(520, 16), bfloat16);
      assertEquals(bfloat16 ? 21 : 22, all.size(), all::toString); // dW is float32 in both
      Timed copy = named(all, "copy");
      assertEquals(4, copy.microseconds(), 0.5);
      assertEquals(2 * 520 * 16 * (bfloat16 ? 2e-6 : 4e-6), copy.megabytes(), 1e-12);
      assertEquals(1, copy.ofCopy(), 1e-9);
      Timed forward = named(all, "batch norm + relu forward");
      assertEquals(12, forward.microseconds(), 1, "two kernels of 6 µs: more rows than one takes");
      assertEquals(1.5 * copy.megabytes(), forward.megabytes(), 1e-12);
      assertEquals(forward.microseconds() / copy.microseconds(), forward.copies(), 1e-9);
      assertEquals(1.5 / forward.copies(), forward.ofCopy(), 1e-9);
      Timed rows = named(all, "layer norm + relu backward");
      assertEquals(16, rows.microseconds(), 1, "two kernels of 8 µs: sums, and dx");
      assertEquals(2.5 * copy.megabytes(), rows.megabytes(), 1e-12);
      assertTrue(named(all, "cuDNN per activation forward").microseconds() > 0);
      assertTrue(named(all, "cuDNN persistent backward").microseconds() > 0);
      Timed whole = named(bench.onBatch(new Shape(64, 16), bfloat16), "batch norm + relu backward");
      assertEquals(6, whole.microseconds(), 1, "one kernel");
    }
    driver.assertNothingLeaked();
  }

  /** As on a machine whose cuDNN is for another CUDA: our kernels are timed all the same. */
  @Test
  void aCudnnThatCannotBeStartedIsLeftOut() {
    CudaLibraries libraries =
        new CudaLibraries() {
          @Override
          public long workspaceBytes(CudaDriver.Properties device) {
            return 0;
          }

          @Override
          public Blas blas(CudaDriver driver, long stream, long workspace, long bytes) {
            return SimulatedGpu.libraries().blas(driver, stream, workspace, bytes);
          }

          @Override
          public Optional<Cudnn> cudnn(CudaDriver driver, long stream) {
            throw new CudaException("cudnnCreate()", 1001, "CUDNN_STATUS_NOT_INITIALIZED");
          }
        };
    SimulatedDriver driver = driver();
    try (KernelBench bench = new KernelBench(driver, libraries, SMALL)) {
      List<Timed> all = bench.onBatch(new Shape(64, 16), false);
      assertEquals(18, all.size(), all::toString);
      assertTrue(named(all, "batch norm + relu forward").microseconds() > 0);
    }
    driver.assertNothingLeaked();
  }

  @Test
  void lossesUpdatesAndProductsAreTimed() {
    SimulatedDriver driver = driver();
    try (KernelBench bench = new KernelBench(driver, SimulatedGpu.libraries(), SMALL)) {
      Timed loss = bench.softmaxCrossEntropy(new Shape(64, 10), false);
      assertEquals((2 * 64 * 16 * 4 + 4 * 64) * 1e-6, loss.megabytes(), 1e-12);
      List<Timed> updates = bench.updates(1000);
      assertEquals(28 * 1000 * 1e-6, named(updates, "AdamW").megabytes(), 1e-12);
      assertEquals(3.5 * 4 / 8, named(updates, "AdamW").ofCopy(), 0.2);
      for (Precision precision : Precision.values()) {
        List<Product> products = bench.products(16, 24, 8, precision);
        assertEquals(
            List.of("forward", "dx", "dw"), products.stream().map(Product::product).toList());
        for (Product one : products) {
          assertEquals(16 * 24 * 8, one.m() * one.n() * one.k());
          assertEquals(2e-6 * 16 * 24 * 8 / one.microseconds(), one.teraflops(), 1e-9);
        }
        assertEquals(
            3, bench.products(5, 13, 3, precision).size(), "rows of weights begin anywhere");
      }
    }
    driver.assertNothingLeaked();
  }

  @ParameterizedTest
  @EnumSource(Replay.class)
  void stepsAreTimedInBlocks(Replay replay) {
    SimulatedDriver driver = driver();
    Network network = Network.mlp(32, List.of(16, 16), 10);
    try (Backend backend = SimulatedGpu.open(driver, SimulatedGpu.options().withReplay(replay))) {
      Bench.Result result = new Bench(network, backend, 32, 1).train(Optimizer.adam(1e-3), 10, 3);
      assertTrue(result.medianMs() > 0 && result.hostMicroseconds() > 0);
      boolean replays = replay != Replay.EAGER;
      assertTrue(replays ? result.nodes() > 10 : result.nodes() == 0, result.nodes() + " nodes");
      assertTrue(result.deviceBytes() > 4L * result.parameters() * 4);
      assertTrue(Double.isFinite(result.finalLoss()) && result.gemmMs() > 0);
      Bench.Result inference = new Bench(network, backend, 32, 1).infer(10, 3);
      assertTrue(inference.medianMs() > 0 && inference.hostMicroseconds() > 0);
      assertTrue(Double.isNaN(inference.finalLoss()));
      assertEquals(replays, inference.nodes() > 0);
      assertEquals(0, backend.allocated());
    }
    driver.assertNothingLeaked();
  }
}
