package dev.evenkeel.simulator;

/** atom and red. */
final class Atomic extends MemoryAccess {

  /** The new value from the old one and the operands. */
  interface Update {
    long apply(long old, long b, long c);
  }

  private final Update update;
  private final boolean wide;
  private final int d;
  private final int b;
  private final int c;

  /**
   * @param d where the old value goes, or -1
   * @param c the same as {@code b} where there is no third operand
   */
  Atomic(Target target, int bytes, Update update, boolean wide, int d, int b, int c) {
    super(target, Use.ATOMIC, bytes, 1);
    this.update = update;
    this.wide = wide;
    this.d = d;
    this.b = b;
    this.c = c;
  }

  @Override
  void run(Warp warp, int mask) {
    addresses(warp, mask);
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      Allocation a = resolve(warp, lane);
      int at = (int) (warp.addresses[lane] - a.address);
      watch(warp, lane, a, at);
      readable(warp, lane, a, at);
      synchronized (a.data) {
        apply(warp, lane, a.data, at);
      }
    }
    warp.yield = true;
  }

  private void apply(Warp warp, int lane, byte[] data, int at) {
    if (wide) {
      long old = (long) GlobalMemory.LONGS.getVolatile(data, at);
      long next = update.apply(old, warp.longs[b + lane], warp.longs[c + lane]);
      GlobalMemory.LONGS.setVolatile(data, at, next);
      if (d >= 0) {
        warp.longs[d + lane] = old;
      }
    } else {
      int old = (int) GlobalMemory.INTS.getVolatile(data, at);
      long next = update.apply(old, warp.ints[b + lane], warp.ints[c + lane]);
      GlobalMemory.INTS.setVolatile(data, at, (int) next);
      if (d >= 0) {
        warp.ints[d + lane] = old;
      }
    }
  }
}
