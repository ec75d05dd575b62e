package dev.evenkeel.simulator;

/** float16 and bfloat16, as bits in the low half of an int. */
final class HalfPrecision {

  private HalfPrecision() {}

  static int toBfloat16(float value, Rounding mode) {
    if (value != value) {
      return 0x7fff;
    }
    int bits = Float.floatToRawIntBits(value);
    int rounded = mode == Rounding.NEAREST ? bits + 0x7fff + (bits >>> 16 & 1) : bits;
    return rounded >>> 16;
  }

  static float fromBfloat16(int bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  static int toFloat16(float value, Rounding mode) {
    int sign = Float.floatToRawIntBits(value) >>> 16 & 0x8000;
    float size = Math.abs(value);
    if (value != value) {
      return 0x7fff;
    }
    if (Float.isInfinite(value)) {
      return sign | 0x7c00;
    }
    if (size >= 65520f || size >= 65504f && mode != Rounding.NEAREST) {
      return sign | (mode == Rounding.NEAREST ? 0x7c00 : 0x7bff);
    }
    // In units of the last place of the result: 2^-24 below the smallest normal number.
    int exponent = Math.max(Math.getExponent(size), -14);
    double units = (double) size * Math.scalb(1.0, 10 - exponent);
    int whole = (int) (mode == Rounding.NEAREST ? Math.rint(units) : Math.floor(units));
    // A carry out of the fraction raises the exponent by itself.
    return sign | ((exponent + 14 << 10) + whole);
  }

  static float fromFloat16(int bits) {
    int exponent = bits >>> 10 & 31;
    int fraction = bits & 0x3ff;
    float size =
        exponent == 31
            ? (fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN)
            : exponent == 0 ? fraction * 0x1p-24f : Math.scalb(1024f + fraction, exponent - 25);
    return (bits & 0x8000) != 0 ? -size : size;
  }
}
