package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What floating-point instructions must give: exact numbers, rounded by the format's definition.
 */
final class FloatRows {

  static final Map<String, Rounding> MODES =
      Map.of("rn", Rounding.NEAREST, "rz", Rounding.ZERO, "rm", Rounding.DOWN, "rp", Rounding.UP);

  private final List<InstructionRow> rows = new ArrayList<>();

  private FloatRows() {}

  static List<InstructionRow> all() {
    FloatRows table = new FloatRows();
    for (String type : List.of("f32", "f64")) {
      MODES.forEach((name, mode) -> table.arithmetic(type, name, mode));
      table.choices(type);
    }
    MODES.forEach(table::quotients);
    table.quotients64();
    table.flushed();
    return table.rows;
  }

  private static double decode(long bits, String type) {
    return type.equals("f32") ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits);
  }

  /** With a NaN or an infinity in it, rounding does not matter: Java's arithmetic decides. */
  private static long special(double value, ExactFormat format) {
    return value != value
        ? format.nan()
        : value == 0
            ? (1 / value < 0 ? format.sign() : 0)
            : format.infinity() | (value < 0 ? format.sign() : 0);
  }

  private interface Exact {
    Dyadic of(Dyadic[] x);
  }

  private interface Plain {
    double of(double[] x);
  }

  private void add(
      String opcode, String type, int sources, Rounding mode, Exact exact, Plain plain) {
    ExactFormat format = ExactFormat.of(type);
    String types = String.join(" ", java.util.Collections.nCopies(sources, type));
    rows.add(
        InstructionRow.of(
            opcode,
            type,
            types,
            bits -> {
              double[] values = new double[sources];
              Dyadic[] x = new Dyadic[sources];
              boolean finite = true;
              for (int i = 0; i < sources; i++) {
                values[i] = decode(bits[i], type);
                finite &= format.isFinite(bits[i]);
              }
              if (!finite) {
                return special(plain.of(values), format);
              }
              for (int i = 0; i < sources; i++) {
                x[i] = format.value(bits[i]);
              }
              Dyadic value = exact.of(x);
              // A zero's sign: of a product its own, of a sum by IEEE's rule.
              return value.signum() != 0
                  ? format.round(value, mode)
                  : zero(opcode, values, mode, format);
            }));
  }

  private static long zero(String opcode, double[] v, Rounding mode, ExactFormat format) {
    boolean firstNegative = negative(v[0]);
    boolean secondNegative = negative(v[1]);
    if (opcode.startsWith("mul")) {
      return firstNegative != secondNegative ? format.sign() : 0;
    }
    if (opcode.startsWith("fma")) {
      firstNegative ^= secondNegative;
      secondNegative = negative(v[2]);
    }
    if (opcode.startsWith("sub")) {
      secondNegative = !secondNegative;
    }
    boolean minus =
        firstNegative && secondNegative || firstNegative != secondNegative && mode == Rounding.DOWN;
    return minus ? format.sign() : 0;
  }

  private static boolean negative(double v) {
    return Math.copySign(1, v) < 0;
  }

  private void arithmetic(String type, String name, Rounding mode) {
    String end = "." + name + "." + type;
    add("add" + end, type, 2, mode, x -> x[0].add(x[1]), x -> x[0] + x[1]);
    add("sub" + end, type, 2, mode, x -> x[0].subtract(x[1]), x -> x[0] - x[1]);
    add("mul" + end, type, 2, mode, x -> x[0].multiply(x[1]), x -> x[0] * x[1]);
    add("fma" + end, type, 3, mode, x -> x[0].multiply(x[1]).add(x[2]), x -> x[0] * x[1] + x[2]);
  }

  private void quotients(String name, Rounding mode) {
    ExactFormat format = ExactFormat.FLOAT32;
    rows.add(
        InstructionRow.of(
            "div." + name + ".f32", "f32", "f32 f32", b -> quotient(b[0], b[1], mode, format)));
    rows.add(
        InstructionRow.of(
            "rcp." + name + ".f32",
            "f32",
            "f32",
            b -> quotient(Float.floatToIntBits(1), b[0], mode, format)));
    rows.add(
        InstructionRow.of("sqrt." + name + ".f32", "f32", "f32", b -> root(b[0], mode, format)));
  }

  private void quotients64() {
    ExactFormat format = ExactFormat.FLOAT64;
    rows.add(
        InstructionRow.of(
            "div.rn.f64", "f64", "f64 f64", b -> quotient(b[0], b[1], Rounding.NEAREST, format)));
    rows.add(
        InstructionRow.of("sqrt.rn.f64", "f64", "f64", b -> root(b[0], Rounding.NEAREST, format)));
  }

  private static long quotient(long a, long b, Rounding mode, ExactFormat format) {
    String type = format == ExactFormat.FLOAT32 ? "f32" : "f64";
    double x = decode(a, type);
    double y = decode(b, type);
    if (!format.isFinite(a) || !format.isFinite(b) || x == 0 || y == 0) {
      return special(x / y, format);
    }
    return format.round(format.value(a).divide(format.value(b)), mode);
  }

  private static long root(long a, Rounding mode, ExactFormat format) {
    double x = decode(a, format == ExactFormat.FLOAT32 ? "f32" : "f64");
    if (!format.isFinite(a) || x <= 0) {
      return special(Math.sqrt(x), format);
    }
    return format.round(format.value(a).squareRoot(), mode);
  }

  private void choices(String type) {
    ExactFormat f = ExactFormat.of(type);
    String two = type + " " + type;
    rows.add(InstructionRow.of("min." + type, type, two, b -> choose(b[0], b[1], f, true)));
    rows.add(InstructionRow.of("max." + type, type, two, b -> choose(b[0], b[1], f, false)));
    rows.add(InstructionRow.of("neg." + type, type, type, b -> b[0] ^ f.sign()));
    rows.add(InstructionRow.of("abs." + type, type, type, b -> b[0] & f.sign() - 1));
    rows.add(
        InstructionRow.of(
            "copysign." + type, type, two, b -> b[0] & f.sign() | b[1] & f.sign() - 1));
    for (String c : List.of("eq", "ne", "lt", "le", "gt", "ge")) {
      rows.add(
          InstructionRow.of("setp." + c + "." + type, "pred", two, b -> compare(c, false, b, f)));
      rows.add(
          InstructionRow.of("setp." + c + "u." + type, "pred", two, b -> compare(c, true, b, f)));
    }
    rows.add(
        InstructionRow.of(
            "setp.num." + type, "pred", two, b -> f.isNan(b[0]) || f.isNan(b[1]) ? 0 : 1));
    rows.add(
        InstructionRow.of(
            "setp.nan." + type, "pred", two, b -> f.isNan(b[0]) || f.isNan(b[1]) ? 1 : 0));
  }

  /** Bits in the order of the values; -0 is just below +0. */
  private static long rank(long bits, ExactFormat f) {
    long size = bits & f.sign() - 1;
    return (bits & f.sign()) != 0 ? -size - 1 : size;
  }

  private static long choose(long a, long b, ExactFormat f, boolean least) {
    if (f.isNan(a) || f.isNan(b)) {
      return f.isNan(a) && f.isNan(b) ? f.nan() : f.isNan(a) ? b : a;
    }
    return rank(a, f) < rank(b, f) == least ? a : b;
  }

  private static long compare(String c, boolean unordered, long[] b, ExactFormat f) {
    if (f.isNan(b[0]) || f.isNan(b[1])) {
      return unordered ? 1 : 0;
    }
    boolean zeros = (b[0] & f.sign() - 1) == 0 && (b[1] & f.sign() - 1) == 0;
    int order = zeros ? 0 : Long.compare(rank(b[0], f), rank(b[1], f));
    boolean holds =
        switch (c) {
          case "eq" -> order == 0;
          case "ne" -> order != 0;
          case "lt" -> order < 0;
          case "le" -> order <= 0;
          case "gt" -> order > 0;
          default -> order >= 0;
        };
    return holds ? 1 : 0;
  }

  private static int flush(int bits) {
    return (bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits;
  }

  private static float number(long bits) {
    return Float.intBitsToFloat((int) bits);
  }

  private static int canonical(float value) {
    return value != value ? 0x7fffffff : Float.floatToRawIntBits(value);
  }

  /** .ftz and .sat on top of Java's own arithmetic. */
  private void flushed() {
    rows.add(
        InstructionRow.of(
            "add.ftz.f32",
            "f32",
            "f32 f32",
            b -> flush(canonical(number(flush((int) b[0])) + number(flush((int) b[1]))))));
    rows.add(
        InstructionRow.of(
            "mul.ftz.f32",
            "f32",
            "f32 f32",
            b -> flush(canonical(number(flush((int) b[0])) * number(flush((int) b[1]))))));
    rows.add(
        InstructionRow.of(
            "fma.rn.sat.f32",
            "f32",
            "f32 f32 f32",
            b -> {
              float x = Math.fma(number(b[0]), number(b[1]), number(b[2]));
              return canonical(x > 1 ? 1 : x > 0 ? x : 0f);
            }));
    rows.add(
        InstructionRow.of(
            "testp.finite.f32", "pred", "f32", b -> (b[0] & 0x7f800000) != 0x7f800000 ? 1 : 0));
    rows.add(
        InstructionRow.of(
            "min.NaN.f32",
            "f32",
            "f32 f32",
            b ->
                ExactFormat.FLOAT32.isNan(b[0]) || ExactFormat.FLOAT32.isNan(b[1])
                    ? 0x7fffffff
                    : choose(b[0], b[1], ExactFormat.FLOAT32, true)));
  }
}
