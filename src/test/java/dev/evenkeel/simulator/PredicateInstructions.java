package dev.evenkeel.simulator;

import dev.evenkeel.simulator.Operands.Predicate;

/** Instructions that make or use predicates. */
final class PredicateInstructions {

  private PredicateInstructions() {}

  /** Combines a comparison with another predicate. */
  interface Combine {
    int apply(int a, int b);
  }

  /** setp: compares, combines, and sets one predicate or two. */
  static final class Compare extends Instruction {

    private final Lanes.BitOfII ints;
    private final Lanes.BitOfLL longs;
    private final int a;
    private final int b;
    private final int[] results;
    private final Predicate other;
    private final Combine combine;

    /**
     * @param ints the comparison in 32 bits, or null
     * @param longs in 64 bits, or null
     * @param other to combine with, or null
     */
    Compare(
        Lanes.BitOfII ints,
        Lanes.BitOfLL longs,
        int a,
        int b,
        int[] results,
        Predicate other,
        Combine combine) {
      this.ints = ints;
      this.longs = longs;
      this.a = a;
      this.b = b;
      this.results = results;
      this.other = other;
      this.combine = combine;
    }

    @Override
    void run(Warp warp, int mask) {
      int holds = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        boolean bit =
            ints != null
                ? ints.apply(warp.ints[a + l], warp.ints[b + l])
                : longs.apply(warp.longs[a + l], warp.longs[b + l]);
        holds |= bit ? 1 << l : 0;
      }
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
