package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.cpu.CpuBackend;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Philox;
import org.junit.jupiter.api.Test;

/**
 * Klambauer et al. 2017: mean 0 and variance 1 are a fixed point of SELU behind LeCun's weights,
 * and alpha dropout stays on it. On the CPU, since it takes 16 billion operations a pass.
 */
class SelfNormalisingTest {

  private static final int ROWS = 3907;
  private static final int WIDTH = 256; // a million activations in a layer
  private static final int LAYERS = 32;

  private record Moments(double mean, double variance) {}

  private static Moments moments(Backend backend, Matrix x) {
    float[] values = new float[(int) x.size()];
    backend.read(x, values);
    double sum = 0;
    double squares = 0;
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
    }
    double mean = sum / values.length;
    return new Moments(mean, squares / values.length - mean * mean);
  }

  private static float[] gaussian(Philox random, int size, double deviation) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  /** The last layer's moments, behind inputs of the given mean and variance. */
  private static Moments afterAllLayers(Activation activation, double mean, double deviation) {
    try (Backend backend = new CpuBackend(2);
        Buffer one = backend.allocate((long) ROWS * WIDTH);
        Buffer other = backend.allocate((long) ROWS * WIDTH);
        Buffer weights = backend.allocate((long) WIDTH * WIDTH)) {
      Matrix x = Matrix.of(one, ROWS, WIDTH);
      Matrix z = Matrix.of(other, ROWS, WIDTH);
      Matrix weight = Matrix.of(weights, WIDTH, WIDTH);
      Philox random = new Philox(1, 0);
      float[] input = gaussian(random, ROWS * WIDTH, deviation);
      for (int i = 0; i < input.length; i++) {
        input[i] += (float) mean;
      }
      backend.write(input, x);
      Operation linear = backend.linearForward(x, weight, z);
      Operation activate = backend.activationForward(z, Matrix.NONE, activation, x);
      for (int layer = 0; layer < LAYERS; layer++) {
        backend.write(gaussian(random, WIDTH * WIDTH, Math.sqrt(1.0 / WIDTH)), weight);
        linear.run();
        activate.run();
      }
      return moments(backend, x);
    }
  }

  @Test
  void seluKeepsMeanZeroAndVarianceOneThrough32Layers() {
    Moments after = afterAllLayers(Activation.SELU, 0, 1);
    assertEquals(0, after.mean, 0.1);
    assertEquals(1, after.variance, 0.1);
  }

  @Test
  void seluComesBackFromOtherMomentsWhereReluDoesNot() {
    Moments after = afterAllLayers(Activation.SELU, 0.2, 1.4);
    assertEquals(0, after.mean, 0.1);
    assertEquals(1, after.variance, 0.1);
    Moments relu = afterAllLayers(Activation.RELU, 0, 1);
    assertTrue(relu.variance < 1e-3, "ReLU's variance is " + relu.variance);
  }

  @Test
  void alphaDropoutKeepsMeanZeroAndVarianceOne() {
    try (Backend backend = new CpuBackend(2);
        Buffer one = backend.allocate((long) ROWS * WIDTH);
        Buffer other = backend.allocate((long) ROWS * WIDTH)) {
      Matrix x = Matrix.of(one, ROWS, WIDTH);
      Matrix y = Matrix.of(other, ROWS, WIDTH);
      backend.write(gaussian(new Philox(2, 0), ROWS * WIDTH, 1), y);
      backend.activationForward(y, Matrix.NONE, Activation.SELU, x).run();
      for (double probability : new double[] {0.05, 0.1, 0.3, 0.5}) {
        backend.dropout(x, Dropping.alpha(probability), 7, 0, new Step(), y).run();
        Moments after = moments(backend, y);
        // Five standard errors of a million draws.
        assertEquals(0, after.mean, 5e-3, "mean at " + probability);
        assertEquals(1, after.variance, 1e-2, "variance at " + probability);
        backend.dropout(x, Dropping.inverted(probability), 7, 0, new Step(), y).run();
        double plain = moments(backend, y).variance;
        assertTrue(plain > 1 + probability / 2, "plain dropout's variance is " + plain);
      }
    }
  }
}
