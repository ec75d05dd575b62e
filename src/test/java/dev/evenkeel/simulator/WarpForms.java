package dev.evenkeel.simulator;

import dev.evenkeel.simulator.Slots.Kind;

/** Barriers, fences, and exchanges within a warp. */
final class WarpForms {

  private final Operands o;

  WarpForms(Operands operands) {
    o = operands;
  }

  Instruction compile(Statement s) {
    return switch (s.words().get(0)) {
      case "bar", "barrier" -> barrier(s);
      case "shfl" -> shuffle(s);
      case "vote" -> vote(s);
      case "activemask" -> new WarpInstructions.ActiveMask(o.int32(0, "b32"));
      case "membar", "fence" -> new WarpInstructions.Fence();
      case "trap" -> new WarpInstructions.Trap();
      case "ret", "exit" -> new WarpInstructions.Exit();
      case "prefetch", "prefetchu", "discard", "nanosleep" -> new WarpInstructions.Nothing();
      default -> null;
    };
  }

  private Instruction barrier(Statement s) {
    if (s.has("warp")) {
      return new WarpInstructions.WarpBarrier(o.int32(0, "b32"));
    }
    if (s.has("sync") && !s.has("cluster")) {
      return new WarpInstructions.Barrier(
          o.int32(0, "u32"), o.count() > 1 ? o.int32(1, "u32") : -1);
    }
    if (s.has("red") && o.count() == 3) {
      return new WarpInstructions.ReducingBarrier(o.int32(1, "u32"), o.predicate(2));
    }
    throw o.unknown();
  }

  /** What follows a bar.red in the program. */
  Instruction reduced(Statement s) {
    if (s.has("popc")) {
      return new WarpInstructions.Reduced(WarpInstructions.Reduction.COUNT, o.int32(0, "u32"));
    }
    return new WarpInstructions.Reduced(
        s.has("and") ? WarpInstructions.Reduction.ALL : WarpInstructions.Reduction.ANY,
        o.predicate(0).index());
  }

  private Instruction shuffle(Statement s) {
    if (!s.has("sync") || o.count() != 5) {
      throw o.unknown();
    }
    Operand valid = o.second(0);
    return new WarpInstructions.Shuffle(
        source(s),
        o.place(o.first(0), Kind.INT, "b32"),
        valid == null ? -1 : o.predicate(valid).index(),
        o.int32(1, "b32"),
        o.int32(2, "b32"),
        o.int32(3, "b32"),
        o.int32(4, "b32"));
  }

  private WarpInstructions.Source source(Statement s) {
    for (WarpInstructions.Source one : WarpInstructions.Source.values()) {
      if (one.name().equalsIgnoreCase(s.words().get(2))) {
        return one;
      }
    }
    throw o.unknown();
  }

  private Instruction vote(Statement s) {
    if (!s.has("sync")) {
      throw o.unknown();
    }
    String mode = s.words().get(2);
    return new WarpInstructions.Vote(
        mode,
        mode.equals("ballot") ? o.int32(0, "b32") : o.predicate(0).index(),
        o.predicate(1),
        o.int32(2, "b32"));
  }
}
