package dev.evenkeel.simulator;

import java.math.BigDecimal;
import java.math.BigInteger;

/** cvt: one value from a type to another, as bits in a long. */
final class Conversion {

  /** Turns bits into bits. */
  interface Step {
    long apply(long bits);
  }

  private Conversion() {}

  /** Null where the pair of types is not simulated. */
  static Step of(Statement s, String to, String from) {
    boolean toFloat = PtxType.isFloat(to);
    boolean fromFloat = PtxType.isFloat(from);
    if (!toFloat && !fromFloat) {
      return s.has("sat") ? bits -> clamp(exact(bits, from), to) : extending(from);
    }
    Rounding mode = Rounding.of(s);
    if (fromFloat && !toFloat) {
      Rounding whole = whole(s);
      boolean flush = s.has("ftz") && from.equals("f32");
      Value value = value(from, flush);
      boolean word = PtxType.isSigned(to) && PtxType.bytes(to) >= 4;
      Rounding way = whole == null ? Rounding.ZERO : whole;
      return bits -> {
        double rounded = way.toWhole(value.of(bits));
        return word && Math.abs(rounded) < 0x1p31 ? (long) rounded : toInteger(rounded, to, from);
      };
    }
    if (!fromFloat) {
      boolean clamped = s.has("sat");
      boolean signed = PtxType.isSigned(from);
      boolean nearest = mode == Rounding.NEAREST && to.equals("f32") && !clamped;
      Step extend = extending(from);
      return bits -> {
        long exact = extend.apply(bits);
        boolean small = exact == (int) exact && (exact >= 0 || signed);
        if (small && nearest) {
          return Rounding.bits((float) exact);
        }
        BigDecimal value = small ? BigDecimal.valueOf(exact) : new BigDecimal(exact(bits, from));
        return switch (to) {
          case "f32" -> {
            float f = small && mode == Rounding.NEAREST ? exact : mode.toFloat(value);
            yield Rounding.bits(clamped ? Rounding.saturate(f) : f);
          }
          case "f64" -> Rounding.bits(mode.toDouble(value, value.doubleValue()));
          default -> fromDouble(to, value.doubleValue(), mode);
        };
      };
    }
    Rounding whole = whole(s);
    boolean flush = s.has("ftz");
    boolean clamped = s.has("sat");
    boolean single = to.equals("f32");
    Value of = value(from, flush);
    return bits -> {
      double value = of.of(bits);
      if (whole != null) {
        value = whole.toWhole(value);
      }
      if (clamped) {
        value = Rounding.saturate(value);
      }
      if (single) {
        float f = mode.toFloat(value);
        return Rounding.bits(flush ? Rounding.flush(f) : f);
      }
      return fromDouble(to, value, mode);
    };
  }

  private static Rounding whole(Statement s) {
    return s.has("rni")
        ? Rounding.NEAREST
        : s.has("rzi")
            ? Rounding.ZERO
            : s.has("rmi") ? Rounding.DOWN : s.has("rpi") ? Rounding.UP : null;
  }

  /** The number that bits mean. */
  private interface Value {
    double of(long bits);
  }

  private static Value value(String from, boolean flush) {
    return switch (from) {
      case "f32" ->
          flush
              ? bits -> Rounding.flush(Float.intBitsToFloat((int) bits))
              : bits -> Float.intBitsToFloat((int) bits);
      case "f64" -> Double::longBitsToDouble;
      case "f16" -> bits -> HalfPrecision.fromFloat16((int) bits & 0xffff);
      default -> bits -> HalfPrecision.fromBfloat16((int) bits & 0xffff);
    };
  }

  /** To f64, f16 or bf16; the value of the last two is a float's. */
  private static long fromDouble(String to, double value, Rounding mode) {
    return switch (to) {
      case "f64" -> Rounding.bits(value);
      case "f16" -> HalfPrecision.toFloat16((float) value, mode);
      default -> HalfPrecision.toBfloat16((float) value, mode);
    };
  }

  /** The low bits as the type means them, widened to 64. */
  static Step extending(String type) {
    int drop = 64 - 8 * PtxType.bytes(type);
    return PtxType.isSigned(type) ? bits -> bits << drop >> drop : bits -> bits << drop >>> drop;
  }

  private static BigInteger exact(long bits, String type) {
    long wide = extending(type).apply(bits);
    BigInteger value = BigInteger.valueOf(wide);
    return wide < 0 && !PtxType.isSigned(type) ? value.add(BigInteger.ONE.shiftLeft(64)) : value;
  }

  private static long clamp(BigInteger value, String to) {
    int width = 8 * PtxType.bytes(to);
    boolean signed = PtxType.isSigned(to);
    BigInteger most = BigInteger.ONE.shiftLeft(signed ? width - 1 : width).subtract(BigInteger.ONE);
    BigInteger least = signed ? most.negate().subtract(BigInteger.ONE) : BigInteger.ZERO;
    return value.min(most).max(least).longValue();
  }

  /** Beyond the range the nearest end of it; NaN becomes 0, or the top bit alone in 64 bits. */
  private static long toInteger(double rounded, String to, String from) {
    if (rounded != rounded) {
      boolean wide = PtxType.bytes(to) == 8 || from.equals("f64");
      return wide ? 1L << 8 * PtxType.bytes(to) - 1 : 0;
    }
    double finite = Double.isInfinite(rounded) ? Math.copySign(0x1p100, rounded) : rounded;
    return clamp(new BigDecimal(finite).toBigInteger(), to);
  }
}
