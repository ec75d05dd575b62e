package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.simulator.GpuFault.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** Whole pieces of code that nvcc makes, and the spaces of memory that they use. */
class LibraryTest {

  /** CUDA's guide states at most 2 to 4 units in the last place for these; powf is built of two. */
  private static final double UNITS = 4;

  private static final PtxModule LIBRARY = Gpu.module("library");

  private final Gpu gpu = new Gpu();

  @Test
  void functionsOfTheLibraryAreAsExactAsDocumented() {
    List<DoubleUnaryOperator> functions =
        List.of(
            StrictMath::sin,
            v -> StrictMath.exp((float) v / 1000f),
            v -> StrictMath.log(Math.abs(v)),
            v -> StrictMath.tanh((float) v / 500f),
            v -> StrictMath.pow(Math.abs(v), 0.3f),
            v -> Double.NaN, // erf: not in Java, see below
            v -> (float) StrictMath.exp(v / 1000.0),
            v -> StrictMath.log1p(Math.abs(v)));
    int n = 1000;
    float[] x = new float[n];
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < n; i++) {
      // From 105615 on sinf reduces its argument by the slow path.
      x[i] = (float) (i % 4 == 0 ? random.nextDouble(1e5, 1e7) : random.nextDouble(-9e2, 9e2));
    }
    long out = gpu.memory.allocate(4L * 8 * n, "out");
    gpu.run(LIBRARY.kernel("functions"), 4, 256, gpu.floats("x", x), out, n);
    for (int f = 0; f < functions.size(); f++) {
      for (int i = 0; i < n; i++) {
        float seen = gpu.memory.getFloat(out + 4L * (f * n + i));
        double exact = functions.get(f).applyAsDouble(x[i]);
        if (f == 5) {
          assertErf(x[i] / 500f, seen);
        } else if (Math.abs(exact) <= Float.MAX_VALUE) {
          assertEquals(exact, seen, UNITS * Math.ulp((float) exact), f + " of " + x[i]);
        } else {
          assertEquals(Float.POSITIVE_INFINITY, seen, f + " of " + x[i]);
        }
      }
    }
  }

  /** By its series where that converges well, else by its limit. */
  private static void assertErf(float x, float seen) {
    if (Math.abs(x) > 4) {
      assertEquals(Math.signum(x), seen, 1e-6);
      return;
    }
    double term = x;
    double sum = x;
    for (int n = 1; n < 80; n++) {
      term *= -(double) x * x / n;
      sum += term / (2 * n + 1);
    }
    double exact = 2 / Math.sqrt(Math.PI) * sum;
    assertEquals(exact, seen, UNITS * Math.ulp((float) exact) + 1e-9);
  }

  @Test
  void constantsLocalArraysStructsAndVariables() {
    PtxKernel kernel = LIBRARY.kernel("spaces");
    for (int launch = 0; launch < 3; launch++) {
      long out = gpu.memory.allocate(4 * 33, "out");
      ByteBuffer packed =
          ByteBuffer.allocate(kernel.parameterBytes()).order(ByteOrder.LITTLE_ENDIAN);
      packed.putFloat(1).putFloat(3).putFloat(5).putFloat(7).putInt(2).position(24).putLong(out);
      Execution.run(kernel, 1, 1, 32, 1, packed.array(), gpu.memory, gpu.options);
      float[] expected = {1, 6, 20, 56};
      for (int t = 0; t < 32; t++) {
        assertEquals(expected[(t + 2) % 4], gpu.memory.getFloat(out + 4 * t));
      }
      assertEquals(launch, gpu.memory.getFloat(out + 128), "the variable lives on");
    }
    assertEquals(3, gpu.memory.leaks().size(), "the module's own variables are no leaks");
  }

  /** Rows are padded to whole vectors: what is in the padding is poison, but may be loaded. */
  @Test
  void vectorMayReachIntoPaddingUnlessToldOtherwise() {
    PtxKernel kernel = Gpu.module("throughput").kernel("throughput");
    long x = gpu.memory.allocate(32, "x");
    gpu.memory.setFloat(x, 2);
    long y = gpu.memory.allocate(16, "y");
    gpu.run(kernel, 1, 1, x, y, 1, 1f, 0f);
    assertEquals(2f, gpu.memory.getFloat(y));

    gpu.options = gpu.options.withStrictVectors(true);
    assertUnwritten(kernel, x, y);
    gpu.options = gpu.options.withStrictVectors(false);
    assertUnwritten(kernel, x + 16, y);

    gpu.memory.fill(x, 0, 8);
    gpu.run(kernel, 1, 1, x, y, 1, 1f, 0f);
    gpu.memory.forget(x, 16);
    assertUnwritten(kernel, x, y);
    assertTrue(Float.isNaN(ByteBuffer.wrap(gpu.memory.read(x, 4)).getFloat()));
  }

  private void assertUnwritten(PtxKernel kernel, long x, long y) {
    GpuFault fault = assertThrows(GpuFault.class, () -> gpu.run(kernel, 1, 1, x, y, 1, 1f, 0f));
    assertEquals(Kind.READ_BEFORE_WRITE, fault.kind());
  }
}
