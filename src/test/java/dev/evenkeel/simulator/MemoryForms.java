package dev.evenkeel.simulator;

import dev.evenkeel.simulator.Slots.Kind;
import java.util.List;

/** ld, st, atom, red. */
final class MemoryForms {

  private final Operands o;

  /** How many accesses there are so far. */
  int sites;

  /** Bytes of the narrowest element that shared or global memory is accessed by. */
  int granule = 4;

  MemoryForms(Operands operands) {
    o = operands;
  }

  Instruction compile(Statement s) {
    return switch (s.words().get(0)) {
      case "ld", "ldu" -> loadStore(s, MemoryAccess.Use.LOAD, 1, 0);
      case "st" -> loadStore(s, MemoryAccess.Use.STORE, 0, 1);
      case "atom" -> atomic(s, true);
      case "red" -> atomic(s, false);
      default -> null;
    };
  }

  private static Space space(Statement s) {
    for (Space space : Space.values()) {
      if (s.has(space.label())) {
        return space;
      }
    }
    return Space.GENERIC;
  }

  private void noteGranule(Space space, int bytes) {
    if (space == Space.GLOBAL || space == Space.SHARED || space == Space.GENERIC) {
      granule = Math.min(granule, bytes);
    }
  }

  private Instruction loadStore(Statement s, MemoryAccess.Use use, int address, int data) {
    String type = s.last();
    if (!PtxType.isType(type) || s.has("sc") || type.equals("pred")) {
      throw o.unknown();
    }
    List<Operand> elements = o.isVector(data) ? o.elements(data) : List.of(s.operands().get(data));
    int wanted = s.has("v2") ? 2 : s.has("v4") ? 4 : 1;
    if (elements.size() != wanted || wanted * PtxType.bytes(type) > 16) {
      throw o.error("a vector of %d elements of type %s".formatted(elements.size(), type));
    }
    boolean[] wide = new boolean[wanted];
    int[] slots = new int[wanted];
    for (int e = 0; e < wanted; e++) {
      Operand element = elements.get(e);
      wide[e] = element instanceof Operand.Literal ? PtxType.bytes(type) == 8 : o.isWide(element);
      if (PtxType.bytes(type) == 8) {
        wide[e] = true;
      }
      slots[e] = o.place(element, wide[e] ? Kind.LONG : Kind.INT, type);
    }
    Space space = space(s);
    noteGranule(space, PtxType.bytes(type));
    boolean atomic = s.has("relaxed") || s.has("acquire") || s.has("release");
    return new LoadStore(o.target(address, space, sites++), use, type, slots, wide, atomic);
  }

  private Instruction atomic(Statement s, boolean hasResult) {
    String type = s.last();
    int bytes = PtxType.bytes(type);
    if (bytes < 4) {
      throw o.unknown();
    }
    boolean wide = bytes == 8;
    Space space = space(s);
    String name = operation(s);
    int at = hasResult ? 1 : 0;
    Kind kind = wide ? Kind.LONG : Kind.INT;
    int d = hasResult ? o.place(s.operands().get(0), kind, type) : -1;
    int b = o.place(at + 1, type);
    int c = name.equals("cas") ? o.place(at + 2, type) : b;
    noteGranule(space, bytes);
    return new Atomic(
        o.target(at, space, sites++), bytes, update(name, type, space), wide, d, b, c);
  }

  private static final List<String> OPERATIONS =
      List.of("add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", "cas");

  private String operation(Statement s) {
    return s.words().stream()
        .skip(1)
        .filter(OPERATIONS::contains)
        .findFirst()
        .orElseThrow(() -> o.unknown());
  }

  private Atomic.Update update(String name, String type, Space space) {
    boolean signed = PtxType.isSigned(type);
    boolean wide = PtxType.bytes(type) == 8;
    if (PtxType.isFloat(type)) {
      if (!name.equals("add")) {
        throw o.unknown();
      }
      if (wide) {
        return (a, b, c) -> Rounding.bits(Double.longBitsToDouble(a) + Double.longBitsToDouble(b));
      }
      // The manual: on global memory subnormal numbers count as zero, on shared memory not.
      boolean flush = space != Space.SHARED;
      return (a, b, c) -> addFloats((int) a, (int) b, flush);
    }
    // Operands of 32 bits come sign-extended: that keeps the order of unsigned numbers too.
    return switch (name) {
      case "add" -> (a, b, c) -> a + b;
      case "and" -> (a, b, c) -> a & b;
      case "or" -> (a, b, c) -> a | b;
      case "xor" -> (a, b, c) -> a ^ b;
      case "exch" -> (a, b, c) -> b;
      case "cas" -> (a, b, c) -> a == b ? c : a;
      case "min" ->
          signed
              ? (a, b, c) -> Math.min(a, b)
              : (a, b, c) -> Long.compareUnsigned(a, b) < 0 ? a : b;
      case "max" ->
          signed
              ? (a, b, c) -> Math.max(a, b)
              : (a, b, c) -> Long.compareUnsigned(a, b) > 0 ? a : b;
      case "inc" -> (a, b, c) -> Long.compareUnsigned(a, b) >= 0 ? 0 : a + 1;
      default -> (a, b, c) -> a == 0 || Long.compareUnsigned(a, b) > 0 ? b : a - 1;
    };
  }

  private static int addFloats(int a, int b, boolean flush) {
    float x = Float.intBitsToFloat(a);
    float y = Float.intBitsToFloat(b);
    return flush
        ? Rounding.bits(Rounding.flush(Rounding.flush(x) + Rounding.flush(y)))
        : Rounding.bits(x + y);
  }
}
