package dev.evenkeel.simulator;

import java.util.List;

/** What an instruction works on, as written. */
sealed interface Operand {

  /** A register, a special register, a label, a variable or "_". */
  record Name(String name, boolean negated) implements Operand {}

  /** A literal, read according to the type of its instruction. */
  record Literal(String text) implements Operand {}

  /**
   * [base + offset].
   *
   * @param base a register or variable, or null
   */
  record Address(String base, long offset) implements Operand {}

  /** {a, b}, or (a, b) of a call. */
  record Vector(List<Operand> elements) implements Operand {}

  /** a|b. */
  record Pair(Operand first, Operand second) implements Operand {}
}
