package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a kernel's registers and constants lie: every source of an instruction is a place in the
 * warp's arrays, also a literal or a special register.
 */
final class Slots {

  enum Kind {
    PREDICATE,
    INT,
    LONG
  }

  private record Slot(Kind kind, int index) {}

  private final Map<String, Slot> registers = new HashMap<>();
  private final Map<Integer, Integer> intConstants = new LinkedHashMap<>();
  private final Map<Long, Integer> longConstants = new LinkedHashMap<>();
  private final Map<String, Integer> specialSlots = new HashMap<>();

  /** Slots of 64 bits that hold addresses of the module's variables. */
  final Map<Integer, String> addresses = new LinkedHashMap<>();

  final List<Program.Special> specials = new ArrayList<>();
  private int ints;
  private int longs;
  private int predicates;
  private int truth = -1;

  Slots(Map<String, String> registerTypes) {
    registerTypes.forEach(
        (name, type) -> {
          Kind kind =
              type.equals("pred")
                  ? Kind.PREDICATE
                  : PtxType.bytes(type) == 8 ? Kind.LONG : Kind.INT;
          registers.put(name, new Slot(kind, next(kind)));
        });
  }

  private int next(Kind kind) {
    return switch (kind) {
      case PREDICATE -> predicates++;
      case INT -> Warp.LANES * ints++;
      case LONG -> Warp.LANES * longs++;
    };
  }

  boolean isRegister(String name) {
    return registers.containsKey(name);
  }

  Kind kind(String name) {
    return registers.get(name).kind;
  }

  int index(String name) {
    return registers.get(name).index;
  }

  int constant(int value) {
    return intConstants.computeIfAbsent(value, v -> next(Kind.INT));
  }

  int constant(long value) {
    return longConstants.computeIfAbsent(value, v -> next(Kind.LONG));
  }

  /** A predicate that holds in all lanes. */
  int truth() {
    if (truth < 0) {
      truth = next(Kind.PREDICATE);
    }
    return truth;
  }

  /** A register that nothing reads. */
  int sink(Kind kind) {
    return next(kind);
  }

  int address(String variable) {
    return addresses.entrySet().stream()
        .filter(e -> e.getValue().equals(variable))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseGet(
            () -> {
              int slot = next(Kind.LONG);
              addresses.put(slot, variable);
              return slot;
            });
  }

  /** The slot of "%tid.x" and its like, or -1 where it is not known. */
  int special(String name) {
    Integer known = specialSlots.get(name);
    if (known != null) {
      return known;
    }
    SpecialRegister register = SpecialRegister.named(name);
    if (register == null) {
      return -1;
    }
    int slot = next(Kind.INT);
    specialSlots.put(name, slot);
    specials.add(
        warp -> {
          for (int l = 0; l < Warp.LANES; l++) {
            warp.ints[slot + l] = register.value(warp, l);
          }
        });
    return slot;
  }

  int[] initialInts() {
    int[] all = new int[Warp.LANES * ints];
    intConstants.forEach((value, slot) -> Arrays.fill(all, slot, slot + Warp.LANES, value));
    return all;
  }

  long[] initialLongs() {
    long[] all = new long[Warp.LANES * longs];
    longConstants.forEach((value, slot) -> Arrays.fill(all, slot, slot + Warp.LANES, value));
    return all;
  }

  int[] initialPredicates() {
    int[] all = new int[predicates];
    if (truth >= 0) {
      all[truth] = -1;
    }
    return all;
  }
}
