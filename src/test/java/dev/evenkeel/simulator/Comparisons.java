package dev.evenkeel.simulator;

/** The comparisons of setp, set and their like. */
final class Comparisons {

  private Comparisons() {}

  /** On 16 or 32 bits; null for a comparison that is not known. */
  static Lanes.BitOfII ints(String name, String type, boolean flush) {
    if (type.equals("f32")) {
      Doubles compare = doubles(name);
      Lanes.BitOfII plain = flush ? null : floats(name);
      return compare == null
          ? null
          : plain != null
              ? plain
              : flush
                  ? (a, b) -> compare.apply(Rounding.flush(real(a)), Rounding.flush(real(b)))
                  : (a, b) -> compare.apply(real(a), real(b));
    }
    if (PtxType.isFloat(type)) {
      return null;
    }
    boolean half = PtxType.bytes(type) == 2;
    if (half && PtxType.isSigned(type)) {
      Lanes.BitOfII whole = ints(name, "s32", false);
      return whole == null ? null : (a, b) -> whole.apply((short) a, (short) b);
    }
    if (half) {
      Lanes.BitOfII whole = ints(name, "u32", false);
      return whole == null ? null : (a, b) -> whole.apply(a & 0xffff, b & 0xffff);
    }
    boolean signed = PtxType.isSigned(type);
    return switch (name) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt" -> signed ? (a, b) -> a < b : (a, b) -> Integer.compareUnsigned(a, b) < 0;
      case "le" -> signed ? (a, b) -> a <= b : (a, b) -> Integer.compareUnsigned(a, b) <= 0;
      case "gt" -> signed ? (a, b) -> a > b : (a, b) -> Integer.compareUnsigned(a, b) > 0;
      case "ge" -> signed ? (a, b) -> a >= b : (a, b) -> Integer.compareUnsigned(a, b) >= 0;
      case "lo" -> (a, b) -> Integer.compareUnsigned(a, b) < 0;
      case "ls" -> (a, b) -> Integer.compareUnsigned(a, b) <= 0;
      case "hi" -> (a, b) -> Integer.compareUnsigned(a, b) > 0;
      case "hs" -> (a, b) -> Integer.compareUnsigned(a, b) >= 0;
      default -> null;
    };
  }

  static Lanes.BitOfLL longs(String name, String type) {
    if (PtxType.isFloat(type)) {
      Doubles compare = doubles(name);
      return compare == null
          ? null
          : (a, b) -> compare.apply(Double.longBitsToDouble(a), Double.longBitsToDouble(b));
    }
    boolean signed = PtxType.isSigned(type);
    return switch (name) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt" -> signed ? (a, b) -> a < b : (a, b) -> Long.compareUnsigned(a, b) < 0;
      case "le" -> signed ? (a, b) -> a <= b : (a, b) -> Long.compareUnsigned(a, b) <= 0;
      case "gt" -> signed ? (a, b) -> a > b : (a, b) -> Long.compareUnsigned(a, b) > 0;
      case "ge" -> signed ? (a, b) -> a >= b : (a, b) -> Long.compareUnsigned(a, b) >= 0;
      case "lo" -> (a, b) -> Long.compareUnsigned(a, b) < 0;
      case "ls" -> (a, b) -> Long.compareUnsigned(a, b) <= 0;
      case "hi" -> (a, b) -> Long.compareUnsigned(a, b) > 0;
      case "hs" -> (a, b) -> Long.compareUnsigned(a, b) >= 0;
      default -> null;
    };
  }

  /** A float compares as the double it is. */
  interface Doubles {
    boolean apply(double a, double b);
  }

  private static float real(int bits) {
    return Float.intBitsToFloat(bits);
  }

  /** What kernels ask most, without a call in between; null for the rest. */
  private static Lanes.BitOfII floats(String name) {
    return switch (name) {
      case "eq" -> (a, b) -> real(a) == real(b);
      case "neu" -> (a, b) -> real(a) != real(b);
      case "lt" -> (a, b) -> real(a) < real(b);
      case "le" -> (a, b) -> real(a) <= real(b);
      case "gt" -> (a, b) -> real(a) > real(b);
      case "ge" -> (a, b) -> real(a) >= real(b);
      case "nan" -> (a, b) -> real(a) != real(a) || real(b) != real(b);
      default -> null;
    };
  }

  /** Those that end in u hold where an operand is NaN. */
  private static Doubles doubles(String name) {
    return switch (name) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a < b || a > b;
      case "lt" -> (a, b) -> a < b;
      case "le" -> (a, b) -> a <= b;
      case "gt" -> (a, b) -> a > b;
      case "ge" -> (a, b) -> a >= b;
      case "equ" -> (a, b) -> !(a < b || a > b);
      case "neu" -> (a, b) -> a != b;
      case "ltu" -> (a, b) -> !(a >= b);
      case "leu" -> (a, b) -> !(a > b);
      case "gtu" -> (a, b) -> !(a <= b);
      case "geu" -> (a, b) -> !(a < b);
      case "num" -> (a, b) -> a == a && b == b;
      case "nan" -> (a, b) -> a != a || b != b;
      default -> null;
    };
  }
}
