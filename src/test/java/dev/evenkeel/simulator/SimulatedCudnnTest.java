package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.cuda.CudaException;
import dev.evenkeel.backend.cuda.Cudnn.Mode;
import dev.evenkeel.backend.cuda.ElementType;
import dev.evenkeel.backend.cuda.View;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SimulatedCudnnTest {

  private static final double EPSILON = 1e-5;

  private final SimulatedDriver driver = new SimulatedDriver(6);
  private final long stream = driver.createStream();
  private final SimulatedCudnn cudnn = new SimulatedCudnn(driver, stream);

  /** Two columns of four rows, padded: 1, 2, 3, 6 and 5, 5, 5, 5. */
  private final View x = matrix(4, 2, 4, 1, 5, 2, 5, 3, 5, 6, 5);

  private final View y = matrix(4, 2, 4);
  private final long gamma = vector(2, 3);
  private final long beta = vector(0.5f, 1);
  private final long mean = vector(10, 10);
  private final long variance = vector(20, 20);
  private final long savedMean = driver.allocate(8);
  private final long savedInverse = driver.allocate(8);

  @Test
  void trainingNormalisesByTheBatchAndAveragesIt() {
    cudnn
        .forward(
            Mode.PER_ACTIVATION,
            x,
            y,
            gamma,
            beta,
            0.25,
            mean,
            variance,
            EPSILON,
            savedMean,
            savedInverse)
        .run();
    driver.synchronize(stream);
    // Mean 3, squared deviations 4 + 1 + 0 + 9: biased variance 3.5, unbiased 14 / 3.
    float inverse = (float) (1 / Math.sqrt(3.5 + EPSILON));
    assertVector(savedMean, 3, 5);
    assertVector(savedInverse, inverse, (float) (1 / Math.sqrt(EPSILON)));
    assertVector(mean, 0.75f * 10 + 0.25f * 3, 0.75f * 10 + 0.25f * 5);
    assertVector(variance, (float) (15 + 14 / 12.0), 15);
    float[] expected = {
      0.5f - 4 * inverse, 1, 0.5f - 2 * inverse, 1, 0.5f, 1, 0.5f + 6 * inverse, 1
    };
    assertArrayEquals(expected, Matrices.read(driver.memory(), y), 1e-6f);
    assertEquals(1, driver.counters().normsRun);
  }

  @Test
  void aFactorOfOneForgetsWhatWas() {
    long fresh = driver.allocate(8);
    long freshVariance = driver.allocate(8);
    cudnn
        .forward(Mode.SPATIAL_PERSISTENT, x, y, gamma, beta, 1, fresh, freshVariance, EPSILON, 0, 0)
        .run();
    driver.synchronize(stream);
    assertVector(fresh, 3, 5);
    assertVector(freshVariance, 14 / 3f, 0);
  }

  @Test
  void inferenceNormalisesByTheRunningStatistics() {
    cudnn.inference(Mode.PER_ACTIVATION, x, y, gamma, beta, mean, variance, 5).run();
    driver.synchronize(stream);
    // 1/√(20 + 5) = 1/5.
    float[] expected = {-3.1f, -2, -2.7f, -2, -2.3f, -2, -1.1f, -2};
    assertArrayEquals(expected, Matrices.read(driver.memory(), y), 1e-6f);
  }

  /** Finite differences of Σ y · dy, with and without the saved statistics. */
  @Test
  void backwardIsTheDerivative() {
    int rows = 5;
    Random random = new Random(3);
    double[] values = random.doubles(2 * rows, -1, 1).map(v -> (float) v).toArray();
    double[] weights = random.doubles(2 * rows, -1, 1).map(v -> (float) v).toArray();
    View input = matrix(rows, 2, 3, floats(values));
    View dy = matrix(rows, 2, 2, floats(weights));
    View dx = matrix(rows, 2, 4);
    View out = matrix(rows, 2, 2);
    long dGamma = driver.allocate(8);
    long dBeta = driver.allocate(8);
    Mode mode = Mode.PER_ACTIVATION;
    cudnn.forward(mode, input, out, gamma, beta, 1, 0, 0, EPSILON, savedMean, savedInverse).run();
    cudnn
        .backward(mode, input, dy, dx, gamma, dGamma, dBeta, EPSILON, savedMean, savedInverse)
        .run();
    driver.synchronize(stream);
    float[] actual = Matrices.read(driver.memory(), dx);
    for (int i = 0; i < values.length; i++) {
      double step = 1e-5;
      double up = weighted(values, weights, i, step);
      double down = weighted(values, weights, i, -step);
      assertEquals((up - down) / (2 * step), actual[i], 1e-5, "element " + i);
    }
    float[] dScale = Matrices.read(driver.memory(), dGamma, 2);
    float[] dShift = Matrices.read(driver.memory(), dBeta, 2);
    for (int c = 0; c < 2; c++) {
      double[] normal = normal(values, c);
      double scale = 0;
      double shift = 0;
      for (int r = 0; r < rows; r++) {
        scale += normal[r] * weights[2 * r + c];
        shift += weights[2 * r + c];
      }
      assertEquals(scale, dScale[c], 1e-6);
      assertEquals(shift, dShift[c], 1e-6);
    }
    View again = matrix(rows, 2, 4);
    cudnn.backward(mode, input, dy, again, gamma, dGamma, dBeta, EPSILON, 0, 0).run();
    driver.synchronize(stream);
    assertArrayEquals(actual, Matrices.read(driver.memory(), again), 1e-5f);
  }

  /** Σ y · weight in float64, with one value moved. */
  private static double weighted(double[] values, double[] weights, int moved, double by) {
    double[] shifted = values.clone();
    shifted[moved] += by;
    double sum = 0;
    for (int c = 0; c < 2; c++) {
      double[] normal = normal(shifted, c);
      for (int r = 0; r < normal.length; r++) {
        sum += normal[r] * (c == 0 ? 2 : 3) * weights[2 * r + c];
      }
    }
    return sum;
  }

  private static double[] normal(double[] values, int column) {
    int rows = values.length / 2;
    double[] result = new double[rows];
    double sum = 0;
    double squares = 0;
    for (int r = 0; r < rows; r++) {
      result[r] = values[2 * r + column];
      sum += result[r] / rows;
    }
    for (int r = 0; r < rows; r++) {
      result[r] -= sum;
      squares += result[r] * result[r] / rows;
    }
    for (int r = 0; r < rows; r++) {
      result[r] /= Math.sqrt(squares + EPSILON);
    }
    return result;
  }

  @Test
  void whatCudnnRefusesIsRefused() {
    long memory = driver.allocate(4);
    View rows = View.floats(memory, 131_070, 1);
    View more = View.floats(memory, 131_071, 1);
    Mode mode = Mode.PER_ACTIVATION;
    cudnn.forward(mode, rows, rows, gamma, beta, 1, 0, 0, 0, 0, 0);
    cudnn.forward(Mode.SPATIAL_PERSISTENT, more, more, gamma, beta, 1, 0, 0, 0, 0, 0);
    notSupported(() -> cudnn.forward(mode, more, more, gamma, beta, 1, 0, 0, 0, 0, 0));
    View inference = View.floats(memory, 65_535, 1);
    View tooMany = View.floats(memory, 65_536, 1);
    cudnn.inference(mode, inference, inference, gamma, beta, mean, variance, 0);
    notSupported(() -> cudnn.inference(mode, tooMany, tooMany, gamma, beta, mean, variance, 0));
    View half = new View(memory, 4, 2, 4, ElementType.BFLOAT16);
    notSupported(() -> cudnn.forward(mode, x, half, gamma, beta, 1, 0, 0, 0, 0, 0));
    badParameter(() -> cudnn.forward(mode, x, y, gamma, beta, 1.01, 0, 0, 0, 0, 0));
    badParameter(() -> cudnn.forward(mode, x, y, gamma, beta, -0.01, 0, 0, 0, 0, 0));
    badParameter(() -> cudnn.forward(mode, x, y, gamma, beta, 1, 0, 0, -1e-9, 0, 0));
    badParameter(() -> cudnn.forward(mode, x, y, 0, beta, 1, 0, 0, 0, 0, 0));
    badParameter(() -> cudnn.forward(mode, x, y, gamma, beta, 1, mean, 0, 0, 0, 0));
    badParameter(() -> cudnn.backward(mode, x, y, y, gamma, mean, variance, 0, 0, 0));
  }

  /** As its kernels for channels last do, after the call was taken. */
  @Test
  void memoryBesideMultiplesOf16BytesIsAFault() {
    View beside = View.floats(driver.allocate(64) + 4, 4, 2);
    cudnn.forward(Mode.SPATIAL_PERSISTENT, x, beside, gamma, beta, 1, 0, 0, 0, 0, 0).run();
    GpuFault fault = assertThrows(GpuFault.class, () -> driver.synchronize(stream));
    assertEquals(GpuFault.Kind.MISALIGNED, fault.kind());
  }

  private static void notSupported(Executable call) {
    String message = assertThrows(CudaException.class, call).getMessage();
    assertTrue(message.contains("CUDNN_STATUS_NOT_SUPPORTED"), message);
  }

  private static void badParameter(Executable call) {
    String message = assertThrows(CudaException.class, call).getMessage();
    assertTrue(message.contains("CUDNN_STATUS_BAD_PARAM"), message);
  }

  private void assertVector(long address, float... expected) {
    float[] actual = Matrices.read(driver.memory(), address, expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-6f * Math.abs(expected[i]));
    }
  }

  private static float[] floats(double[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (float) values[i];
    }
    return result;
  }

  private long vector(float... values) {
    long address = driver.allocate(4L * values.length);
    Matrices.write(driver.memory(), address, values);
    return address;
  }

  private View matrix(int rows, int columns, int pitch, float... values) {
    View view =
        new View(driver.allocate(4L * rows * pitch), rows, columns, pitch, ElementType.FLOAT32);
    if (values.length > 0) {
      Matrices.write(driver.memory(), view, values);
    }
    return view;
  }
}
