package dev.evenkeel.simulator;

/**
 * Instructions that compute in registers, lane by lane. A class is named by its result and its
 * sources, I for 32 bits and L for 64: {@code LongOfInts2} is a 64-bit result of two 32-bit
 * sources. Numbers such as {@code a} are where a register's 32 lanes begin.
 *
 * <p>Each operation gets a loop of its own: {@link OwnLoop} says why.
 */
final class Lanes {

  private Lanes() {}

  /** I to I. */
  interface IntOfI {
    int apply(int a);
  }

  /** II to I. */
  interface IntOfII {
    int apply(int a, int b);
  }

  /** III to I. */
  interface IntOfIII {
    int apply(int a, int b, int c);
  }

  /** IIII to I. */
  interface IntOfIIII {
    int apply(int a, int b, int c, int d);
  }

  /** L to I. */
  interface IntOfL {
    int apply(long a);
  }

  /** I to L. */
  interface LongOfI {
    long apply(int a);
  }

  /** L to L. */
  interface LongOfL {
    long apply(long a);
  }

  /** II to L. */
  interface LongOfII {
    long apply(int a, int b);
  }

  /** LL to L. */
  interface LongOfLL {
    long apply(long a, long b);
  }

  /** LI to L. */
  interface LongOfLI {
    long apply(long a, int b);
  }

  /** IIL to L. */
  interface LongOfIIL {
    long apply(int a, int b, long c);
  }

  /** LLL to L. */
  interface LongOfLLL {
    long apply(long a, long b, long c);
  }

  /** LII to L. */
  interface LongOfLII {
    long apply(long a, int b, int c);
  }

  /** LLII to L. */
  interface LongOfLLII {
    long apply(long a, long b, int c, int d);
  }

  /** I to a predicate. */
  interface BitOfI {
    boolean apply(int a);
  }

  /** L to a predicate. */
  interface BitOfL {
    boolean apply(long a);
  }

  /** II to a predicate. */
  interface BitOfII {
    boolean apply(int a, int b);
  }

  /** LL to a predicate. */
  interface BitOfLL {
    boolean apply(long a, long b);
  }

  static Instruction intOfI(IntOfI op, int to, int a) {
    return OwnLoop.of(RunIntOfI.class, op, to, a);
  }

  /** Applies a IntOfI. */
  private static final class RunIntOfI extends Instruction {
    private final IntOfI op;
    private final int to, a;

    RunIntOfI(IntOfI op, int to, int a) {
      this.op = op;
      this.to = to;
      this.a = a;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          ints[to + l] = op.apply(ints[a + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        ints[to + l] = op.apply(ints[a + l]);
      }
    }
  }

  static Instruction intOfII(IntOfII op, int to, int a, int b) {
    return OwnLoop.of(RunIntOfII.class, op, to, a, b);
  }

  /** Applies a IntOfII. */
  private static final class RunIntOfII extends Instruction {
    private final IntOfII op;
    private final int to, a, b;

    RunIntOfII(IntOfII op, int to, int a, int b) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          ints[to + l] = op.apply(ints[a + l], ints[b + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        ints[to + l] = op.apply(ints[a + l], ints[b + l]);
      }
    }
  }

  static Instruction intOfIII(IntOfIII op, int to, int a, int b, int c) {
    return OwnLoop.of(RunIntOfIII.class, op, to, a, b, c);
  }

  /** Applies a IntOfIII. */
  private static final class RunIntOfIII extends Instruction {
    private final IntOfIII op;
    private final int to, a, b, c;

    RunIntOfIII(IntOfIII op, int to, int a, int b, int c) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          ints[to + l] = op.apply(ints[a + l], ints[b + l], ints[c + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        ints[to + l] = op.apply(ints[a + l], ints[b + l], ints[c + l]);
      }
    }
  }

  static Instruction intOfIIII(IntOfIIII op, int to, int a, int b, int c, int d) {
    return OwnLoop.of(RunIntOfIIII.class, op, to, a, b, c, d);
  }

  /** Applies a IntOfIIII. */
  private static final class RunIntOfIIII extends Instruction {
    private final IntOfIIII op;
    private final int to, a, b, c, d;

    RunIntOfIIII(IntOfIIII op, int to, int a, int b, int c, int d) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
      this.c = c;
      this.d = d;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          ints[to + l] = op.apply(ints[a + l], ints[b + l], ints[c + l], ints[d + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        ints[to + l] = op.apply(ints[a + l], ints[b + l], ints[c + l], ints[d + l]);
      }
    }
  }

  static Instruction intOfL(IntOfL op, int to, int a) {
    return OwnLoop.of(RunIntOfL.class, op, to, a);
  }

  /** Applies a IntOfL. */
  private static final class RunIntOfL extends Instruction {
    private final IntOfL op;
    private final int to, a;

    RunIntOfL(IntOfL op, int to, int a) {
      this.op = op;
      this.to = to;
      this.a = a;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          ints[to + l] = op.apply(longs[a + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        ints[to + l] = op.apply(longs[a + l]);
      }
    }
  }

  static Instruction longOfI(LongOfI op, int to, int a) {
    return OwnLoop.of(RunLongOfI.class, op, to, a);
  }

  /** Applies a LongOfI. */
  private static final class RunLongOfI extends Instruction {
    private final LongOfI op;
    private final int to, a;

    RunLongOfI(LongOfI op, int to, int a) {
      this.op = op;
      this.to = to;
      this.a = a;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(ints[a + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(ints[a + l]);
      }
    }
  }

  static Instruction longOfL(LongOfL op, int to, int a) {
    return OwnLoop.of(RunLongOfL.class, op, to, a);
  }

  /** Applies a LongOfL. */
  private static final class RunLongOfL extends Instruction {
    private final LongOfL op;
    private final int to, a;

    RunLongOfL(LongOfL op, int to, int a) {
      this.op = op;
      this.to = to;
      this.a = a;
    }

    @Override
    void run(Warp warp, int mask) {
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(longs[a + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(longs[a + l]);
      }
    }
  }

  static Instruction longOfII(LongOfII op, int to, int a, int b) {
    return OwnLoop.of(RunLongOfII.class, op, to, a, b);
  }

  /** Applies a LongOfII. */
  private static final class RunLongOfII extends Instruction {
    private final LongOfII op;
    private final int to, a, b;

    RunLongOfII(LongOfII op, int to, int a, int b) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(ints[a + l], ints[b + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(ints[a + l], ints[b + l]);
      }
    }
  }

  static Instruction longOfLL(LongOfLL op, int to, int a, int b) {
    return OwnLoop.of(RunLongOfLL.class, op, to, a, b);
  }

  /** Applies a LongOfLL. */
  private static final class RunLongOfLL extends Instruction {
    private final LongOfLL op;
    private final int to, a, b;

    RunLongOfLL(LongOfLL op, int to, int a, int b) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
    }

    @Override
    void run(Warp warp, int mask) {
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(longs[a + l], longs[b + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(longs[a + l], longs[b + l]);
      }
    }
  }

  static Instruction longOfLI(LongOfLI op, int to, int a, int b) {
    return OwnLoop.of(RunLongOfLI.class, op, to, a, b);
  }

  /** Applies a LongOfLI. */
  private static final class RunLongOfLI extends Instruction {
    private final LongOfLI op;
    private final int to, a, b;

    RunLongOfLI(LongOfLI op, int to, int a, int b) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(longs[a + l], ints[b + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(longs[a + l], ints[b + l]);
      }
    }
  }

  static Instruction longOfIIL(LongOfIIL op, int to, int a, int b, int c) {
    return OwnLoop.of(RunLongOfIIL.class, op, to, a, b, c);
  }

  /** Applies a LongOfIIL. */
  private static final class RunLongOfIIL extends Instruction {
    private final LongOfIIL op;
    private final int to, a, b, c;

    RunLongOfIIL(LongOfIIL op, int to, int a, int b, int c) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(ints[a + l], ints[b + l], longs[c + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(ints[a + l], ints[b + l], longs[c + l]);
      }
    }
  }

  static Instruction longOfLLL(LongOfLLL op, int to, int a, int b, int c) {
    return OwnLoop.of(RunLongOfLLL.class, op, to, a, b, c);
  }

  /** Applies a LongOfLLL. */
  private static final class RunLongOfLLL extends Instruction {
    private final LongOfLLL op;
    private final int to, a, b, c;

    RunLongOfLLL(LongOfLLL op, int to, int a, int b, int c) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    void run(Warp warp, int mask) {
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(longs[a + l], longs[b + l], longs[c + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(longs[a + l], longs[b + l], longs[c + l]);
      }
    }
  }

  static Instruction longOfLII(LongOfLII op, int to, int a, int b, int c) {
    return OwnLoop.of(RunLongOfLII.class, op, to, a, b, c);
  }

  /** Applies a LongOfLII. */
  private static final class RunLongOfLII extends Instruction {
    private final LongOfLII op;
    private final int to, a, b, c;

    RunLongOfLII(LongOfLII op, int to, int a, int b, int c) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(longs[a + l], ints[b + l], ints[c + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(longs[a + l], ints[b + l], ints[c + l]);
      }
    }
  }

  static Instruction longOfLLII(LongOfLLII op, int to, int a, int b, int c, int d) {
    return OwnLoop.of(RunLongOfLLII.class, op, to, a, b, c, d);
  }

  /** Applies a LongOfLLII. */
  private static final class RunLongOfLLII extends Instruction {
    private final LongOfLLII op;
    private final int to, a, b, c, d;

    RunLongOfLLII(LongOfLLII op, int to, int a, int b, int c, int d) {
      this.op = op;
      this.to = to;
      this.a = a;
      this.b = b;
      this.c = c;
      this.d = d;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] ints = warp.ints;
      long[] longs = warp.longs;
      if (mask == -1) {
        for (int l = 0; l < Warp.LANES; l++) {
          longs[to + l] = op.apply(longs[a + l], longs[b + l], ints[c + l], ints[d + l]);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        longs[to + l] = op.apply(longs[a + l], longs[b + l], ints[c + l], ints[d + l]);
      }
    }
  }
}
