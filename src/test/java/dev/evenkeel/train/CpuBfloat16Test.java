package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.OwnJvm;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products in bfloat16 on CPUs that are fast at it; what others say who are asked for them. */
class CpuBfloat16Test {

  /** Each worker's part of a product is beyond the smallest, which stay in float32. */
  private static final Network NETWORK = Network.mlp(64, List.of(256, 256), 10);

  private static final Recipe RECIPE =
      Recipe.classification().withOptimizer(Runs.STEADY_ADAM).withBatch(128).withSteps(60);

  @TempDir Path folder;

  private record Run(List<Float> losses, float[] values) {}

  private static boolean isFast() throws IOException {
    Path file = Path.of("/proc/cpuinfo");
    String cpu = Files.exists(file) ? Files.readString(file) : "";
    return cpu.contains(" amx_bf16")
        || cpu.contains("AuthenticAMD") && cpu.contains(" avx512_bf16");
  }

  private static Backend open(int threads, Precision precision) {
    DeviceOptions options = DeviceOptions.defaults().withThreads(threads);
    return Device.open("cpu", options.withPrecision(precision), reason -> {});
  }

  private static Run run(int threads, Precision precision) {
    List<Float> losses = new ArrayList<>();
    try (Backend backend = open(threads, precision);
        Model model = NETWORK.build(backend, 1)) {
      trainer(model, losses).fit();
      return new Run(losses, Runs.values(model));
    }
  }

  private static Trainer trainer(Model model, List<Float> losses) {
    return new Trainer(model, RECIPE, Digits.DATA.train()).withListener(Runs.into(losses));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void learnsTheSameAndTheSameBitsEveryTime(int threads) throws Exception {
    assumeTrue(isFast(), "this CPU is not fast at bfloat16");
    Run exact = run(threads, Precision.FP32);
    Run shorter = run(threads, Precision.BF16);
    for (int i = 0; i < 60; i++) { // as on a GPU: what seven bits of mantissa may change early on
      assertEquals(exact.losses.get(i), shorter.losses.get(i), 0.1, "step " + i);
    }
    assertNotEquals(exact.losses, shorter.losses, "it is not float32");
    assertTrue(shorter.losses.get(59) < 0.2 * shorter.losses.get(0), "it learned");
    assertArrayEquals(shorter.values, run(threads, Precision.BF16).values, "the same run twice");
  }

  @Test
  void goesOnBitForBit() throws Exception {
    assumeTrue(isFast(), "this CPU is not fast at bfloat16");
    Run whole = run(2, Precision.BF16);
    try (Backend backend = open(2, Precision.BF16);
        Model model = NETWORK.build(backend, 1)) {
      assertTrue(Runs.stopAfter(30, trainer(model, new ArrayList<>()), folder) < 60);
    }
    try (Backend backend = open(2, Precision.BF16);
        Model model = NETWORK.build(backend, 99)) {
      trainer(model, new ArrayList<>()).resuming(RunFolder.checkpoint(folder)).fit();
      assertArrayEquals(whole.values, Runs.values(model));
    }
  }

  @Test
  void elsewhereTheErrorSaysSo() throws Exception {
    assumeFalse(isFast(), "this CPU is");
    Expect.failure(
        () -> open(1, Precision.BF16),
        "bf16 needs AMX (Intel since Sapphire Rapids) or AVX-512 with bfloat16",
        "help:");
  }

  @Test
  void withoutOneDnnTheErrorSaysSo() throws Exception {
    assumeTrue(isFast(), "this CPU is not fast at bfloat16");
    String said = OwnJvm.said("-Devenkeel.blas=openblas", InBfloat16.class);
    assertTrue(said.contains("Products in bf16 are oneDNN's, but this process has OpenBLAS"), said);
    assertTrue(said.contains("help:"), said);
  }

  @Test
  void tf32IsForGpus() {
    Expect.failure(
        () -> open(1, Precision.TF32), "The CPU computes in fp32 or bf16, not in tf32", "help:");
  }

  /** For a process of its own: which library multiplies is found out once in each. */
  static final class InBfloat16 {
    public static void main(String[] args) {
      try {
        open(1, Precision.BF16).close();
      } catch (EvenkeelException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
