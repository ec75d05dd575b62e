package dev.evenkeel.io;

import java.util.Arrays;

/**
 * How values spread, in the exponential buckets that TensorBoard's own writers use: limits grow by
 * a tenth from 1e-12 to 1e20, the same with a minus, and 0 between them. A bucket holds what is
 * below its limit and not below the one before. NaN and infinite values are left out.
 */
public final class Histogram {

  private static final double SMALLEST = 1e-12;
  private static final double LARGEST = 1e20;
  private static final double GROWTH = 1.1;

  private static final double[] LIMITS = limits();

  /** Floats in order of size fall into cells by their leading bits. */
  private static final int CELL_SHIFT = 20;

  /** The bucket of the smallest float in each cell: few limits lie within one. */
  private static final short[] FIRST_BUCKETS = firstBuckets();

  private final long[] counts = new long[LIMITS.length];
  private long count;
  private double min = Double.POSITIVE_INFINITY;
  private double max = Double.NEGATIVE_INFINITY;
  private double sum;
  private double sumOfSquares;

  private Histogram() {}

  public static Histogram of(float[] values) {
    Histogram histogram = new Histogram();
    for (float value : values) {
      if (Float.isFinite(value)) {
        histogram.add(value);
      }
    }
    return histogram;
  }

  private void add(float value) {
    counts[bucket(value)]++;
    count++;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    sumOfSquares += (double) value * value;
  }

  public double sumOfSquares() {
    return sumOfSquares;
  }

  private static double[] limits() {
    double[] upwards = new double[1000];
    int n = 0;
    for (double limit = SMALLEST; limit < LARGEST; limit *= GROWTH) {
      upwards[n++] = limit;
    }
    upwards[n++] = Double.MAX_VALUE;
    double[] all = new double[2 * n + 1];
    for (int i = 0; i < n; i++) {
      all[n + 1 + i] = upwards[i];
      all[n - 1 - i] = -upwards[i];
    }
    return all;
  }

  private static int bucket(float value) {
    int bucket = FIRST_BUCKETS[rank(value) >>> CELL_SHIFT];
    while (LIMITS[bucket] <= value) {
      bucket++;
    }
    return bucket;
  }

  /** Unsigned, it grows with the value. */
  private static int rank(float value) {
    int bits = Float.floatToRawIntBits(value);
    return bits < 0 ? ~bits : bits ^ Integer.MIN_VALUE;
  }

  private static float ofRank(int rank) {
    return Float.intBitsToFloat(rank < 0 ? rank ^ Integer.MIN_VALUE : ~rank);
  }

  private static short[] firstBuckets() {
    short[] buckets = new short[1 << (32 - CELL_SHIFT)];
    for (int cell = 0; cell < buckets.length; cell++) {
      int found = Arrays.binarySearch(LIMITS, ofRank(cell << CELL_SHIFT));
      buckets[cell] = (short) (found < 0 ? -found - 1 : found + 1);
    }
    return buckets;
  }

  /** TensorBoard's HistogramProto. A run of empty buckets becomes one. */
  void writeTo(ProtobufMessage message) {
    double[] limits = new double[LIMITS.length];
    double[] filled = new double[LIMITS.length];
    int n = 0;
    for (int i = 0; i < counts.length; i++) {
      boolean goesOn = n > 0 && counts[i] == 0 && filled[n - 1] == 0;
      int at = goesOn ? n - 1 : n++;
      limits[at] = LIMITS[i];
      filled[at] = counts[i];
    }
    message.real(1, count == 0 ? 0 : min);
    message.real(2, count == 0 ? 0 : max);
    message.real(3, (double) count);
    message.real(4, sum);
    message.real(5, sumOfSquares);
    message.reals(6, Arrays.copyOf(limits, n));
    message.reals(7, Arrays.copyOf(filled, n));
  }
}
