package dev.evenkeel.simulator;

import dev.evenkeel.simulator.Slots.Kind;
import java.util.List;

/** mov, cvt, cvta, and instructions with predicates. */
final class MoveForms {

  private final Operands o;

  MoveForms(Operands operands) {
    o = operands;
  }

  Instruction compile(Statement s) {
    return switch (s.words().get(0)) {
      case "mov" -> move(s);
      case "cvt" -> convert(s);
      case "cvta" -> convertAddress(s);
      case "setp" -> compare(s);
      case "set" -> set(s);
      case "selp" -> select(s);
      case "slct" -> selectBySign(s);
      case "testp" -> test(s);
      case "and", "or", "xor", "not" -> s.last().equals("pred") ? logic(s) : null;
      default -> null;
    };
  }

  private Instruction move(Statement s) {
    String type = s.last();
    if (type.equals("pred")) {
      return logic(s);
    }
    if (o.isVector(1)) {
      return pack(o.elements(1), type);
    }
    if (o.isVector(0)) {
      return unpack(o.elements(0), type);
    }
    return PtxType.bytes(type) == 8
        ? Lanes.longOfL(a -> a, o.int64(0, type), o.int64(1, type))
        : Lanes.intOfI(a -> a, o.int32(0, type), o.int32(1, type));
  }

  private Instruction pack(List<Operand> parts, String type) {
    int[] from = parts.stream().mapToInt(p -> o.place(p, Kind.INT, "b32")).toArray();
    if (type.equals("b32") && from.length == 2) {
      return Lanes.intOfII((a, b) -> a & 0xffff | b << 16, o.int32(0, type), from[0], from[1]);
    }
    if (type.equals("b64") && from.length == 2) {
      return Lanes.longOfII(
          (a, b) -> a & 0xffffffffL | (long) b << 32, o.int64(0, type), from[0], from[1]);
    }
    throw o.unknown();
  }

  private Instruction unpack(List<Operand> parts, String type) {
    int[] to = parts.stream().mapToInt(p -> o.place(p, Kind.INT, "b32")).toArray();
    if (type.equals("b32") && to.length == 2) {
      int a = o.int32(1, type);
      return new Both(
          Lanes.intOfI(x -> x & 0xffff, to[0] == a ? o.sink() : to[0], a),
          Lanes.intOfI(x -> x >>> 16, to[1], a));
    }
    if (type.equals("b64") && to.length == 2) {
      int a = o.int64(1, type);
      return new Both(
          Lanes.intOfL(x -> (int) x, to[0], a), Lanes.intOfL(x -> (int) (x >>> 32), to[1], a));
    }
    throw o.unknown();
  }

  /** Two instructions in one. */
  private static final class Both extends Instruction {

    private final Instruction first;
    private final Instruction second;

    Both(Instruction first, Instruction second) {
      this.first = first;
      this.second = second;
    }

    @Override
    void run(Warp warp, int mask) {
      first.run(warp, mask);
      second.run(warp, mask);
    }
  }

  private Instruction convert(Statement s) {
    List<String> words = s.words();
    String from = s.last();
    String to = words.get(words.size() - 2);
    if (!PtxType.isType(from) || !PtxType.isType(to)) {
      throw o.unknown();
    }
    if (to.endsWith("x2")) {
      return convertPair(s, to);
    }
    if (from.endsWith("x2")) {
      throw o.unknown();
    }
    Conversion.Step step = Conversion.of(s, to, from);
    // A result narrower than its register is widened as its type says.
    Conversion.Step extend = PtxType.isFloat(to) ? null : Conversion.extending(to);
    Conversion.Step whole = extend == null ? step : b -> extend.apply(step.apply(b));
    if (o.isWide(0) && !o.isWide(1) && PtxType.bytes(from) == 4 && !PtxType.isFloat(from)) {
      Instruction plain = widen(s, to, from);
      if (plain != null) {
        return plain;
      }
    }
    if (o.isWide(0)) {
      return o.isWide(1)
          ? Lanes.longOfL(whole::apply, o.int64(0, to), o.int64(1, from))
          : Lanes.longOfI(whole::apply, o.int64(0, to), o.int32(1, from));
    }
    return o.isWide(1)
        ? Lanes.intOfL(a -> (int) whole.apply(a), o.int32(0, to), o.int64(1, from))
        : Lanes.intOfI(a -> (int) whole.apply(a), o.int32(0, to), o.int32(1, from));
  }

  /** An index becomes an address, without a call in between; null for another conversion. */
  private Instruction widen(Statement s, String to, String from) {
    if (PtxType.isFloat(to) || PtxType.bytes(to) != 8 || s.has("sat")) {
      return null;
    }
    return PtxType.isSigned(from)
        ? Lanes.longOfI(a -> a, o.int64(0, to), o.int32(1, from))
        : Lanes.longOfI(a -> a & 0xffffffffL, o.int64(0, to), o.int32(1, from));
  }

  /** The first source goes to the upper half. */
  private Instruction convertPair(Statement s, String to) {
    Rounding mode = Rounding.of(s);
    boolean relu = s.has("relu");
    boolean brain = to.startsWith("b");
    return Lanes.intOfII(
        (a, b) -> half(a, brain, mode, relu) << 16 | half(b, brain, mode, relu),
        o.int32(0, to),
        o.int32(1, "f32"),
        o.int32(2, "f32"));
  }

  private static int half(int bits, boolean brain, Rounding mode, boolean relu) {
    float value = Float.intBitsToFloat(bits);
    float limited = relu && value <= 0 ? 0 : value;
    return brain ? HalfPrecision.toBfloat16(limited, mode) : HalfPrecision.toFloat16(limited, mode);
  }

  private Instruction convertAddress(Statement s) {
    boolean to = s.has("to");
    String name = s.words().get(to ? 2 : 1);
    long base =
        switch (name) {
          case "shared" -> Space.SHARED.base;
          case "local" -> Space.LOCAL.base;
          case "param" -> Space.PARAM.base;
          case "global", "const" -> 0;
          default -> throw o.unknown();
        };
    long move = to ? -base : base;
    return Lanes.longOfL(a -> a + move, o.int64(0, "u64"), o.int64(1, "u64"));
  }

  private static final List<String> COMBINATIONS = List.of("and", "or", "xor");

  private Instruction compare(Statement s) {
    String type = s.last();
    String comparison = s.words().get(1);
    PredicateInstructions.Combine combine = null;
    for (String word : s.words()) {
      if (COMBINATIONS.contains(word)) {
        combine = combine(word);
      }
    }
    boolean wide = PtxType.bytes(type) == 8;
    Lanes.BitOfII ints = wide ? null : Comparisons.ints(comparison, type, s.has("ftz"));
    Lanes.BitOfLL longs = wide ? Comparisons.longs(comparison, type) : null;
    if (ints == null && longs == null) {
      throw o.unknown();
    }
    return PredicateInstructions.compare(
        wide ? longs : ints,
        wide,
        o.place(1, type),
        o.place(2, type),
        o.predicates(0),
        combine == null ? null : o.predicate(3),
        combine);
  }

  private static PredicateInstructions.Combine combine(String word) {
    return switch (word) {
      case "and" -> (a, b) -> a & b;
      case "or" -> (a, b) -> a | b;
      default -> (a, b) -> a ^ b;
    };
  }

  private Instruction logic(Statement s) {
    Operands.Predicate a = o.predicate(1);
    int d = o.predicate(0).index();
    return switch (s.words().get(0)) {
      case "mov" -> new PredicateInstructions.Logic((x, y) -> x, d, a, a);
      case "not" -> new PredicateInstructions.Logic((x, y) -> ~x, d, a, a);
      default -> new PredicateInstructions.Logic(combine(s.words().get(0)), d, a, o.predicate(2));
    };
  }

  /** set.cmp.dtype.stype: all ones or 1.0 where it holds. */
  private Instruction set(Statement s) {
    String type = s.last();
    String to = s.words().get(s.words().size() - 2);
    Lanes.BitOfII ints = Comparisons.ints(s.words().get(1), type, s.has("ftz"));
    if (PtxType.bytes(type) == 8 || ints == null || o.count() != 3) {
      throw o.unknown();
    }
    int yes = to.equals("f32") ? Float.floatToRawIntBits(1) : -1;
    return Lanes.intOfII(
        (a, b) -> ints.apply(a, b) ? yes : 0, o.int32(0, to), o.int32(1, type), o.int32(2, type));
  }

  private Instruction select(Statement s) {
    String type = s.last();
    return new PredicateInstructions.Select(
        PtxType.bytes(type) == 8,
        o.place(0, type),
        o.place(1, type),
        o.place(2, type),
        o.predicate(3));
  }

  private Instruction selectBySign(Statement s) {
    String type = s.words().get(s.words().size() - 2);
    if (PtxType.bytes(type) != 4) {
      throw o.unknown();
    }
    boolean real = s.last().equals("f32");
    return Lanes.intOfIII(
        (a, b, c) -> (real ? Float.intBitsToFloat(c) >= 0 : c >= 0) ? a : b,
        o.int32(0, type),
        o.int32(1, type),
        o.int32(2, type),
        o.int32(3, s.last()));
  }

  private Instruction test(Statement s) {
    if (!s.last().equals("f32")) {
      throw o.unknown();
    }
    Lanes.BitOfII bit =
        switch (s.words().get(1)) {
          case "finite" -> (a, b) -> Float.isFinite(Float.intBitsToFloat(a));
          case "infinite" -> (a, b) -> Float.isInfinite(Float.intBitsToFloat(a));
          case "number" -> (a, b) -> !Float.isNaN(Float.intBitsToFloat(a));
          case "notanumber" -> (a, b) -> Float.isNaN(Float.intBitsToFloat(a));
          case "subnormal" -> (a, b) -> (a & 0x7f800000) == 0 && (a & 0x7fffff) != 0;
          case "normal" ->
              (a, b) ->
                  Float.isFinite(Float.intBitsToFloat(a))
                      && Math.abs(Float.intBitsToFloat(a)) >= Float.MIN_NORMAL;
          default -> throw o.unknown();
        };
    int a = o.int32(1, "f32");
    return PredicateInstructions.compare(bit, false, a, a, o.predicates(0), null, null);
  }
}
