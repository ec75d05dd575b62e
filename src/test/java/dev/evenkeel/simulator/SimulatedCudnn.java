package dev.evenkeel.simulator;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.Cudnn;
import dev.evenkeel.backend.cuda.View;
import java.util.stream.LongStream;

/**
 * cuDNN's batch norm on a simulated device, in float64 by its documented formulas, on one of the
 * device's streams as kernels are. It refuses what cuDNN refuses, as far as that is documented, and
 * faults where memory does not begin at multiples of 16 bytes: cuDNN does not look, and its kernels
 * for channels last read and write so many at once.
 */
public final class SimulatedCudnn implements Cudnn {

  /** Bytes that its kernels read or write at once. */
  private static final int ACCESS = 16;

  private final SimulatedDriver driver;
  private final long stream;
  private final long handle;

  public SimulatedCudnn(SimulatedDriver driver, long stream) {
    this.driver = driver;
    this.stream = stream;
    handle = driver.openLibrary("cuDNN");
  }

  @Override
  public String description() {
    return "simulated cuDNN 9.5.1";
  }

  @Override
  public int maxRows(Mode mode, boolean training) {
    return switch (mode) {
      case PER_ACTIVATION -> training ? 131_070 : 65_535;
      case SPATIAL_PERSISTENT -> training ? 880_801 : 65_535;
    };
  }

  @Override
  public Operation forward(
      Mode mode,
      View x,
      View y,
      long gamma,
      long beta,
      double factor,
      long runningMean,
      long runningVariance,
      double epsilon,
      long savedMean,
      long savedInverse) {
    String call = "cudnnBatchNormalizationForwardTraining";
    check(call, mode, true, epsilon, x, y);
    require(factor >= 0 && factor <= 1, "%s(exponentialAverageFactor %s)", call, factor);
    requireAddresses(call, gamma, beta);
    requireBothOrNeither(call, runningMean, runningVariance);
    requireBothOrNeither(call, savedMean, savedInverse);
    long[] touched = {
      y.address(), gamma, beta, runningMean, runningVariance, savedMean, savedInverse
    };
    return put(
        call,
        mode,
        x,
        touched,
        () -> {
          float[] values = Matrices.read(memory(), x);
          double[] mean = means(values, x);
          double[] variance = variances(values, x, mean);
          double[] inverse = inverses(variance, epsilon);
          normalise(values, y, mean, inverse, floats(gamma, x), floats(beta, x));
          if (savedMean != 0) {
            Matrices.write(memory(), savedMean, rounded(mean));
            Matrices.write(memory(), savedInverse, rounded(inverse));
          }
          if (runningMean != 0) {
            average(runningMean, mean, factor);
            // What runs on is the unbiased estimate; one row has none, and keeps the biased one.
            double bessel = x.rows() / Math.max(1.0, x.rows() - 1.0);
            for (int c = 0; c < variance.length; c++) {
              variance[c] *= bessel;
            }
            average(runningVariance, variance, factor);
          }
        });
  }

  @Override
  public Operation inference(
      Mode mode,
      View x,
      View y,
      long gamma,
      long beta,
      long runningMean,
      long runningVariance,
      double epsilon) {
    String call = "cudnnBatchNormalizationForwardInference";
    check(call, mode, false, epsilon, x, y);
    requireAddresses(call, gamma, beta, runningMean, runningVariance);
    long[] touched = {y.address(), gamma, beta, runningMean, runningVariance};
    return put(
        call,
        mode,
        x,
        touched,
        () -> {
          float[] values = Matrices.read(memory(), x);
          double[] inverse = inverses(widened(floats(runningVariance, x)), epsilon);
          double[] mean = widened(floats(runningMean, x));
          normalise(values, y, mean, inverse, floats(gamma, x), floats(beta, x));
        });
  }

  @Override
  public Operation backward(
      Mode mode,
      View x,
      View dy,
      View dx,
      long gamma,
      long dGamma,
      long dBeta,
      double epsilon,
      long savedMean,
      long savedInverse) {
    String call = "cudnnBatchNormalizationBackward";
    check(call, mode, true, epsilon, x, dy, dx);
    requireAddresses(call, gamma, dGamma, dBeta);
    requireBothOrNeither(call, savedMean, savedInverse);
    require(!Matrices.overlap(dx, dy) && !Matrices.overlap(dx, x), "%s(dx in place)", call);
    long[] touched = {dy.address(), dx.address(), gamma, dGamma, dBeta, savedMean, savedInverse};
    return put(
        call,
        mode,
        x,
        touched,
        () -> {
          float[] values = Matrices.read(memory(), x);
          boolean saved = savedMean != 0;
          double[] mean = saved ? widened(floats(savedMean, x)) : means(values, x);
          double[] inverse =
              saved
                  ? widened(floats(savedInverse, x))
                  : inverses(variances(values, x, mean), epsilon);
          differentiate(values, dy, dx, mean, inverse, gamma, dGamma, dBeta);
        });
  }

  // Refusals

  private void check(String call, Mode mode, boolean training, double epsilon, View... views) {
    require(driver.isLibraryOpen(handle), "%s after cudnnDestroy", call);
    require(epsilon >= 0, "%s(epsilon %s)", call, epsilon);
    View x = views[0];
    for (View view : views) {
      boolean matches =
          view.address() != 0
              && view.rows() == x.rows()
              && view.columns() == x.columns()
              && view.rows() > 0
              && view.columns() > 0
              && view.pitch() >= view.columns();
      require(matches, "%s(%s beside %s)", call, view, x);
      if (view.type() != x.type()) {
        throw CudaError.CUDNN_STATUS_NOT_SUPPORTED.in("%s(%s beside %s)", call, view, x);
      }
    }
    int limit = maxRows(mode, training);
    if (x.rows() > limit) {
      throw CudaError.CUDNN_STATUS_NOT_SUPPORTED.in(
          "%s(%s, %d rows of at most %d)", call, mode, x.rows(), limit);
    }
  }

  private static void requireAddresses(String call, long... addresses) {
    for (long address : addresses) {
      require(address != 0, "%s(null)", call);
    }
  }

  private static void requireBothOrNeither(String call, long one, long other) {
    require((one == 0) == (other == 0), "%s(0x%x without 0x%x)", call, one, other);
  }

  private static void require(boolean holds, String call, Object... arguments) {
    if (!holds) {
      throw CudaError.CUDNN_STATUS_BAD_PARAM.in(call, arguments);
    }
  }

  // What the bodies share

  private GlobalMemory memory() {
    return driver.memory();
  }

  private Operation put(String call, Mode mode, View x, long[] touched, Runnable body) {
    String name = "%s %s %d x %d".formatted(call, mode, x.rows(), x.columns());
    return driver.library(
        name,
        stream,
        () -> {
          driver.counters().normsRun++;
          requireAligned(x.address());
          LongStream.of(touched).forEach(this::requireAligned);
          body.run();
        });
  }

  private void requireAligned(long address) {
    if (address != 0) {
      String what = "an access of cuDNN's";
      GlobalMemory.requireAligned(address, ACCESS, what, memory().find(address, 4, what));
    }
  }

  private float[] floats(long address, View of) {
    return Matrices.read(memory(), address, of.columns());
  }

  private static double[] means(float[] values, View x) {
    double[] sums = new double[x.columns()];
    for (int i = 0; i < values.length; i++) {
      sums[i % x.columns()] += values[i];
    }
    for (int c = 0; c < sums.length; c++) {
      sums[c] /= x.rows();
    }
    return sums;
  }

  /** Biased. */
  private static double[] variances(float[] values, View x, double[] mean) {
    double[] sums = new double[x.columns()];
    for (int i = 0; i < values.length; i++) {
      int c = i % x.columns();
      double deviation = values[i] - mean[c];
      sums[c] += deviation * deviation;
    }
    for (int c = 0; c < sums.length; c++) {
      sums[c] /= x.rows();
    }
    return sums;
  }

  private static double[] inverses(double[] variance, double epsilon) {
    double[] inverse = new double[variance.length];
    for (int c = 0; c < inverse.length; c++) {
      inverse[c] = 1 / Math.sqrt(variance[c] + epsilon);
    }
    return inverse;
  }

  private void normalise(
      float[] x, View y, double[] mean, double[] inverse, float[] gamma, float[] beta) {
    float[] result = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i % mean.length;
      result[i] = (float) ((x[i] - mean[c]) * inverse[c] * gamma[c] + beta[c]);
    }
    Matrices.write(memory(), y, result);
  }

  private void differentiate(
      float[] x,
      View dyView,
      View dxView,
      double[] mean,
      double[] inverse,
      long gammaAt,
      long dGammaAt,
      long dBetaAt) {
    float[] dy = Matrices.read(memory(), dyView);
    float[] gamma = floats(gammaAt, dyView);
    int columns = mean.length;
    double[] dGamma = new double[columns];
    double[] dBeta = new double[columns];
    for (int i = 0; i < x.length; i++) {
      int c = i % columns;
      dBeta[c] += dy[i];
      dGamma[c] += dy[i] * (x[i] - mean[c]) * inverse[c];
    }
    float[] dx = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i % columns;
      double normal = (x[i] - mean[c]) * inverse[c];
      double through = dy[i] - (dBeta[c] + normal * dGamma[c]) / dyView.rows();
      dx[i] = (float) (gamma[c] * inverse[c] * through);
    }
    Matrices.write(memory(), dxView, dx);
    Matrices.write(memory(), dGammaAt, rounded(dGamma));
    Matrices.write(memory(), dBetaAt, rounded(dBeta));
  }

  /** running := (1 − factor) · running + factor · batch; with factor 1 the old is not read. */
  private void average(long running, double[] batch, double factor) {
    float[] values = new float[batch.length];
    if (factor < 1) {
      values = Matrices.read(memory(), running, batch.length);
    }
    for (int c = 0; c < values.length; c++) {
      values[c] = (float) ((1 - factor) * values[c] + factor * batch[c]);
    }
    Matrices.write(memory(), running, values);
  }

  private static float[] rounded(double[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (float) values[i];
    }
    return result;
  }

  private static double[] widened(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  @Override
  public void close() {
    driver.closeLibrary(handle);
  }
}
