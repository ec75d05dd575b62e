package dev.evenkeel.simulator;

/** One instruction, ready to be executed by a warp. */
abstract class Instruction {

  /** What was written. */
  Statement statement;

  /** "fma.rn.f32". */
  String mnemonic;

  /** Index of the predicate that guards it, or -1. */
  int guard = -1;

  boolean guardNegated;

  /**
   * @param mask the lanes that execute it: at least one
   */
  abstract void run(Warp warp, int mask);
}
