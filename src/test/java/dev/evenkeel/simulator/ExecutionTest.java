package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExecutionTest {

  private static float[] random(int count) {
    SplittableRandom random = new SplittableRandom(5);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  @Test
  void addsVectorsWhoseLastBlockIsPartlyIdle() {
    Gpu gpu = new Gpu();
    int n = 1000;
    float[] a = random(n);
    long x = gpu.floats("a", a);
    long y = gpu.floats("b", a);
    long z = gpu.memory.allocate(4L * n, "c");
    gpu.run(Gpu.module("vector_add").kernel("vector_add"), 8, 128, x, y, z, n);
    float[] expected = new float[n];
    for (int i = 0; i < n; i++) {
      expected[i] = a[i] + a[i];
    }
    assertArrayEquals(expected, gpu.floats(z, n));
  }

  @Test
  void lastBlockMergesTheSameBitsInWhateverOrderBlocksRun() {
    PtxKernel kernel = Gpu.module("block_sum").kernel("block_sum");
    int n = 10_000;
    float[] x = random(n);
    float first = 0;
    for (int seed = 0; seed < 20; seed++) {
      Gpu gpu = new Gpu();
      gpu.options = gpu.options.withSeed(seed).withHostThreads(1 + seed % 3);
      long out = gpu.memory.allocate(4, "out");
      long parts = gpu.memory.allocate(4 * 16, "parts");
      gpu.run(kernel, 16, 128, gpu.floats("x", x), parts, gpu.ints("ticket", 0), out, n);
      float sum = gpu.memory.getFloat(out);
      double exact = 0;
      for (float v : x) {
        exact += v;
      }
      assertEquals(exact, sum, 1e-3);
      first = seed == 0 ? sum : first;
      assertEquals(first, sum, 0);
    }
  }
}
