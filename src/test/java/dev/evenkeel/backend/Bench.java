package dev.evenkeel.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where one row of the table is worked on: makes matrices on the backend under test and compares
 * them with the truth.
 *
 * <p>Every matrix lies between guards that nobody may touch, at an odd offset where nobody asked
 * for more, and one that is to be written starts as NaN, so that an element left out is seen.
 */
final class Bench implements AutoCloseable {

  private static final int GUARD = 5;

  /** A guard of 16 bytes, behind which cuDNN takes what follows. */
  private static final int ALIGNED_GUARD = 4;

  private static final float GUARD_VALUE = -77.25f;
  private static final double LARGEST_ELEMENT = 8;

  /**
   * Products of a sum that stays within its limit however it is cut. Beyond, the limit grows to one
   * and a half roundings of 6e-8 for the root of their number: an early outlier makes every partial
   * sum as large as the whole.
   */
  private static final int LONG_SUM = 512;

  /** Float32 has nothing between multiples of 1.4e-45: two of them are no error. */
  private static final double DENORMAL_STEPS = 2 * Float.MIN_VALUE;

  final Backend backend;
  private final String row;
  private final boolean asStored;
  private final int guard;
  private final double slack;
  private final List<Buffer> buffers = new ArrayList<>();
  private final List<Buffer> stored = new ArrayList<>();
  private int comparisons;
  private long activations;

  /**
   * @param asStored whether activations lie in memory made for them, where they may be padded
   */
  Bench(Backend backend, boolean asStored, String row) {
    this(backend, asStored, row, GUARD, 1);
  }

  private Bench(Backend backend, boolean asStored, String row, int guard, double slack) {
    this.backend = backend;
    this.asStored = asStored;
    this.row = row;
    this.guard = guard;
    this.slack = slack;
  }

  /**
   * For a backend whose batch norm is cuDNN's.
   *
   * @param slack how many times as far from the truth as ours it may be
   */
  static Bench ofCudnn(Backend backend, String row, double slack) {
    return new Bench(backend, true, row, ALIGNED_GUARD, slack);
  }

  Matrix input(int rows, int columns, float[] values) {
    float[] guarded = new float[values.length + 2 * guard];
    Arrays.fill(guarded, GUARD_VALUE);
    System.arraycopy(values, 0, guarded, guard, values.length);
    Buffer buffer = backend.allocate(guarded.length);
    buffers.add(buffer);
    backend.write(guarded, Matrix.of(buffer, 1, guarded.length));
    return new Matrix(buffer, guard, rows, columns);
  }

  Matrix output(int rows, int columns) {
    return input(rows, columns, nothing(rows, columns));
  }

  private static float[] nothing(int rows, int columns) {
    float[] nothing = new float[rows * columns];
    Arrays.fill(nothing, Float.NaN);
    return nothing;
  }

  /** Elements of activations that the row has asked for. */
  long activations() {
    return activations;
  }

  /** Rows of activations: as the backend stores them, or between guards like everything else. */
  Matrix rows(int rows, int columns, float[] values) {
    activations += (long) rows * columns;
    if (!asStored) {
      return input(rows, columns, values);
    }
    Buffer buffer = backend.allocateActivations(rows, columns);
    stored.add(buffer);
    Matrix matrix = Matrix.of(buffer, rows, columns);
    backend.write(values, matrix);
    return matrix;
  }

  Matrix outputRows(int rows, int columns) {
    return rows(rows, columns, nothing(rows, columns));
  }

  float[] read(Matrix matrix) {
    float[] values = new float[(int) matrix.size()];
    backend.read(matrix, values);
    return values;
  }

  /** Within the tolerance of the truth, relative to the truth's own size. */
  void near(Tolerance tolerance, String what, double[] expected, Matrix actual) {
    near(tolerance, what, expected, read(actual), expected);
  }

  /**
   * The same of sums of so many products. Ours on the CPU are blocked; on a GPU it is cuBLAS that
   * chooses, and in one part the error grows as the root of their number.
   */
  void nearSums(Tolerance tolerance, int terms, String what, double[] expected, Matrix actual) {
    boolean blocked = backend.device().equals("cpu");
    double longer = blocked ? 1 : Math.max(1, Math.sqrt(terms / (double) LONG_SUM));
    near(tolerance, longer, what, expected, read(actual), expected);
  }

  void near(Tolerance tolerance, String what, double[] expected, float[] actual, double[] scale) {
    near(tolerance, 1, what, expected, actual, scale);
  }

  private void near(
      Tolerance tolerance,
      double times,
      String what,
      double[] expected,
      float[] actual,
      double[] scale) {
    assertEquals(expected.length, actual.length, what);
    double squares = 0;
    double size = 0;
    double largestError = 0;
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      if (!Double.isFinite(expected[i])) {
        assertEquals((float) expected[i], actual[i], row + ": " + what + " at " + i);
        continue;
      }
      double error = Math.max(Math.abs(actual[i] - expected[i]) - DENORMAL_STEPS, 0);
      squares += error * error;
      size += scale[i] * scale[i];
      largestError = Math.max(largestError, error);
      largest = Math.max(largest, Math.abs(scale[i]));
    }
    double error = squares == 0 ? 0 : Math.sqrt(squares / size);
    double limit = times * tolerance.limit;
    within(limit, what, error, tolerance);
    double ofLargest = largestError == 0 ? 0 : largestError / largest;
    within(LARGEST_ELEMENT * limit, what + ", largest", ofLargest, tolerance);
  }

  /** The same column by column, so that a large column can't hide a small one. */
  void nearByColumn(
      Tolerance tolerance, String what, double[] expected, Matrix actual, double[] scale) {
    float[] values = read(actual);
    for (int j = 0; j < actual.columns(); j++) {
      near(
          tolerance,
          what,
          column(expected, j, actual.columns()),
          column(values, j, actual.columns()),
          column(scale, j, actual.columns()));
    }
  }

  void within(Tolerance tolerance, String what, double error) {
    within(tolerance.limit, what, error, tolerance);
  }

  private void within(double ofOurs, String what, double error, Tolerance tolerance) {
    double limit = slack * ofOurs;
    comparisons++;
    String operation = row.substring(0, row.indexOf(':'));
    Measured.record(operation + " " + what, error, limit, row);
    assertTrue(
        error <= limit,
        () ->
            "%s: %s is off by %.2e, more than %.2e (%s)"
                .formatted(row, what, error, limit, tolerance.reason));
  }

  void exact(String what, float[] expected, Matrix actual) {
    comparisons++;
    assertArrayEquals(expected, read(actual), row + ": " + what);
  }

  void holds(boolean condition, String what) {
    comparisons++;
    assertTrue(condition, row + ": " + what);
  }

  /** Fails where the row wrote outside its matrices, or compared nothing. */
  @Override
  public void close() {
    for (Buffer buffer : buffers) {
      float[] all = read(Matrix.of(buffer, 1, (int) buffer.length()));
      for (int i = 0; i < guard; i++) {
        assertEquals(GUARD_VALUE, all[i], row + ": a write before a matrix");
        assertEquals(GUARD_VALUE, all[all.length - 1 - i], row + ": a write behind a matrix");
      }
      buffer.close();
    }
    stored.forEach(Buffer::close);
    assertTrue(comparisons > 0, row + ": compared nothing");
  }

  static double[] column(double[] x, int column, int columns) {
    double[] values = new double[x.length / columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = x[i * columns + column];
    }
    return values;
  }

  static float[] column(float[] x, int column, int columns) {
    float[] values = new float[x.length / columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = x[i * columns + column];
    }
    return values;
  }

  /** Elements number · length … (number + 1) · length − 1. */
  static double[] slice(double[] x, int number, int length) {
    return Arrays.copyOfRange(x, number * length, (number + 1) * length);
  }

  static float[] slice(float[] x, int number, int length) {
    return Arrays.copyOfRange(x, number * length, (number + 1) * length);
  }

  static float[] floats(double[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (float) values[i];
    }
    return result;
  }
}
