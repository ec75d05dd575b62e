package dev.evenkeel.backend;

import dev.evenkeel.tensor.Philox;
import java.util.Locale;

/** Inputs chosen to hurt. */
enum Values {
  NORMAL,
  /** Mean 10⁴, deviation 10⁻²: ten floats to a deviation. */
  LARGE_MEAN,
  /** Mean ±10⁶, deviation 1: where E[x²] − E[x]² is wrong by a factor of a million. */
  HUGE_MEAN,
  /** Every second column holds one number. */
  CONSTANT_COLUMN,
  /** One element of a column is 10⁴ deviations out; in every second column it is the first. */
  OUTLIER,
  DENORMAL,
  ZERO,
  /** Column 0 has a NaN, column 2 an infinity. */
  NON_FINITE,
  /** Logits of a network that has lost its way: ±10⁴. */
  EXTREME;

  /** Drawn once: 40 million of them would cost the suite half a minute. A prime length. */
  private static final double[] NORMALS = new double[65_521];

  static {
    Philox random = new Philox(1, 0);
    for (int i = 0; i < NORMALS.length; i++) {
      NORMALS[i] = random.nextGaussian();
    }
  }

  /** A seed is another place in the list of normal numbers. */
  float[] of(int rows, int columns, long seed) {
    float[] values = new float[rows * columns];
    long from = 7919 * seed + 1031L * ordinal();
    for (int i = 0; i < values.length; i++) {
      double normal = NORMALS[(int) ((from + i) % NORMALS.length)];
      values[i] = (float) element(normal, i / columns, i % columns, rows);
    }
    return values;
  }

  private double element(double normal, int row, int column, int rows) {
    return switch (this) {
      case NORMAL -> normal;
      case LARGE_MEAN -> 1e4 + 1e-2 * normal;
      case HUGE_MEAN -> (column % 2 == 0 ? 1e6 : -1e6) + normal;
      case CONSTANT_COLUMN -> column % 2 == 0 ? 0.1 * (column + 1) : normal;
      case OUTLIER -> row == (column % 2 == 0 ? 0 : rows / 2) ? 1e4 : normal;
      case DENORMAL -> 1e-40 * normal;
      case ZERO -> 0;
      case NON_FINITE -> row != rows / 2 ? normal : poison(column, normal);
      case EXTREME -> Math.abs(normal) < 0.3 ? normal : Math.signum(normal) * 1e4;
    };
  }

  private static double poison(int column, double normal) {
    return column == 0 ? Double.NaN : column == 2 ? Double.POSITIVE_INFINITY : normal;
  }

  /** Whether {@link #NON_FINITE} leaves a column as it was. */
  static boolean isClean(int column) {
    return column != 0 && column != 2;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
