package dev.evenkeel.simulator;

import java.math.BigInteger;
import java.util.Map;

/** Types of PTX, by name: "f32". */
final class PtxType {

  private static final Map<String, Integer> BYTES =
      Map.ofEntries(
          Map.entry("pred", 0),
          Map.entry("b8", 1),
          Map.entry("u8", 1),
          Map.entry("s8", 1),
          Map.entry("b16", 2),
          Map.entry("u16", 2),
          Map.entry("s16", 2),
          Map.entry("f16", 2),
          Map.entry("bf16", 2),
          Map.entry("b32", 4),
          Map.entry("u32", 4),
          Map.entry("s32", 4),
          Map.entry("f32", 4),
          Map.entry("f16x2", 4),
          Map.entry("bf16x2", 4),
          Map.entry("b64", 8),
          Map.entry("u64", 8),
          Map.entry("s64", 8),
          Map.entry("f64", 8));

  private PtxType() {}

  static boolean isType(String name) {
    return BYTES.containsKey(name);
  }

  static int bytes(String type) {
    return BYTES.get(type);
  }

  static boolean isFloat(String type) {
    return type.contains("f");
  }

  static boolean isSigned(String type) {
    return type.startsWith("s");
  }

  /** The bits of a literal in that type. */
  static long bits(String type, String literal, Tokens where) {
    try {
      return bits(type, literal);
    } catch (NumberFormatException e) {
      throw where.error("'%s' is no literal of type %s".formatted(literal, type));
    }
  }

  static long bits(String type, String literal) {
    boolean minus = literal.startsWith("-");
    String text = minus ? literal.substring(1) : literal;
    if (text.startsWith("0f") || text.startsWith("0F")) {
      int bits = Integer.parseUnsignedInt(text.substring(2), 16);
      float value = Float.intBitsToFloat(minus ? bits ^ Integer.MIN_VALUE : bits);
      return type.equals("f64")
          ? Double.doubleToRawLongBits(value)
          : Float.floatToRawIntBits(value) & 0xffffffffL;
    }
    if (text.startsWith("0d") || text.startsWith("0D")) {
      long bits = Long.parseUnsignedLong(text.substring(2), 16);
      double value = Double.longBitsToDouble(minus ? bits ^ Long.MIN_VALUE : bits);
      return type.equals("f32")
          ? Float.floatToRawIntBits((float) value) & 0xffffffffL
          : Double.doubleToRawLongBits(value);
    }
    if (type.startsWith("f") && text.contains(".")) {
      double value = Double.parseDouble(literal);
      return type.equals("f32")
          ? Float.floatToRawIntBits((float) value) & 0xffffffffL
          : Double.doubleToRawLongBits(value);
    }
    String digits = text.endsWith("U") ? text.substring(0, text.length() - 1) : text;
    BigInteger value =
        digits.startsWith("0x") || digits.startsWith("0X")
            ? new BigInteger(digits.substring(2), 16)
            : digits.startsWith("0b")
                ? new BigInteger(digits.substring(2), 2)
                : digits.length() > 1 && digits.startsWith("0")
                    ? new BigInteger(digits, 8)
                    : new BigInteger(digits);
    return (minus ? value.negate() : value).longValue();
  }
}
