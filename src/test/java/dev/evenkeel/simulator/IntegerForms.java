package dev.evenkeel.simulator;

/** Integer and bit instructions. */
final class IntegerForms {

  private final Operands o;

  IntegerForms(Operands operands) {
    o = operands;
  }

  /** The instruction of a statement, or null if it is none of these. */
  Instruction compile(Statement s) {
    String type = s.last();
    int bytes = PtxType.isType(type) ? PtxType.bytes(type) : 0;
    return switch (s.words().get(0)) {
      case "add", "sub", "min", "max", "and", "or", "xor", "div", "rem" ->
          bytes == 8 ? binary64(s, type) : binary32(s, type);
      case "mul" -> multiply(s, type);
      case "mad" -> multiplyAdd(s, type);
      case "shl", "shr" -> shift(s, type, bytes);
      case "neg", "abs", "not", "cnot", "clz", "popc", "brev", "bfind" ->
          bytes == 8 ? unary64(s, type) : unary32(s, type);
      case "bfe" -> extract(type, bytes);
      case "bfi" -> insert(type, bytes);
      case "prmt" -> ints3(type, IntegerForms::permute);
      case "shf" -> funnel(s, type);
      case "lop3" -> logic3(type);
      default -> null;
    };
  }

  private Instruction ints3(String type, Lanes.IntOfIII op) {
    return Lanes.intOfIII(
        op, o.int32(0, type), o.int32(1, type), o.int32(2, type), o.int32(3, type));
  }

  /** Sixteen bits are cut or extended before, and need not be after. */
  private static int narrow(int value, boolean half, boolean signed) {
    return !half ? value : signed ? (short) value : value & 0xffff;
  }

  private Instruction binary32(Statement s, String type) {
    boolean signed = PtxType.isSigned(type);
    Lanes.IntOfII op =
        switch (s.words().get(0)) {
          case "add" ->
              s.has("sat")
                  ? (a, b) ->
                      (int) Math.max(Math.min((long) a + b, Integer.MAX_VALUE), Integer.MIN_VALUE)
                  : (a, b) -> a + b;
          case "sub" ->
              s.has("sat")
                  ? (a, b) ->
                      (int) Math.max(Math.min((long) a - b, Integer.MAX_VALUE), Integer.MIN_VALUE)
                  : (a, b) -> a - b;
          case "and" -> (a, b) -> a & b;
          case "or" -> (a, b) -> a | b;
          case "xor" -> (a, b) -> a ^ b;
          case "min" -> signed ? Math::min : (a, b) -> Integer.compareUnsigned(a, b) < 0 ? a : b;
          case "max" -> signed ? Math::max : (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b;
          // The GPU does not fault on a division by zero: it gives all ones, and the dividend.
          case "div" ->
              signed
                  ? (a, b) -> b == 0 ? -1 : a / b
                  : (a, b) -> b == 0 ? -1 : Integer.divideUnsigned(a, b);
          default ->
              signed
                  ? (a, b) -> b == 0 ? a : a % b
                  : (a, b) -> b == 0 ? a : Integer.remainderUnsigned(a, b);
        };
    Lanes.IntOfII whole =
        PtxType.bytes(type) == 4
            ? op
            : (a, b) -> op.apply(narrow(a, true, signed), narrow(b, true, signed));
    return Lanes.intOfII(whole, o.int32(0, type), o.int32(1, type), o.int32(2, type));
  }

  private Instruction binary64(Statement s, String type) {
    boolean signed = PtxType.isSigned(type);
    Lanes.LongOfLL op =
        switch (s.words().get(0)) {
          case "add" -> (a, b) -> a + b;
          case "sub" -> (a, b) -> a - b;
          case "and" -> (a, b) -> a & b;
          case "or" -> (a, b) -> a | b;
          case "xor" -> (a, b) -> a ^ b;
          case "min" -> signed ? Math::min : (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b;
          case "max" -> signed ? Math::max : (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b;
          case "div" ->
              signed
                  ? (a, b) -> b == 0 ? -1 : a / b
                  : (a, b) -> b == 0 ? -1 : Long.divideUnsigned(a, b);
          default ->
              signed
                  ? (a, b) -> b == 0 ? a : a % b
                  : (a, b) -> b == 0 ? a : Long.remainderUnsigned(a, b);
        };
    return Lanes.longOfLL(op, o.int64(0, type), o.int64(1, type), o.int64(2, type));
  }

  private static long widen(int value, boolean signed) {
    return signed ? value : value & 0xffffffffL;
  }

  private static long high(long a, long b, boolean signed) {
    long high = Math.multiplyHigh(a, b);
    return signed ? high : high + (a >> 63 & b) + (b >> 63 & a);
  }

  private Instruction multiply(Statement s, String type) {
    boolean signed = PtxType.isSigned(type);
    boolean high = s.has("hi");
    if (s.has("wide")) {
      if (PtxType.bytes(type) == 2) {
        return Lanes.intOfII(
            (a, b) -> narrow(a, true, signed) * narrow(b, true, signed),
            o.int32(0, type),
            o.int32(1, type),
            o.int32(2, type));
      }
      return Lanes.longOfII(
          (a, b) -> widen(a, signed) * widen(b, signed),
          o.int64(0, type),
          o.int32(1, type),
          o.int32(2, type));
    }
    if (!s.has("lo") && !high) {
      throw o.unknown();
    }
    if (PtxType.bytes(type) == 8) {
      return Lanes.longOfLL(
          high ? (a, b) -> high(a, b, signed) : (a, b) -> a * b,
          o.int64(0, type),
          o.int64(1, type),
          o.int64(2, type));
    }
    int width = 8 * PtxType.bytes(type);
    boolean half = width == 16;
    Lanes.IntOfII op =
        high
            ? (a, b) ->
                (int)
                    (widen(narrow(a, half, signed), signed) * widen(narrow(b, half, signed), signed)
                        >> width)
            : (a, b) -> a * b;
    return Lanes.intOfII(op, o.int32(0, type), o.int32(1, type), o.int32(2, type));
  }

  private Instruction multiplyAdd(Statement s, String type) {
    boolean signed = PtxType.isSigned(type);
    if (s.has("wide") && PtxType.bytes(type) == 4) {
      return Lanes.longOfIIL(
          (a, b, c) -> widen(a, signed) * widen(b, signed) + c,
          o.int64(0, type),
          o.int32(1, type),
          o.int32(2, type),
          o.int64(3, type));
    }
    if (s.has("lo") && PtxType.bytes(type) == 8) {
      return Lanes.longOfLLL(
          (a, b, c) -> a * b + c,
          o.int64(0, type),
          o.int64(1, type),
          o.int64(2, type),
          o.int64(3, type));
    }
    if (s.has("lo")) {
      return ints3(type, (a, b, c) -> a * b + c);
    }
    if (s.has("hi") && PtxType.bytes(type) == 4) {
      return ints3(type, (a, b, c) -> (int) (widen(a, signed) * widen(b, signed) >> 32) + c);
    }
    throw o.unknown();
  }

  /** Shifts by more than the width clear all, or leave the sign. */
  private Instruction shift(Statement s, String type, int bytes) {
    boolean left = s.words().get(0).equals("shl");
    boolean signed = PtxType.isSigned(type);
    if (bytes == 8) {
      Lanes.LongOfLI op =
          left
              ? (a, b) -> b < 0 || b > 63 ? 0 : a << b
              : signed
                  ? (a, b) -> a >> (b < 0 || b > 63 ? 63 : b)
                  : (a, b) -> b < 0 || b > 63 ? 0 : a >>> b;
      return Lanes.longOfLI(op, o.int64(0, type), o.int64(1, type), o.int32(2, "u32"));
    }
    boolean half = bytes == 2;
    Lanes.IntOfII op =
        left
            ? (a, b) -> b < 0 || b > 31 ? 0 : a << b
            : signed
                ? (a, b) -> narrow(a, half, true) >> (b < 0 || b > 31 ? 31 : b)
                : (a, b) -> b < 0 || b > 31 ? 0 : narrow(a, half, false) >>> b;
    return Lanes.intOfII(op, o.int32(0, type), o.int32(1, type), o.int32(2, "u32"));
  }

  private Instruction unary32(Statement s, String type) {
    boolean full = PtxType.bytes(type) == 4;
    boolean signed = PtxType.isSigned(type);
    Lanes.IntOfI op =
        switch (s.words().get(0)) {
          case "neg" -> a -> -a;
          case "abs" -> a -> Math.abs(narrow(a, !full, signed));
          case "not" -> a -> ~a;
          case "cnot" -> a -> narrow(a, !full, signed) == 0 ? 1 : 0;
          case "clz" -> Integer::numberOfLeadingZeros;
          case "popc" -> Integer::bitCount;
          case "brev" -> Integer::reverse;
          default -> {
            if (s.has("shiftamt")) {
              throw o.unknown();
            }
            yield PtxType.isSigned(type)
                ? a -> 31 - Integer.numberOfLeadingZeros(a < 0 ? ~a : a)
                : a -> 31 - Integer.numberOfLeadingZeros(a);
          }
        };
    if (!full && s.words().get(0).matches("clz|popc|brev|bfind")) {
      throw o.unknown();
    }
    return Lanes.intOfI(op, o.int32(0, type), o.int32(1, type));
  }

  private Instruction unary64(Statement s, String type) {
    switch (s.words().get(0)) {
      case "clz":
        return Lanes.intOfL(Long::numberOfLeadingZeros, o.int32(0, type), o.int64(1, type));
      case "popc":
        return Lanes.intOfL(Long::bitCount, o.int32(0, type), o.int64(1, type));
      case "neg":
        return Lanes.longOfL(a -> -a, o.int64(0, type), o.int64(1, type));
      case "abs":
        return Lanes.longOfL(Math::abs, o.int64(0, type), o.int64(1, type));
      case "not":
        return Lanes.longOfL(a -> ~a, o.int64(0, type), o.int64(1, type));
      case "brev":
        return Lanes.longOfL(Long::reverse, o.int64(0, type), o.int64(1, type));
      default:
        throw o.unknown();
    }
  }

  static long extract(long a, int position, int length, int width, boolean signed) {
    int p = position & 0xff;
    int n = length & 0xff;
    long sign = signed && n > 0 ? a >>> Math.min(p + n - 1, width - 1) & 1 : 0;
    long field = p >= 64 ? 0 : a >>> p;
    if (p + n > width) {
      n = Math.max(0, width - p);
    }
    long mask = n >= 64 ? -1 : (1L << n) - 1;
    return sign == 0 ? field & mask : field | ~mask;
  }

  private Instruction extract(String type, int bytes) {
    boolean signed = PtxType.isSigned(type);
    if (bytes == 8) {
      return Lanes.longOfLII(
          (a, b, c) -> extract(a, b, c, 64, signed),
          o.int64(0, type),
          o.int64(1, type),
          o.int32(2, "u32"),
          o.int32(3, "u32"));
    }
    return ints3(type, (a, b, c) -> (int) extract(a & 0xffffffffL, b, c, 32, signed));
  }

  static long insert(long a, long b, int position, int length, int width) {
    int p = position & 0xff;
    int n = Math.min(length & 0xff, width - p);
    if (n <= 0) {
      return b;
    }
    long mask = (n >= 64 ? -1 : (1L << n) - 1) << p;
    return b & ~mask | a << p & mask;
  }

  private Instruction insert(String type, int bytes) {
    if (bytes == 8) {
      return Lanes.longOfLLII(
          (a, b, c, d) -> insert(a, b, c, d, 64),
          o.int64(0, type),
          o.int64(1, type),
          o.int64(2, type),
          o.int32(3, "u32"),
          o.int32(4, "u32"));
    }
    return Lanes.intOfIIII(
        (a, b, c, d) -> (int) insert(a, b, c, d, 32),
        o.int32(0, type),
        o.int32(1, type),
        o.int32(2, type),
        o.int32(3, "u32"),
        o.int32(4, "u32"));
  }

  /** Each nibble of c picks a byte of b:a, or spreads its sign. */
  static int permute(int a, int b, int c) {
    long both = a & 0xffffffffL | (long) b << 32;
    int result = 0;
    for (int i = 0; i < 4; i++) {
      int pick = c >>> 4 * i & 15;
      int value = (int) (both >>> 8 * (pick & 7)) & 0xff;
      if ((pick & 8) != 0) {
        value = (byte) value < 0 ? 0xff : 0;
      }
      result |= value << 8 * i;
    }
    return result;
  }

  /** shf: shifts b:a, and gives the high word to the left, the low one to the right. */
  private Instruction funnel(Statement s, String type) {
    boolean clamp = s.has("clamp");
    boolean left = s.has("l");
    return ints3(
        type,
        (a, b, c) -> {
          int n = clamp ? Integer.compareUnsigned(c, 32) > 0 ? 32 : c : c & 31;
          long both = a & 0xffffffffL | (long) b << 32;
          return (int) (left ? both << n >>> 32 : both >>> n);
        });
  }

  private Instruction logic3(String type) {
    int table = (int) o.literal(4);
    return ints3(
        type,
        (a, b, c) -> {
          int result = 0;
          for (int i = 0; i < 8; i++) {
            if ((table >>> i & 1) != 0) {
              result |= ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
            }
          }
          return result;
        });
  }
}
