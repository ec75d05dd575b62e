package dev.evenkeel.simulator;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.ElementType;
import dev.evenkeel.backend.cuda.View;

/**
 * Matrix products on a simulated device, on one of its streams as kernels are. Sums are float64 and
 * rounded once: as good as any order of float32 sums that cuBLAS may take, so that tests see the
 * errors of our own code. Or each is one float, which is as bad as cuBLAS may make it.
 */
public final class SimulatedBlas implements Blas {

  /** Inner elements that are converted at a time, so that they stay in the cache. */
  private static final int PANEL = 256;

  private final SimulatedDriver driver;
  private final long stream;
  private final boolean floatSums;
  private final long handle;

  public SimulatedBlas(SimulatedDriver driver, long stream) {
    this(driver, stream, false);
  }

  /**
   * @param floatSums whether each sum is one float, to which products are added in order
   */
  public SimulatedBlas(SimulatedDriver driver, long stream, boolean floatSums) {
    this.floatSums = floatSums;
    this.driver = driver;
    this.stream = stream;
    handle = driver.openLibrary("cuBLAS");
  }

  @Override
  public String description() {
    return "simulated cuBLAS 12.6.4";
  }

  @Override
  public Operation multiply(
      View a, boolean transposeA, View b, boolean transposeB, View c, Precision precision) {
    int inner = transposeA ? a.rows() : a.columns();
    check(a, transposeA, b, transposeB, c);
    // As cuBLAS, Turing quietly keeps float32 as it is.
    boolean round =
        precision == Precision.TF32
            && a.type() == ElementType.FLOAT32
            && driver.properties().major() >= 8;
    String name =
        "product %d x %d x %d%s".formatted(c.rows(), c.columns(), inner, round ? " in TF32" : "");
    return driver.library(
        name,
        stream,
        () -> {
          driver.counters().productsRun++;
          GlobalMemory memory = driver.memory();
          float[] left = Matrices.read(memory, a);
          float[] right = Matrices.read(memory, b);
          if (round) {
            roundToTf32(left);
            roundToTf32(right);
          }
          left = transposeA ? transposed(left, a.rows(), a.columns()) : left;
          right = transposeB ? transposed(right, b.rows(), b.columns()) : right;
          Matrices.write(memory, c, product(left, right, c.rows(), inner, c.columns()));
        });
  }

  private void check(View a, boolean transposeA, View b, boolean transposeB, View c) {
    String call =
        "cublasGemmEx(a %s%s, b %s%s, c %s)"
            .formatted(a, transposeA ? " transposed" : "", b, transposeB ? " transposed" : "", c);
    for (View one : new View[] {a, b, c}) {
      if (!driver.isLibraryOpen(handle)
          || one.address() == 0
          || one.rows() < 1
          || one.columns() < 1
          || one.pitch() < one.columns()) {
        throw CudaError.CUBLAS_STATUS_INVALID_VALUE.in("%s", call);
      }
    }
    int inner = transposeA ? a.rows() : a.columns();
    if (c.rows() != (transposeA ? a.columns() : a.rows())
        || c.columns() != (transposeB ? b.rows() : b.columns())
        || inner != (transposeB ? b.columns() : b.rows())) {
      throw CudaError.CUBLAS_STATUS_INVALID_VALUE.in("%s", call);
    }
    if (a.type() != b.type()
        || a.type() == ElementType.FLOAT32 && c.type() == ElementType.BFLOAT16) {
      throw CudaError.CUBLAS_STATUS_NOT_SUPPORTED.in("%s", call);
    }
    if (Matrices.overlap(a, c) || Matrices.overlap(b, c)) {
      // cuBLAS does not look, and gives rubbish.
      throw GpuFault.of(
          GpuFault.Kind.BAD_LAUNCH, call + ": the product overlaps one of its inputs");
    }
  }

  /** Ten bits of mantissa, to the nearest, ties away from zero: cvt.rna.tf32.f32. */
  private static void roundToTf32(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (Float.isFinite(values[i])) {
        values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) + 0x1000 & ~0x1fff);
      }
    }
  }

  private static float[] transposed(float[] values, int rows, int columns) {
    float[] result = new float[values.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        result[column * rows + row] = values[row * columns + column];
      }
    }
    return result;
  }

  /** c[rows, columns] := a[rows, inner] b[inner, columns]. */
  private float[] product(float[] a, float[] b, int rows, int inner, int columns) {
    double[] sums = new double[rows * columns];
    double[] panel = new double[Math.min(PANEL, inner) * columns];
    double[] sum = new double[columns];
    for (int from = 0; from < inner; from += PANEL) {
      int to = Math.min(inner, from + PANEL);
      for (int i = from * columns; i < to * columns; i++) {
        panel[i - from * columns] = b[i];
      }
      for (int row = 0; row < rows; row++) {
        System.arraycopy(sums, row * columns, sum, 0, columns);
        for (int k = from; k < to; k++) {
          addScaled(sum, a[row * inner + k], panel, (k - from) * columns);
          if (floatSums) {
            round(sum);
          }
        }
        System.arraycopy(sum, 0, sums, row * columns, columns);
      }
    }
    float[] c = new float[sums.length];
    for (int i = 0; i < c.length; i++) {
      c[i] = (float) sums[i];
    }
    return c;
  }

  /** A loop that the JIT makes vector instructions of. */
  private static void addScaled(double[] sum, double scale, double[] values, int at) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += scale * values[at + i];
    }
  }

  private static void round(double[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] = (float) sum[i];
    }
  }

  @Override
  public void close() {
    driver.closeLibrary(handle);
  }
}
