package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.tensor.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Proves the reference itself: its backward bodies are the derivatives of its forward bodies, by
 * central differences in float64, away from the kinks of the piecewise functions.
 */
class GradientCheckTest {

  private static final double STEP = 1e-5;

  /** Relative: the step's square (1e-10) times third derivatives, and 1e-16 / STEP of rounding. */
  private static final double TOLERANCE = 1e-7;

  /** Farther from a kink than any step of an input moves what the activation sees. */
  private static final double AWAY = 1e-2;

  private static final int N = 5;
  private static final int C = 3;

  private static double[] normal(int size, long seed) {
    Philox random = new Philox(seed, 0);
    double[] values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] = random.nextGaussian();
    }
    return values;
  }

  /** Σ weights · values: what turns an output into one number, whose gradient is the weights. */
  private static double dot(double[] weights, double[] values) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += weights[i] * values[i];
    }
    return sum;
  }

  /** Compares a gradient with how f moves when each element of x, which f reads, is nudged. */
  private static void check(String what, double[] gradient, double[] x, DoubleSupplier f) {
    double error = 0;
    double size = 0;
    assertEquals(gradient.length, x.length, what);
    for (int i = 0; i < x.length; i++) {
      double value = x[i];
      x[i] = value + STEP;
      double above = f.getAsDouble();
      x[i] = value - STEP;
      double below = f.getAsDouble();
      x[i] = value;
      double slope = (above - below) / (2 * STEP);
      error += (slope - gradient[i]) * (slope - gradient[i]);
      size += gradient[i] * gradient[i];
    }
    double relative = Math.sqrt(error / size);
    assertTrue(relative < TOLERANCE, what + " is off by " + relative);
  }

  @Test
  void linear() {
    int in = 4;
    double[] x = normal(N * in, 1);
    double[] weight = normal(C * in, 2);
    double[] dz = normal(N * C, 3);
    DoubleSupplier loss = () -> dot(dz, Reference.linearForward(x, weight, N, in, C));
    check("dx", Reference.linearBackwardInput(dz, weight, N, in, C), x, loss);
    check("dWeight", Reference.linearBackwardWeight(dz, x, N, in, C), weight, loss);
  }

  @TestFactory
  Stream<DynamicTest> biasAndActivation() {
    return Stream.of(Activation.values())
        .map(activation -> DynamicTest.dynamicTest(activation.label(), () -> layer(activation)));
  }

  private static void layer(Activation activation) {
    double[] bias = normal(C, 4);
    double[] z = awayFromKinks(5, values -> Reference.addRow(values, bias, N, C));
    double[] dy = normal(N * C, 6);
    DoubleSupplier loss =
        () -> dot(dy, Reference.activationForward(activation, Reference.addRow(z, bias, N, C)));
    double[] dz = Reference.activationBackward(activation, dy, Reference.addRow(z, bias, N, C));
    check("dz", dz, z, loss);
    check("dBias", Reference.columnSums(dz, N, C), bias, loss);
  }

  /** What a kink may be near to: whose sign decides which piece of a function is taken. */
  private interface Layer {
    double[] preActivation(double[] x);
  }

  private static double[] awayFromKinks(long seed, Layer layer) {
    return awayFromKinks(N * C, seed, layer);
  }

  private static double[] awayFromKinks(int size, long seed, Layer layer) {
    for (long attempt = seed; attempt < seed + 1000; attempt++) {
      double[] x = normal(size, attempt);
      double nearest = Double.MAX_VALUE;
      for (double u : layer.preActivation(x)) {
        nearest = Math.min(nearest, Math.abs(u));
      }
      if (nearest > AWAY) {
        return x;
      }
    }
    throw new IllegalStateException("no input was away from the kinks");
  }

  @TestFactory
  Stream<DynamicTest> batchNorm() {
    return Stream.of(Activation.values())
        .map(
            activation -> DynamicTest.dynamicTest(activation.label(), () -> batchNorm(activation)));
  }

  private static void batchNorm(Activation activation) {
    double epsilon = 1e-2; // large enough for its part in the gradient to be seen
    double[] gamma = normal(C, 7);
    double[] beta = normal(C, 8);
    double[] dy = normal(N * C, 9);
    Layer layer =
        x -> {
          double[] mean = Reference.columnMean(x, N, C);
          double[] variance = Reference.columnVariance(x, mean, N, C);
          double[] xHat = Reference.standardise(x, mean, variance, epsilon, N, C);
          return Reference.affine(xHat, gamma, beta, N, C);
        };
    double[] x = awayFromKinks(10, layer);
    double[] variance = Reference.columnVariance(x, Reference.columnMean(x, N, C), N, C);
    double[] xHat =
        Reference.standardise(x, Reference.columnMean(x, N, C), variance, epsilon, N, C);
    double[] t = Reference.activationBackward(activation, dy, layer.preActivation(x));
    var gradients = Reference.batchNormBackward(t, xHat, variance, gamma, epsilon, N, C);
    DoubleSupplier loss =
        () -> dot(dy, Reference.activationForward(activation, layer.preActivation(x)));
    check("dx", gradients.dx(), x, loss);
    check("dGamma", gradients.dGamma(), gamma, loss);
    check("dBeta", gradients.dBeta(), beta, loss);
  }

  @Test
  void dropout() {
    boolean[] keeps = Reference.dropoutKeeps(N * C, 0.4, 1, 2, 3);
    for (boolean alpha : new boolean[] {false, true}) {
      double[] x = normal(N * C, 19);
      double[] dy = normal(N * C, 20);
      DoubleSupplier loss = () -> dot(dy, Reference.dropoutForward(x, keeps, 0.4, alpha));
      check("dx", Reference.dropoutBackward(dy, keeps, 0.4, alpha), x, loss);
    }
  }

  @TestFactory
  Stream<DynamicTest> rowNorm() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      for (boolean centred : new boolean[] {true, false}) {
        for (int groups : new int[] {1, 2}) {
          String name = "%s, centred %s, %d groups".formatted(activation.label(), centred, groups);
          tests.add(DynamicTest.dynamicTest(name, () -> rowNorm(activation, centred, 6 / groups)));
        }
      }
    }
    return tests.stream();
  }

  private static void rowNorm(Activation activation, boolean centred, int length) {
    int n = 3;
    int c = 6;
    double epsilon = 1e-2;
    double[] gamma = normal(c, 15);
    double[] beta = normal(c, 16);
    double[] dy = normal(n * c, 17);
    Layer layer =
        x -> {
          var moments = ReferenceNorms.rowMoments(x, length, centred);
          double[] xHat = ReferenceNorms.standardiseRows(x, moments, epsilon, length);
          return Reference.affine(xHat, gamma, beta, n, c);
        };
    double[] x = awayFromKinks(n * c, 18, layer);
    var moments = ReferenceNorms.rowMoments(x, length, centred);
    double[] xHat = ReferenceNorms.standardiseRows(x, moments, epsilon, length);
    double[] t = Reference.activationBackward(activation, dy, layer.preActivation(x));
    var gradients =
        ReferenceNorms.rowNormBackward(
            t, xHat, moments.variance(), gamma, epsilon, length, centred);
    DoubleSupplier loss =
        () -> dot(dy, Reference.activationForward(activation, layer.preActivation(x)));
    check("dx", gradients.dx(), x, loss);
    check("dGamma", gradients.dGamma(), gamma, loss);
    check("dBeta", gradients.dBeta(), beta, loss);
  }

  @Test
  void ghostBatchNorm() {
    int n = 7;
    int groups = 3;
    double epsilon = 1e-2;
    double[] x = normal(n * C, 19);
    double[] gamma = normal(C, 20);
    double[] beta = normal(C, 21);
    double[] dy = normal(n * C, 22);
    DoubleSupplier loss =
        () -> {
          double[] xHat = ReferenceNorms.ghostStandardise(x, epsilon, groups, n, C);
          return dot(dy, Reference.affine(xHat, gamma, beta, n, C));
        };
    var gradients = ReferenceNorms.ghostBackward(dy, x, gamma, epsilon, groups, n);
    check("dx", gradients.dx(), x, loss);
    check("dGamma", gradients.dGamma(), gamma, loss);
    check("dBeta", gradients.dBeta(), beta, loss);
  }

  @Test
  void meanOnlyBatchNorm() {
    int n = 7;
    int groups = 3;
    double[] x = normal(n * C, 23);
    double[] dy = normal(n * C, 24);
    double[] dx = ReferenceNorms.centre(dy, groups, n, C);
    check("dx", dx, x, () -> dot(dy, ReferenceNorms.centre(x, groups, n, C)));
  }

  @Test
  void weightNorm() {
    int in = 4;
    double[] direction = normal(C * in, 25);
    double[] gain = normal(C, 26);
    double[] dWeight = normal(C * in, 27);
    DoubleSupplier loss = () -> dot(dWeight, ReferenceNorms.weightNormForward(direction, gain, in));
    double[] dDirection = ReferenceNorms.weightNormDirection(dWeight, direction, gain, in);
    check("dDirection", dDirection, direction, loss);
    check("dGain", ReferenceNorms.weightNormGain(dWeight, direction, in), gain, loss);
  }

  private static final double[] ROW_WEIGHTS = {1, 0, 2.5, 1, 0.5};

  @TestFactory
  Stream<DynamicTest> softmaxCrossEntropy() {
    int[] classes = {2, 0, 1, 1, 2};
    List<DynamicTest> tests = new ArrayList<>();
    for (double smoothing : new double[] {0, 0.1, 1}) {
      for (double[] weights : new double[][] {null, {0.5, 2, 1}, {0, 1, 3}}) {
        tests.add(
            DynamicTest.dynamicTest(
                "smoothing %s, weights %s".formatted(smoothing, Arrays.toString(weights)),
                () -> {
                  double[] logits = normal(N * C, 11);
                  check(
                      "dLogits",
                      Reference.softmaxCrossEntropy(
                              logits, classes, smoothing, weights, ROW_WEIGHTS, N, C)
                          .gradient(),
                      logits,
                      () ->
                          Reference.softmaxCrossEntropy(
                                  logits, classes, smoothing, weights, ROW_WEIGHTS, N, C)
                              .loss());
                }));
      }
    }
    return tests.stream();
  }

  @Test
  void binaryCrossEntropy() {
    double[] logits = normal(N * C, 12);
    double[] targets = new double[N * C];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = i % 3 / 2.0;
    }
    check(
        "dLogits",
        Reference.binaryCrossEntropy(logits, targets, ROW_WEIGHTS).gradient(),
        logits,
        () -> Reference.binaryCrossEntropy(logits, targets, ROW_WEIGHTS).loss());
  }

  @Test
  void regression() {
    double delta = 0.8;
    double[] targets = normal(N * C, 13);
    for (RegressionLoss kind : RegressionLoss.values()) {
      double[] outputs =
          awayFromKinks(
              14,
              x -> {
                double[] distances = new double[2 * x.length];
                for (int i = 0; i < x.length; i++) {
                  distances[i] = x[i] - targets[i];
                  distances[x.length + i] = Math.abs(x[i] - targets[i]) - delta;
                }
                return distances;
              });
      check(
          kind.name(),
          Reference.regressionLoss(kind, delta, outputs, targets, ROW_WEIGHTS).gradient(),
          outputs,
          () -> Reference.regressionLoss(kind, delta, outputs, targets, ROW_WEIGHTS).loss());
    }
  }

  /** Abramowitz and Stegun, table 7.1, and values of 16 digits computed with 50. */
  @Test
  void errorFunction() {
    near(0.1124629160182849, Reference.erf(0.1));
    near(0.5204998778130465, Reference.erf(0.5));
    near(-0.8427007929497149, Reference.erf(-1));
    near(0.9953222650189527, Reference.erf(2));
    near(0.9999779095030014, Reference.erf(3));
    near(2.209049699858544e-5, Reference.erfcFraction(3));
    near(1.5374597944280349e-12, Reference.erfcFraction(5));
    near(0.5, Reference.normalCdf(0));
    near(0.8413447460685429, Reference.normalCdf(1));
    near(2.866515718791939e-7, Reference.normalCdf(-5));
  }

  private static void near(double expected, double actual) {
    assertEquals(expected, actual, 1e-14 * Math.abs(expected));
  }
}
