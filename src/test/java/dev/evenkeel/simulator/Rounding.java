package dev.evenkeel.simulator;

import java.math.BigDecimal;

/**
 * IEEE arithmetic in all four rounding modes.
 *
 * <p>Directed float32 results go through a double that is rounded to odd: its last bit says whether
 * anything was lost, so that the second rounding comes out as if it had been the only one.
 */
enum Rounding {
  NEAREST,
  ZERO,
  DOWN,
  UP;

  private static final int NAN = 0x7fffffff;
  private static final long LONG_NAN = 0x7fffffffffffffffL;

  /** The mode of an opcode: "rz", else to nearest. */
  static Rounding of(Statement s) {
    return s.has("rz") ? ZERO : s.has("rm") ? DOWN : s.has("rp") ? UP : NEAREST;
  }

  /** Bits with the one NaN that the GPU makes. */
  static int bits(float value) {
    return value != value ? NAN : Float.floatToRawIntBits(value);
  }

  static long bits(double value) {
    return value != value ? LONG_NAN : Double.doubleToRawLongBits(value);
  }

  /** Subnormal numbers become zero, the sign stays. */
  static float flush(float value) {
    return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
  }

  static float saturate(float value) {
    return value > 0 ? Math.min(value, 1f) : 0f;
  }

  static double saturate(double value) {
    return value > 0 ? Math.min(value, 1.0) : 0.0;
  }

  float add(float a, float b) {
    return this == NEAREST ? a + b : sum(a, b);
  }

  float multiply(float a, float b) {
    return this == NEAREST ? a * b : toFloat((double) a * b);
  }

  float fma(float a, float b, float c) {
    return this == NEAREST ? Math.fma(a, b, c) : sum((double) a * b, c);
  }

  float divide(float a, float b) {
    if (this == NEAREST) {
      return a / b;
    }
    double q = (double) a / b;
    double rest = Math.fma(-q, (double) b, (double) a);
    return toFloat(toOdd(q, b < 0 ? -rest : rest));
  }

  float squareRoot(float a) {
    double q = Math.sqrt(a);
    return this == NEAREST ? (float) q : toFloat(toOdd(q, Math.fma(-q, q, (double) a)));
  }

  private float sum(double a, double b) {
    double s = a + b;
    if (s == 0 && this == DOWN && !(isPlusZero(a) && isPlusZero(b))) {
      return -0f;
    }
    double partOfB = s - a;
    double lost = (a - (s - partOfB)) + (b - partOfB);
    return toFloat(toOdd(s, lost));
  }

  private static boolean isPlusZero(double a) {
    return Double.doubleToRawLongBits(a) == 0;
  }

  /** The neighbour with an odd last bit, where something was lost. */
  private static double toOdd(double value, double lost) {
    long bits = Double.doubleToRawLongBits(value);
    if (lost == 0 || lost != lost || Double.isInfinite(value) || (bits & 1) == 1) {
      return value;
    }
    return Double.longBitsToDouble(lost > 0 == value > 0 ? bits + 1 : bits - 1);
  }

  float toFloat(double value) {
    float nearest = (float) value;
    return switch (this) {
      case NEAREST -> nearest;
      case DOWN -> nearest > value ? Math.nextDown(nearest) : nearest;
      case UP -> nearest < value ? Math.nextUp(nearest) : nearest;
      case ZERO ->
          Math.abs((double) nearest) > Math.abs(value) ? Math.nextAfter(nearest, 0.0) : nearest;
    };
  }

  /** Of an exact value, such as a 64-bit integer. */
  float toFloat(BigDecimal exact) {
    float nearest = exact.floatValue();
    int order =
        Float.isInfinite(nearest)
            ? (nearest > 0 ? 1 : -1)
            : new BigDecimal((double) nearest).compareTo(exact);
    return switch (this) {
      case NEAREST -> nearest;
      case DOWN -> order > 0 ? Math.nextDown(nearest) : nearest;
      case UP -> order < 0 ? Math.nextUp(nearest) : nearest;
      case ZERO -> order * exact.signum() > 0 ? Math.nextAfter(nearest, 0.0) : nearest;
    };
  }

  double toDouble(BigDecimal exact, double nearest) {
    if (this == NEAREST || Double.isNaN(nearest)) {
      return nearest;
    }
    int order =
        Double.isInfinite(nearest)
            ? (nearest > 0 ? 1 : -1)
            : new BigDecimal(nearest).compareTo(exact);
    return switch (this) {
      case DOWN -> order > 0 ? Math.nextDown(nearest) : nearest;
      case UP -> order < 0 ? Math.nextUp(nearest) : nearest;
      default -> order * exact.signum() > 0 ? Math.nextAfter(nearest, 0.0) : nearest;
    };
  }

  double add(double a, double b) {
    if (this == NEAREST || !finite(a, b)) {
      return a + b;
    }
    BigDecimal exact = new BigDecimal(a).add(new BigDecimal(b));
    return exact.signum() == 0 ? zero(a, b) : toDouble(exact, a + b);
  }

  /** An exact sum of zero is -0 when rounding down, unless both are +0. */
  private double zero(double a, double b) {
    return this == DOWN && !(isPlusZero(a) && isPlusZero(b)) ? -0.0 : a + b;
  }

  double multiply(double a, double b) {
    return this == NEAREST || !finite(a, b)
        ? a * b
        : toDouble(new BigDecimal(a).multiply(new BigDecimal(b)), a * b);
  }

  double fma(double a, double b, double c) {
    double nearest = Math.fma(a, b, c);
    if (this == NEAREST || !finite(a, b) || !Double.isFinite(c)) {
      return nearest;
    }
    BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
    return exact.signum() == 0 ? zero(a * b, c) : toDouble(exact, nearest);
  }

  private static boolean finite(double a, double b) {
    return Double.isFinite(a) && Double.isFinite(b);
  }

  /** To a whole number: rni, rzi, rmi, rpi. */
  double toWhole(double value) {
    return switch (this) {
      case NEAREST -> Math.rint(value);
      case ZERO -> value < 0 ? Math.ceil(value) : Math.floor(value);
      case DOWN -> Math.floor(value);
      case UP -> Math.ceil(value);
    };
  }
}
