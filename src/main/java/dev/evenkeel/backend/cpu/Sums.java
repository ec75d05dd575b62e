package dev.evenkeel.backend.cpu;

/**
 * Sums of neighbouring elements. Floats are added in the order that is written, so the JIT
 * vectorises no sum; several side by side at least don't wait for each other.
 */
final class Sums {

  private Sums() {}

  /** In float, for at most {@link Scratch#WIDTH} elements: of 64 roundings each, eight sums. */
  static double of(float[] x, int from, int n) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int i = from;
    for (; i < from + n - 7; i += 8) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
      s4 += x[i + 4];
      s5 += x[i + 5];
      s6 += x[i + 6];
      s7 += x[i + 7];
    }
    double rest = 0;
    for (; i < from + n; i++) {
      rest += x[i];
    }
    return (double) s0 + s1 + s2 + s3 + (s4 + s5 + s6 + s7) + rest;
  }

  static double inDouble(float[] x, int from, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = from;
    for (; i < from + n - 3; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < from + n; i++) {
      s0 += x[i];
    }
    return s0 + s1 + (s2 + s3);
  }

  /** Σ (x − mean)². */
  static double squares(float[] x, int from, int n, double mean) {
    double s0 = 0;
    double s1 = 0;
    int i = from;
    for (; i < from + n - 1; i += 2) {
      double d0 = x[i] - mean;
      double d1 = x[i + 1] - mean;
      s0 += d0 * d0;
      s1 += d1 * d1;
    }
    if (i < from + n) {
      s0 += (x[i] - mean) * (x[i] - mean);
    }
    return s0 + s1;
  }

  /** Σ a b over n from one on, which is the same of both. */
  static double dot(Floats left, Floats right, int from, int n) {
    float[] a = left.array();
    float[] b = right.array();
    int aFrom = left.start() + from;
    int bFrom = right.start() + from;
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i < n - 3; i += 4) {
      s0 += (double) a[aFrom + i] * b[bFrom + i];
      s1 += (double) a[aFrom + i + 1] * b[bFrom + i + 1];
      s2 += (double) a[aFrom + i + 2] * b[bFrom + i + 2];
      s3 += (double) a[aFrom + i + 3] * b[bFrom + i + 3];
    }
    for (; i < n; i++) {
      s0 += (double) a[aFrom + i] * b[bFrom + i];
    }
    return s0 + s1 + (s2 + s3);
  }
}
