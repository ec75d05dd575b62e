package dev.evenkeel.simulator;

import dev.evenkeel.simulator.Slots.Kind;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the places of one statement's operands, and says where they don't fit. */
final class Operands {

  private final String file;
  private final Slots slots;
  private final Map<String, Long> offsets;
  private final Map<String, PtxVariable> globals;
  private final Set<String> own;
  Statement statement;

  /**
   * @param offsets of shared, local and param variables in their spaces
   * @param globals variables of the module
   * @param own variables of the kernel
   */
  Operands(
      String file,
      Slots slots,
      Map<String, Long> offsets,
      Map<String, PtxVariable> globals,
      Set<String> own) {
    this.own = own;
    this.file = file;
    this.slots = slots;
    this.offsets = offsets;
    this.globals = globals;
  }

  PtxException error(String what) {
    return new PtxException(file, statement.line(), "%s: %s".formatted(statement.opcode(), what));
  }

  PtxException unknown() {
    return error("the simulated GPU does not know this instruction");
  }

  int count() {
    return statement.operands().size();
  }

  private Operand operand(int i) {
    if (i >= count()) {
      throw error("operand %d is missing".formatted(i + 1));
    }
    return statement.operands().get(i);
  }

  boolean isVector(int i) {
    return operand(i) instanceof Operand.Vector;
  }

  List<Operand> elements(int i) {
    return ((Operand.Vector) operand(i)).elements();
  }

  /** A 32-bit source or result. */
  int int32(int i, String type) {
    return place(operand(i), Kind.INT, type);
  }

  int int64(int i, String type) {
    return place(operand(i), Kind.LONG, type);
  }

  /** Where a 64-bit type asks for it the 64-bit place, else the 32-bit one. */
  int place(int i, String type) {
    return place(operand(i), PtxType.bytes(type) == 8 ? Kind.LONG : Kind.INT, type);
  }

  int place(Operand operand, Kind kind, String type) {
    if (operand instanceof Operand.Literal literal) {
      long bits = bits(type, literal);
      return kind == Kind.INT ? slots.constant((int) bits) : slots.constant(bits);
    }
    if (operand instanceof Operand.Address a && a.base() != null && a.base().startsWith("&")) {
      return addressOf(a.base().substring(1), a.offset(), kind);
    }
    if (!(operand instanceof Operand.Name name) || name.negated()) {
      throw error("operand %s where a register or a literal is expected".formatted(operand));
    }
    if (name.name().equals("_")) {
      return slots.sink(kind);
    }
    if (slots.isRegister(name.name())) {
      if (slots.kind(name.name()) != kind) {
        throw error(
            "register %s is no %s one"
                .formatted(name.name(), kind == Kind.INT ? "32-bit" : "64-bit"));
      }
      return slots.index(name.name());
    }
    if (kind == Kind.INT && name.name().equals("WARP_SZ")) {
      return slots.constant(Warp.LANES);
    }
    int special = kind == Kind.INT ? slots.special(name.name()) : -1;
    if (special >= 0) {
      return special;
    }
    return addressOf(name.name(), 0, kind);
  }

  private long bits(String type, Operand.Literal literal) {
    try {
      return PtxType.bits(type, literal.text());
    } catch (NumberFormatException e) {
      throw error("'%s' is no literal of type %s".formatted(literal.text(), type));
    }
  }

  private int addressOf(String name, long more, Kind kind) {
    Long offset = offsets.get(name);
    if (offset != null) {
      long address = offset + more;
      return kind == Kind.INT ? slots.constant((int) address) : slots.constant(address);
    }
    if (globals.containsKey(name) && kind == Kind.LONG && more == 0) {
      return slots.address(name);
    }
    throw error("unknown operand '%s'".formatted(name));
  }

  /** Whether the register of an operand has 64 bits. */
  boolean isWide(Operand operand) {
    return operand instanceof Operand.Name name
        && slots.isRegister(name.name())
        && slots.kind(name.name()) == Kind.LONG;
  }

  boolean isWide(int i) {
    return isWide(operand(i));
  }

  /** A predicate as a source. */
  record Predicate(int index, boolean negated) {

    int of(Warp warp) {
      int mask = warp.predicates[index];
      return negated ? ~mask : mask;
    }
  }

  Predicate predicate(int i) {
    return predicate(operand(i));
  }

  Predicate predicate(Operand operand) {
    if (operand instanceof Operand.Literal literal) {
      return new Predicate(slots.truth(), literal.text().equals("0"));
    }
    if (operand instanceof Operand.Name name
        && slots.isRegister(name.name())
        && slots.kind(name.name()) == Kind.PREDICATE) {
      return new Predicate(slots.index(name.name()), name.negated());
    }
    if (operand instanceof Operand.Name name && name.name().equals("_")) {
      return new Predicate(slots.sink(Kind.PREDICATE), false);
    }
    throw error("%s where a predicate is expected".formatted(operand));
  }

  /** The two predicates that p|q names; -1 for one that is not there. */
  int[] predicates(int i) {
    if (operand(i) instanceof Operand.Pair pair) {
      return new int[] {predicate(pair.first()).index, predicate(pair.second()).index};
    }
    return new int[] {predicate(i).index, -1};
  }

  /** The first of d|p. */
  Operand first(int i) {
    return operand(i) instanceof Operand.Pair pair ? pair.first() : operand(i);
  }

  Operand second(int i) {
    return operand(i) instanceof Operand.Pair pair ? pair.second() : null;
  }

  /** A literal's value. */
  long literal(int i) {
    if (operand(i) instanceof Operand.Literal literal) {
      return bits("b64", literal);
    }
    throw error("operand %d must be a literal".formatted(i + 1));
  }

  String label(int i) {
    if (operand(i) instanceof Operand.Name name) {
      return name.name();
    }
    throw error("operand %d must be a label".formatted(i + 1));
  }

  /** What [base + offset] means in that space. */
  MemoryAccess.Target target(int i, Space space, int site) {
    if (!(operand(i) instanceof Operand.Address address)) {
      throw error("operand %d must be an address".formatted(i + 1));
    }
    String base = address.base();
    if (base == null) {
      return new MemoryAccess.Target(space, null, 0, address.offset(), site);
    }
    if (slots.isRegister(base)) {
      return new MemoryAccess.Target(
          space, slots.kind(base), slots.index(base), address.offset(), site);
    }
    Long offset = offsets.get(base);
    if (offset != null) {
      Space in = space == Space.PARAM && own.contains(base) ? Space.LOCAL : space;
      return new MemoryAccess.Target(in, null, 0, offset + address.offset(), site);
    }
    if (globals.containsKey(base)) {
      return new MemoryAccess.Target(space, Kind.LONG, slots.address(base), address.offset(), site);
    }
    throw error("unknown variable or register '%s'".formatted(base));
  }

  int sink() {
    return slots.sink(Kind.INT);
  }
}
