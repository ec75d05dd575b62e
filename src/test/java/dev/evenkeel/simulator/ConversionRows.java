package dev.evenkeel.simulator;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What cvt must give, by exact numbers. */
final class ConversionRows {

  private static final List<String> INTEGERS = List.of("s16", "u16", "s32", "u32", "s64", "u64");

  private static final Map<String, Rounding> WHOLE =
      Map.of(
          "rni", Rounding.NEAREST,
          "rzi", Rounding.ZERO,
          "rmi", Rounding.DOWN,
          "rpi", Rounding.UP);

  private final List<InstructionRow> rows = new ArrayList<>();

  private ConversionRows() {}

  static List<InstructionRow> all() {
    ConversionRows table = new ConversionRows();
    table.integers();
    for (String type : List.of("f32", "f64")) {
      table.fromIntegers(type);
      table.toIntegers(type);
      table.toWhole(type);
    }
    table.betweenFloats();
    table.halves();
    return table.rows;
  }

  private void add(String opcode, String to, String from, InstructionRow.Expected expected) {
    rows.add(InstructionRow.of(opcode, to, from, expected));
  }

  private void integers() {
    for (String to : INTEGERS) {
      for (String from : INTEGERS) {
        if (!to.equals(from)) {
          add(
              "cvt.%s.%s".formatted(to, from),
              to,
              from,
              b -> IntegerRows.value(b[0], from).longValue());
        }
      }
    }
    add("cvt.sat.s16.s32", "s16", "s32", b -> clamp(IntegerRows.value(b[0], "s32"), "s16"));
    add("cvt.sat.u32.s64", "u32", "s64", b -> clamp(IntegerRows.value(b[0], "s64"), "u32"));
  }

  private static long clamp(BigInteger x, String type) {
    int width = 8 * PtxType.bytes(type);
    BigInteger most =
        BigInteger.TWO.pow(type.startsWith("s") ? width - 1 : width).subtract(BigInteger.ONE);
    BigInteger least =
        type.startsWith("s") ? BigInteger.TWO.pow(width - 1).negate() : BigInteger.ZERO;
    return x.min(most).max(least).longValue();
  }

  private void fromIntegers(String to) {
    ExactFormat format = ExactFormat.of(to);
    for (String from : INTEGERS) {
      FloatRows.MODES.forEach(
          (name, mode) ->
              add(
                  "cvt.%s.%s.%s".formatted(name, to, from),
                  to,
                  from,
                  b -> format.round(Dyadic.of(IntegerRows.value(b[0], from)), mode)));
    }
  }

  private void toIntegers(String from) {
    ExactFormat format = ExactFormat.of(from);
    for (String to : INTEGERS) {
      WHOLE.forEach(
          (name, mode) ->
              add(
                  "cvt.%s.%s.%s".formatted(name, to, from),
                  to,
                  from,
                  b -> {
                    int width = 8 * PtxType.bytes(to);
                    if (format.isNan(b[0])) {
                      // The manual: zero, but for 64-bit types the top bit alone.
                      return width == 64 || from.equals("f64") ? 1L << width - 1 : 0;
                    }
                    BigInteger whole =
                        format.isInfinite(b[0])
                            ? BigInteger.TWO.pow(99)
                            : format.value(b[0]).toInteger(mode);
                    boolean negativeInfinity =
                        format.isInfinite(b[0]) && (b[0] & format.sign()) != 0;
                    return clamp(negativeInfinity ? whole.negate() : whole, to);
                  }));
    }
  }

  /** cvt.rni.f32.f32: to a whole number that stays a float; the sign of a zero is its source's. */
  private void toWhole(String type) {
    ExactFormat format = ExactFormat.of(type);
    WHOLE.forEach(
        (name, mode) ->
            add(
                "cvt.%s.%s.%s".formatted(name, type, type),
                type,
                type,
                b -> {
                  if (!format.isFinite(b[0])) {
                    return format.isNan(b[0]) ? format.nan() : b[0];
                  }
                  BigInteger whole = format.value(b[0]).toInteger(mode);
                  return whole.signum() == 0
                      ? b[0] & format.sign()
                      : format.round(Dyadic.of(whole), Rounding.NEAREST);
                }));
  }

  private static long convert(long bits, ExactFormat from, ExactFormat to, Rounding mode) {
    if (from.isNan(bits)) {
      return to.nan();
    }
    boolean minus = (bits & from.sign()) != 0;
    if (from.isInfinite(bits)) {
      return to.infinity() | (minus ? to.sign() : 0);
    }
    Dyadic value = from.value(bits);
    return value.signum() == 0 ? (minus ? to.sign() : 0) : to.round(value, mode);
  }

  private void betweenFloats() {
    FloatRows.MODES.forEach(
        (name, mode) ->
            add(
                "cvt.%s.f32.f64".formatted(name),
                "f32",
                "f64",
                b -> convert(b[0], ExactFormat.FLOAT64, ExactFormat.FLOAT32, mode)));
    add(
        "cvt.f64.f32",
        "f64",
        "f32",
        b -> convert(b[0], ExactFormat.FLOAT32, ExactFormat.FLOAT64, Rounding.NEAREST));
    add(
        "cvt.sat.f32.f32",
        "f32",
        "f32",
        b -> {
          float x = Float.intBitsToFloat((int) b[0]);
          return Float.floatToRawIntBits(x > 1 ? 1 : x > 0 ? x : 0f);
        });
  }

  private void halves() {
    for (String half : List.of("f16", "bf16")) {
      ExactFormat format = ExactFormat.of(half);
      for (String mode : List.of("rn", "rz")) {
        InstructionRow.Expected one =
            b -> convert(b[0], ExactFormat.FLOAT32, format, FloatRows.MODES.get(mode));
        add("cvt.%s.%s.f32".formatted(mode, half), half, "f32", one);
        add(
            "cvt.%s.%sx2.f32".formatted(mode, half),
            half + "x2",
            "f32 f32",
            b -> one.of(new long[] {b[0]}) << 16 | one.of(new long[] {b[1]}));
      }
      add(
          "cvt.f32." + half,
          "f32",
          half,
          b -> convert(b[0], format, ExactFormat.FLOAT32, Rounding.NEAREST));
    }
  }
}
