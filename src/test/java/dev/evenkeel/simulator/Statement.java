package dev.evenkeel.simulator;

import java.util.List;

/**
 * One instruction as written.
 *
 * @param line of the PTX file
 * @param source "gemm.cu:12" of the .loc before it, or empty
 * @param guard predicate register, or null
 * @param words of the opcode: "ld", "global", "f32"
 */
record Statement(
    int line,
    String source,
    String guard,
    boolean guardNegated,
    List<String> words,
    List<Operand> operands) {

  String opcode() {
    return String.join(".", words);
  }

  boolean has(String modifier) {
    return words.contains(modifier);
  }

  String last() {
    return words.get(words.size() - 1);
  }
}
