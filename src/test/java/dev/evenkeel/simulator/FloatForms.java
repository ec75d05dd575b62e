package dev.evenkeel.simulator;

/** Instructions on f32 and f64. */
final class FloatForms {

  interface Float1 {
    float apply(float a);
  }

  interface Float2 {
    float apply(float a, float b);
  }

  interface Float3 {
    float apply(float a, float b, float c);
  }

  interface Double1 {
    double apply(double a);
  }

  interface Double2 {
    double apply(double a, double b);
  }

  private final Operands o;

  FloatForms(Operands operands) {
    o = operands;
  }

  /** The instruction of a statement whose type is f32 or f64, or null if it is none of these. */
  Instruction compile(Statement s) {
    return s.last().equals("f64") ? compile64(s) : compile32(s);
  }

  /** Errors of approximations are those that the PTX manual allows. */
  private Instruction compile32(Statement s) {
    Rounding mode = Rounding.of(s);
    if (mode == Rounding.NEAREST && !s.has("ftz") && !s.has("sat")) {
      Instruction plain = plain(s);
      if (plain != null) {
        return plain;
      }
    }
    return switch (s.words().get(0)) {
      case "add" -> binary(s, mode::add);
      case "sub" -> binary(s, (a, b) -> mode.add(a, -b));
      case "mul" -> binary(s, mode::multiply);
      // div.full and div.approx may err by two places; rounding to nearest is one way of doing so.
      case "div" -> binary(s, mode::divide);
      case "fma", "mad" -> ternary(s, mode::fma);
      case "min" -> binary(s, s.has("NaN") ? Math::min : FloatForms::min);
      case "max" -> binary(s, s.has("NaN") ? Math::max : FloatForms::max);
      case "neg" -> bits(s, a -> a ^ 0x80000000);
      case "abs" -> bits(s, a -> a & 0x7fffffff);
      case "copysign" ->
          Lanes.intOfII((a, b) -> a & 0x80000000 | b & 0x7fffffff, at(0), at(1), at(2));
      case "sqrt" ->
          s.has("approx") ? approximate(s, Math::sqrt, 0x1p-23, 0) : unary(s, mode::squareRoot);
      case "rcp" ->
          s.has("approx")
              ? approximate(s, x -> 1 / x, 0x1p-23, 0)
              : unary(s, a -> mode.divide(1, a));
      case "rsqrt" -> approximate(s, x -> 1 / Math.sqrt(x), 0x1.12p-23, 0);
      case "ex2" -> approximate(s, x -> Math.pow(2, x), 0x1p-22, 0);
      case "lg2" -> approximate(s, FloatForms::log2, 0x1p-22, 0x1p-22);
      case "sin" -> approximate(s, Math::sin, 0, 0x1.6ap-21);
      case "cos" -> approximate(s, Math::cos, 0, 0x1.6ap-21);
      case "tanh" -> approximate(s, Math::tanh, 0x1p-11, 0);
      default -> null;
    };
  }

  /** What most kernels mostly do, without a call in between. */
  private Instruction plain(Statement s) {
    return switch (s.words().get(0)) {
      case "add" -> Lanes.intOfII((a, b) -> Rounding.bits(real(a) + real(b)), at(0), at(1), at(2));
      case "sub" -> Lanes.intOfII((a, b) -> Rounding.bits(real(a) - real(b)), at(0), at(1), at(2));
      case "mul" -> Lanes.intOfII((a, b) -> Rounding.bits(real(a) * real(b)), at(0), at(1), at(2));
      case "fma" ->
          Lanes.intOfIII(
              (a, b, c) -> Rounding.bits(Math.fma(real(a), real(b), real(c))),
              at(0),
              at(1),
              at(2),
              at(3));
      default -> null;
    };
  }

  private static float real(int bits) {
    return Float.intBitsToFloat(bits);
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }

  private int at(int i) {
    return o.int32(i, "f32");
  }

  /** One NaN gives the other operand; -0 is less than +0. */
  static float min(float a, float b) {
    return a != a ? b : b != b ? a : Math.min(a, b);
  }

  static float max(float a, float b) {
    return a != a ? b : b != b ? a : Math.max(a, b);
  }

  static double min(double a, double b) {
    return a != a ? b : b != b ? a : Math.min(a, b);
  }

  static double max(double a, double b) {
    return a != a ? b : b != b ? a : Math.max(a, b);
  }

  private Instruction bits(Statement s, Lanes.IntOfI op) {
    return s.has("ftz")
        ? unary(s, a -> Float.intBitsToFloat(op.apply(Float.floatToRawIntBits(a))))
        : Lanes.intOfI(op, at(0), at(1));
  }

  private static float in(float a, boolean flush) {
    return flush ? Rounding.flush(a) : a;
  }

  private static int out(float a, boolean flush, boolean saturate) {
    float limited = saturate ? Rounding.saturate(a) : a;
    return Rounding.bits(flush ? Rounding.flush(limited) : limited);
  }

  private Instruction unary(Statement s, Float1 op) {
    boolean flush = s.has("ftz");
    return Lanes.intOfI(
        a -> out(op.apply(in(Float.intBitsToFloat(a), flush)), flush, false), at(0), at(1));
  }

  private Instruction binary(Statement s, Float2 op) {
    boolean flush = s.has("ftz");
    boolean saturate = s.has("sat");
    if (!flush && !saturate) {
      return Lanes.intOfII(
          (a, b) -> Rounding.bits(op.apply(Float.intBitsToFloat(a), Float.intBitsToFloat(b))),
          at(0),
          at(1),
          at(2));
    }
    return Lanes.intOfII(
        (a, b) ->
            out(
                op.apply(in(Float.intBitsToFloat(a), flush), in(Float.intBitsToFloat(b), flush)),
                flush,
                saturate),
        at(0),
        at(1),
        at(2));
  }

  private Instruction ternary(Statement s, Float3 op) {
    boolean flush = s.has("ftz");
    boolean saturate = s.has("sat");
    return Lanes.intOfIII(
        (a, b, c) ->
            out(
                op.apply(
                    in(Float.intBitsToFloat(a), flush),
                    in(Float.intBitsToFloat(b), flush),
                    in(Float.intBitsToFloat(c), flush)),
                flush,
                saturate),
        at(0),
        at(1),
        at(2),
        at(3));
  }

  private Instruction approximate(
      Statement s, Approximation.Function f, double relative, double absolute) {
    if (!s.has("approx")) {
      throw o.unknown();
    }
    return new Approximation(f, s.has("ftz"), relative, absolute, at(0), at(1));
  }

  private Instruction compile64(Statement s) {
    Rounding mode = Rounding.of(s);
    return switch (s.words().get(0)) {
      case "add" -> binary64(mode::add);
      case "sub" -> binary64((a, b) -> mode.add(a, -b));
      case "mul" -> binary64(mode::multiply);
      case "div" -> {
        requireNearest(mode);
        yield binary64((a, b) -> a / b);
      }
      case "fma", "mad" ->
          Lanes.longOfLLL(
              (a, b, c) ->
                  Rounding.bits(
                      mode.fma(
                          Double.longBitsToDouble(a),
                          Double.longBitsToDouble(b),
                          Double.longBitsToDouble(c))),
              wide(0),
              wide(1),
              wide(2),
              wide(3));
      case "min" -> binary64(FloatForms::min);
      case "max" -> binary64(FloatForms::max);
      case "neg" -> Lanes.longOfL(a -> a ^ Long.MIN_VALUE, wide(0), wide(1));
      case "abs" -> Lanes.longOfL(a -> a & Long.MAX_VALUE, wide(0), wide(1));
      case "copysign" ->
          Lanes.longOfLL(
              (a, b) -> a & Long.MIN_VALUE | b & Long.MAX_VALUE, wide(0), wide(1), wide(2));
      case "sqrt" -> {
        requireNearest(mode);
        yield unary64(Math::sqrt);
      }
      case "rcp" -> {
        requireNearest(mode);
        yield s.has("approx") ? unary64(FloatForms::roughReciprocal) : unary64(a -> 1 / a);
      }
      case "rsqrt" -> unary64(a -> 1 / Math.sqrt(a));
      default -> null;
    };
  }

  /** rcp.approx.ftz.f64 works on the high word alone; what follows it in a kernel refines it. */
  private static double roughReciprocal(double a) {
    double high = Double.longBitsToDouble(Double.doubleToRawLongBits(a) & 0xffffffff00000000L);
    return Double.longBitsToDouble(Double.doubleToRawLongBits(1 / high) & 0xffffffff00000000L);
  }

  private void requireNearest(Rounding mode) {
    if (mode != Rounding.NEAREST) {
      throw o.unknown();
    }
  }

  private int wide(int i) {
    return o.int64(i, "f64");
  }

  private Instruction unary64(Double1 op) {
    return Lanes.longOfL(
        a -> Rounding.bits(op.apply(Double.longBitsToDouble(a))), wide(0), wide(1));
  }

  private Instruction binary64(Double2 op) {
    return Lanes.longOfLL(
        (a, b) -> Rounding.bits(op.apply(Double.longBitsToDouble(a), Double.longBitsToDouble(b))),
        wide(0),
        wide(1),
        wide(2));
  }
}
