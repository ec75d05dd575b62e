package dev.evenkeel.simulator;

import java.math.BigInteger;

/**
 * A binary floating-point format, by its definition: the reference for everything that rounds. Uses
 * no floating-point arithmetic at all.
 */
record ExactFormat(int exponentBits, int fractionBits) {

  static final ExactFormat FLOAT16 = new ExactFormat(5, 10);
  static final ExactFormat BFLOAT16 = new ExactFormat(8, 7);
  static final ExactFormat FLOAT32 = new ExactFormat(8, 23);
  static final ExactFormat FLOAT64 = new ExactFormat(11, 52);

  static ExactFormat of(String type) {
    return switch (type) {
      case "f16" -> FLOAT16;
      case "bf16" -> BFLOAT16;
      case "f32" -> FLOAT32;
      default -> FLOAT64;
    };
  }

  long infinity() {
    return ((1L << exponentBits) - 1) << fractionBits;
  }

  long sign() {
    return 1L << exponentBits + fractionBits;
  }

  /** The one NaN that the GPU makes: all ones but for the sign. */
  long nan() {
    return sign() - 1;
  }

  boolean isNan(long bits) {
    return (bits & sign() - 1) > infinity();
  }

  boolean isInfinite(long bits) {
    return (bits & sign() - 1) == infinity();
  }

  boolean isFinite(long bits) {
    return (bits & sign() - 1) < infinity();
  }

  private int bias() {
    return (1 << exponentBits - 1) - 1;
  }

  /** The value of finite bits. */
  Dyadic value(long bits) {
    long size = bits & sign() - 1;
    long fraction = size & (1L << fractionBits) - 1;
    int exponent = (int) (size >>> fractionBits);
    if (exponent > 0) {
      fraction |= 1L << fractionBits;
    }
    Dyadic value =
        new Dyadic(BigInteger.valueOf(fraction), Math.max(exponent, 1) - bias() - fractionBits);
    return (bits & sign()) != 0 ? value.negate() : value;
  }

  /** The bits of an exact value, rounded once; of zero the positive one. */
  long round(Dyadic exact, Rounding mode) {
    if (exact.signum() == 0) {
      return 0;
    }
    int top = exact.mantissa().abs().bitLength() - 1 + exact.exponent();
    int exponent = Math.max(top, 1 - bias());
    BigInteger units = exact.units(exponent - fractionBits, mode);
    // A carry out of the fraction, or into the first normal number, raises the exponent by itself.
    long bits = ((long) (exponent + bias() - 1) << fractionBits) + units.longValueExact();
    boolean minus = exact.signum() < 0;
    if (exponent > bias() || bits >= infinity()) {
      boolean away = mode == Rounding.NEAREST || mode == (minus ? Rounding.DOWN : Rounding.UP);
      bits = away ? infinity() : infinity() - 1;
    }
    return minus ? bits | sign() : bits;
  }
}
