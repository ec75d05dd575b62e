package dev.evenkeel.simulator;

import java.util.List;

/**
 * One instruction, and what it must give.
 *
 * @param opcode "fma.rn.f32"
 * @param result type of the result's register
 * @param sources types of the sources' registers
 * @param literals operands that follow the sources, as written
 * @param expected bits of the result from bits of the sources
 */
record InstructionRow(
    String opcode, String result, List<String> sources, List<String> literals, Expected expected) {

  interface Expected {
    long of(long[] bits);
  }

  static InstructionRow of(String opcode, String result, String sources, Expected expected) {
    return new InstructionRow(opcode, result, List.of(sources.split(" ")), List.of(), expected);
  }

  InstructionRow withLiterals(String... more) {
    return new InstructionRow(opcode, result, sources, List.of(more), expected);
  }

  /** A kernel that does it for one element of each source. */
  String ptx() {
    StringBuilder text =
        new StringBuilder(
            """
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry row(.param .u64 p0, .param .u64 p1, .param .u64 p2, .param .u64 p3,
              .param .u64 p4)
            {
              .reg .b32 %i, %n, %b;
              .reg .b64 %o, %a;
              .reg .pred %p;
              mov.u32 %i, %tid.x;
              mov.u32 %n, %ntid.x;
              mov.u32 %b, %ctaid.x;
              mad.lo.s32 %i, %b, %n, %i;
              mul.wide.u32 %o, %i, 8;
            """);
    for (int s = 0; s < sources.size(); s++) {
      String type = "b" + 8 * PtxType.bytes(sources.get(s));
      text.append(
          """
            .reg .%s %%x%d;
            ld.param.u64 %%a, [p%d];
            add.s64 %%a, %%a, %%o;
            ld.global.%s %%x%d, [%%a];
          """
              .formatted(type, s, s, type, s));
    }
    boolean predicate = result.equals("pred");
    String type = predicate ? "b32" : "b" + 8 * PtxType.bytes(result);
    text.append("  .reg .%s %%d;\n  %s %s".formatted(type, opcode, predicate ? "%p" : "%d"));
    for (int s = 0; s < sources.size(); s++) {
      text.append(", %x").append(s);
    }
    literals.forEach(l -> text.append(", ").append(l));
    text.append(predicate ? ";\n  selp.b32 %d, 1, 0, %p;\n" : ";\n");
    text.append(
        """
          ld.param.u64 %%a, [p4];
          add.s64 %%a, %%a, %%o;
          st.global.%s [%%a], %%d;
          ret;
        }
        """
            .formatted(type));
    return text.toString();
  }

  @Override
  public String toString() {
    return opcode + (literals.isEmpty() ? "" : " " + literals);
  }
}
