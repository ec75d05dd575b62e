package dev.evenkeel.simulator;

import static dev.evenkeel.backend.cuda.ElementType.BFLOAT16;
import static dev.evenkeel.backend.cuda.ElementType.FLOAT32;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.CudaDriver.Graph;
import dev.evenkeel.backend.cuda.CudaException;
import dev.evenkeel.backend.cuda.ElementType;
import dev.evenkeel.backend.cuda.View;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SimulatedBlasTest {

  private final Random random = new Random(4);
  private final SimulatedDriver driver = new SimulatedDriver(2);
  private final long stream = driver.createStream();
  private final SimulatedBlas blas = new SimulatedBlas(driver, stream);

  @AfterEach
  void close() {
    driver.close();
  }

  @Test
  void everyLayoutAgreesWithTheDefinition() {
    for (int layout = 0; layout < 4; layout++) {
      for (ElementType in : ElementType.values()) {
        for (ElementType out : ElementType.values()) {
          if (in == BFLOAT16 || out == FLOAT32) {
            // One unit in the last place of the output, by which alone it may differ.
            double limit = out == FLOAT32 ? 1e-7 : 3e-3;
            double error =
                error(7, 300, 13, layout % 2 == 1, layout / 2 == 1, in, out, Precision.FP32);
            assertTrue(error < limit, "layout %d %s %s: %g".formatted(layout, in, out, error));
          }
        }
      }
    }
  }

  @Test
  void longSumsKeepTheBarOfFloat32() {
    double error = error(2, 131_101, 3, true, false, FLOAT32, FLOAT32, Precision.FP32);
    assertTrue(error < 2e-6, "relative error " + error);
  }

  @Test
  void tf32RoundsItsInputs() {
    double error = error(16, 512, 16, false, false, FLOAT32, FLOAT32, Precision.TF32);
    assertTrue(error < 5e-4 && error > 1e-5, "relative error " + error);
    // A tie goes away from zero; what ten bits hold stays.
    assertEquals(1 + 0x1p-10f, tf32(1 + 0x1p-11f));
    assertEquals(-1 - 0x1p-10f, tf32(-1 - 0x1p-11f));
    assertEquals(1, tf32(1 + 0x1p-12f));
    assertEquals(3 + 0x1p-9f, tf32(3 + 0x1p-9f));
    assertEquals(Float.POSITIVE_INFINITY, tf32(Float.POSITIVE_INFINITY));
  }

  private float tf32(float value) {
    View a = matrix(1, 1, 1, FLOAT32, new float[] {value});
    View one = matrix(1, 1, 1, FLOAT32, new float[] {1});
    View c = empty(1, 1, 1, FLOAT32);
    blas.multiply(a, false, one, false, c, Precision.TF32).run();
    driver.synchronize(stream);
    return driver.memory().getFloat(c.address());
  }

  @Test
  void turingHasNoTf32() {
    SimulatedDriver turing =
        new SimulatedDriver(
            SimulatedOptions.standard(0)
                .withEager(true)
                .withProperties(SimulatedOptions.device(7, 5, 40)));
    long a = turing.allocate(4);
    long c = turing.allocate(4);
    turing.memory().setFloat(a, 1 + 0x1p-12f);
    new SimulatedBlas(turing, turing.createStream())
        .multiply(
            View.floats(a, 1, 1),
            false,
            View.floats(a, 1, 1),
            true,
            View.floats(c, 1, 1),
            Precision.TF32)
        .run();
    assertEquals((1 + 0x1p-12f) * (1 + 0x1p-12f), turing.memory().getFloat(c));
  }

  @Test
  void aProductWaitsForItsTurnAndIsOneNode() {
    View a = matrix(1, 1, 1, FLOAT32, new float[] {3});
    View c = empty(1, 1, 1, FLOAT32);
    Operation square = blas.multiply(a, false, a, false, c, Precision.FP32);
    driver.beginCapture(stream);
    square.run();
    Graph graph = driver.endCapture(stream);
    assertEquals(1, graph.nodes());
    assertEquals(0, driver.counters().productsRun);
    driver.fill(a.address(), Float.floatToIntBits(5), 1, stream);
    graph.launch(stream);
    driver.fill(a.address(), Float.floatToIntBits(6), 1, stream);
    driver.synchronize(stream);
    assertEquals(25, driver.memory().getFloat(c.address()));
  }

  @Test
  void paddingIsNeitherReadNorWritten() {
    View a = matrix(2, 3, 8, FLOAT32, new float[] {1, 2, 3, 4, 5, 6});
    View c = empty(2, 2, 4, FLOAT32);
    blas.multiply(a, false, a, true, c, Precision.FP32).run();
    driver.synchronize(stream);
    assertEquals(32, driver.memory().getFloat(c.address() + 4));
    assertEquals(32, driver.memory().getFloat(c.address() + 16));
    GpuFault fault = assertThrows(GpuFault.class, () -> driver.memory().getFloat(c.address() + 8));
    assertEquals(GpuFault.Kind.READ_BEFORE_WRITE, fault.kind());
  }

  @Test
  void whatWasNeverWrittenIsNotMultiplied() {
    View a = empty(2, 3, 4, FLOAT32);
    View c = empty(2, 2, 4, FLOAT32);
    blas.multiply(a, false, a, true, c, Precision.FP32).run();
    GpuFault fault = assertThrows(GpuFault.class, () -> driver.synchronize(stream));
    assertEquals(GpuFault.Kind.READ_BEFORE_WRITE, fault.kind());
    assertThrows(GpuFault.class, driver::freeMemory, "a fault stays");
  }

  @Test
  void aHandleMustBeClosed() {
    SimulatedDriver other = new SimulatedDriver(1);
    SimulatedBlas closed = new SimulatedBlas(other, other.createStream());
    assertTrue(other.leaks().toString().contains("handle of cuBLAS"), other.leaks()::toString);
    closed.close();
    assertEquals(1, other.leaks().size(), other.leaks()::toString);
    View a = View.floats(other.allocate(4), 1, 1);
    refused(7, () -> closed.multiply(a, false, a, false, a, Precision.FP32));
  }

  @Test
  void whatCublasRefusesIsRefused() {
    View a = empty(4, 4, 4, FLOAT32);
    View half = empty(4, 4, 4, BFLOAT16);
    View c = empty(4, 4, 4, FLOAT32);
    refused(15, () -> blas.multiply(a, false, half, false, c, Precision.FP32));
    refused(15, () -> blas.multiply(a, false, a, false, half, Precision.FP32));
    refused(7, () -> blas.multiply(View.floats(0, 4, 4), false, a, false, c, Precision.FP32));
    View narrow = View.floats(a.address(), 4, 3);
    refused(7, () -> blas.multiply(narrow, false, a, false, c, Precision.FP32));
    View shortPitch = new View(a.address(), 4, 4, 3, FLOAT32);
    refused(7, () -> blas.multiply(shortPitch, false, a, false, c, Precision.FP32));
    assertThrows(
        GpuFault.class, () -> blas.multiply(a, false, c, false, c, Precision.FP32), "in place");
  }

  /** ‖c − reference‖ / ‖reference‖, the reference from the inputs as they are stored. */
  private double error(
      int rows,
      int inner,
      int columns,
      boolean transposeA,
      boolean transposeB,
      ElementType in,
      ElementType out,
      Precision precision) {
    float[] left = values(rows * inner, in);
    float[] right = values(inner * columns, in);
    View a =
        transposeA ? matrix(inner, rows, rows + 3, in, left) : matrix(rows, inner, inner, in, left);
    View b =
        transposeB
            ? matrix(columns, inner, inner + 1, in, right)
            : matrix(inner, columns, columns + 5, in, right);
    View c = empty(rows, columns, columns + 2, out);
    blas.multiply(a, transposeA, b, transposeB, c, precision).run();
    driver.synchronize(stream);
    float[] actual = Matrices.read(driver.memory(), c);
    double wrong = 0;
    double size = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          sum +=
              (double) left[transposeA ? k * rows + i : i * inner + k]
                  * right[transposeB ? j * inner + k : k * columns + j];
        }
        wrong += Math.pow(actual[i * columns + j] - sum, 2);
        size += sum * sum;
      }
    }
    assertNotEquals(0, size);
    return Math.sqrt(wrong / size);
  }

  private float[] values(int count, ElementType type) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      float value = (float) random.nextGaussian();
      values[i] = type == FLOAT32 ? value : Bfloat16.toFloat(Bfloat16.of(value));
    }
    return values;
  }

  private View empty(int rows, int columns, int pitch, ElementType type) {
    return new View(driver.allocate((long) rows * pitch * type.bytes), rows, columns, pitch, type);
  }

  private View matrix(int rows, int columns, int pitch, ElementType type, float[] values) {
    View view = empty(rows, columns, pitch, type);
    Matrices.write(driver.memory(), view, values);
    return view;
  }

  private static void refused(int code, Executable call) {
    CudaException refusal = assertThrows(CudaException.class, call);
    assertEquals(code, refusal.code(), refusal.getMessage());
  }
}
