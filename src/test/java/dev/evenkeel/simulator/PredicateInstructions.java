package dev.evenkeel.simulator;

import dev.evenkeel.simulator.Operands.Predicate;

/** Instructions that make or use predicates. */
final class PredicateInstructions {

  private PredicateInstructions() {}

  /** Combines a comparison with another predicate. */
  interface Combine {
    int apply(int a, int b);
  }

  /**
   * setp.
   *
   * @param comparison a {@link Lanes.BitOfLL} where it is of 64 bits, else a {@link Lanes.BitOfII}
   * @param other to combine with, or null
   */
  static Instruction compare(
      Object comparison,
      boolean wide,
      int a,
      int b,
      int[] results,
      Predicate other,
      Combine combine) {
    return OwnLoop.of(
        wide ? CompareLongs.class : CompareInts.class, comparison, a, b, results, other, combine);
  }

  /** setp: compares, combines, and sets one predicate or two. */
  private abstract static class Compare extends Instruction {

    final int a;
    final int b;
    private final int[] results;
    private final Predicate other;
    private final Combine combine;

    Compare(int a, int b, int[] results, Predicate other, Combine combine) {
      this.a = a;
      this.b = b;
      this.results = results;
      this.other = other;
      this.combine = combine;
    }

    /** The lanes in which the comparison holds. */
    abstract int holds(Warp warp, int mask);

    @Override
    final void run(Warp warp, int mask) {
      int holds = holds(warp, mask);
      int fails = ~holds;
      if (other != null) {
        int with = other.of(warp);
        holds = combine.apply(holds, with);
        fails = combine.apply(fails, with);
      }
      set(warp, results[0], mask, holds);
      if (results[1] >= 0) {
        set(warp, results[1], mask, fails);
      }
    }
  }

  private static final class CompareInts extends Compare {
    private final Lanes.BitOfII op;

    CompareInts(Lanes.BitOfII op, int a, int b, int[] results, Predicate other, Combine combine) {
      super(a, b, results, other, combine);
      this.op = op;
    }

    @Override
    int holds(Warp warp, int mask) {
      int[] ints = warp.ints;
      int holds = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        holds |= op.apply(ints[a + l], ints[b + l]) ? 1 << l : 0;
      }
      return holds;
    }
  }

  private static final class CompareLongs extends Compare {
    private final Lanes.BitOfLL op;

    CompareLongs(Lanes.BitOfLL op, int a, int b, int[] results, Predicate other, Combine combine) {
      super(a, b, results, other, combine);
      this.op = op;
    }

    @Override
    int holds(Warp warp, int mask) {
      long[] longs = warp.longs;
      int holds = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        holds |= op.apply(longs[a + l], longs[b + l]) ? 1 << l : 0;
      }
      return holds;
    }
  }

  static void set(Warp warp, int predicate, int mask, int holds) {
    warp.predicates[predicate] = warp.predicates[predicate] & ~mask | holds & mask;
  }

  /** and.pred, or.pred, xor.pred, not.pred, mov.pred. */
  static final class Logic extends Instruction {

    private final Combine combine;
    private final int d;
    private final Predicate a;
    private final Predicate b;

    Logic(Combine combine, int d, Predicate a, Predicate b) {
      this.combine = combine;
      this.d = d;
      this.a = a;
      this.b = b;
    }

    @Override
    void run(Warp warp, int mask) {
      set(warp, d, mask, combine.apply(a.of(warp), b.of(warp)));
    }
  }

  /** selp. */
  static final class Select extends Instruction {

    private final boolean wide;
    private final int d;
    private final int a;
    private final int b;
    private final Predicate p;

    Select(boolean wide, int d, int a, int b, Predicate p) {
      this.wide = wide;
      this.d = d;
      this.a = a;
      this.b = b;
      this.p = p;
    }

    @Override
    void run(Warp warp, int mask) {
      int chosen = p.of(warp);
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        int from = (chosen >>> l & 1) != 0 ? a + l : b + l;
        if (wide) {
          warp.longs[d + l] = warp.longs[from];
        } else {
          warp.ints[d + l] = warp.ints[from];
        }
      }
    }
  }
}
