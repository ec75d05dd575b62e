package dev.evenkeel.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However many workers there are, the sums over rows are the same bits. */
class RowBlocksTest {

  private final List<float[]> results = new ArrayList<>();

  private static Matrix matrix(Backend backend, int rows, int columns, long seed) {
    Matrix made = Matrix.of(backend.allocate((long) rows * columns), rows, columns);
    Random random = new Random(seed);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.3 + random.nextGaussian());
    }
    backend.write(values, made);
    return made;
  }

  private void keep(Backend backend, Matrix... read) {
    for (Matrix one : read) {
      float[] values = new float[(int) one.size()];
      backend.read(one, values);
      results.add(values);
    }
  }

  /** Everything that sums over rows, one after the other. */
  private void run(int threads, int rows, int columns, int ghostRows) {
    try (Backend backend = Device.cpu(threads)) {
      Matrix x = matrix(backend, rows, columns, 1);
      Matrix dy = matrix(backend, rows, columns, 2);
      Matrix y = matrix(backend, rows, columns, 3);
      Matrix dx = matrix(backend, rows, columns, 4);
      Matrix saved = matrix(backend, 3 * BatchNormMemory.groups(rows, ghostRows), columns, 5);
      Matrix[] vectors = new Matrix[6];
      Arrays.setAll(vectors, k -> matrix(backend, 1, columns, 6 + k));
      BatchNormMemory norm =
          new BatchNormMemory(
              vectors[0],
              vectors[1],
              vectors[2],
              matrix(backend, 1, columns, 12),
              matrix(backend, 1, 1, 13),
              1e-5,
              new BatchNormMemory.Running(0.1, true),
              ghostRows);
      Activation relu = Activation.RELU;
      backend.batchNormForward(x, norm, relu, Masking.NONE, y, saved).run();
      backend
          .batchNormBackward(dy, x, y, norm, relu, Masking.NONE, saved, dx, vectors[3], vectors[4])
          .run();
      keep(backend, y, saved, dx, vectors[2], vectors[3], vectors[4], norm.runningVariance());
      backend.columnStatistics(x, vectors[3], vectors[4]).run();
      backend.activationBackward(dy, x, y, Activation.SIGMOID, dx, vectors[5]).run();
      keep(backend, vectors[3], vectors[4], dx, vectors[5]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "256, 512, 0",
    "60, 100, 0",
    "33, 1100, 0",
    "515, 64, 0",
    "300, 96, 32",
    "131, 300, 7"
  })
  void areTheSameForAnyNumberOfWorkers(int rows, int columns, int ghostRows) {
    run(1, rows, columns, ghostRows);
    int each = results.size();
    for (int threads : new int[] {2, 3, 5, 8}) {
      run(threads, rows, columns, ghostRows);
      for (int i = 0; i < each; i++) {
        assertArrayEquals(results.get(i), results.get(results.size() - each + i), threads + "");
      }
    }
  }

  /**
   * Of 33 million rows and more, too, a 64th begins at their product with 63, which no int holds.
   */
  @Test
  void sharesOfManyRowsAreWhole() {
    assertEquals(39_375_000, RowBlocks.share(40_000_000, 63, 64));
    assertEquals(Integer.MAX_VALUE, RowBlocks.share(Integer.MAX_VALUE, 64, 64));
  }
}
