package dev.evenkeel.simulator;

/** ld and st, of one element or a vector. */
final class LoadStore extends MemoryAccess {

  private final boolean signed;
  private final boolean[] wide;
  private final int[] slots;
  private final boolean atomic;

  /** Whether elements and registers are all of 32 bits, as most are. */
  private final boolean words;

  /**
   * @param slots where the registers of the elements begin
   * @param wide whether they are of 64 bits
   * @param atomic whether it is marked as one that may meet others
   */
  LoadStore(Target target, Use use, String type, int[] slots, boolean[] wide, boolean atomic) {
    super(target, use, PtxType.bytes(type), slots.length);
    signed = PtxType.isSigned(type);
    this.slots = slots;
    this.wide = wide;
    this.atomic = atomic;
    boolean anyWide = false;
    for (boolean one : wide) {
      anyWide |= one;
    }
    words = elementBytes == 4 && !anyWide;
  }

  @Override
  void run(Warp warp, int mask) {
    addresses(warp, mask);
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      Allocation a = resolve(warp, lane);
      int at = (int) (warp.addresses[lane] - a.address);
      watch(warp, lane, a, at);
      if (use == Use.LOAD) {
        readable(warp, lane, a, at);
      } else {
        writable(warp, lane, a, at);
      }
      if (words) {
        moveWords(warp.ints, lane, a.data, at);
        continue;
      }
      for (int e = 0; e < slots.length; e++) {
        int slot = slots[e] + lane;
        if (use == Use.STORE) {
          store(a.data, at, wide[e] ? warp.longs[slot] : warp.ints[slot]);
        } else if (wide[e]) {
          warp.longs[slot] = load(a.data, at);
        } else {
          warp.ints[slot] = (int) load(a.data, at);
        }
        at += elementBytes;
      }
    }
  }

  private void moveWords(int[] ints, int lane, byte[] data, int at) {
    for (int e = 0; e < slots.length; e++) {
      if (use == Use.STORE) {
        GlobalMemory.INTS.set(data, at + 4 * e, ints[slots[e] + lane]);
      } else {
        ints[slots[e] + lane] = (int) GlobalMemory.INTS.get(data, at + 4 * e);
      }
    }
  }

  @Override
  boolean isAtomic() {
    return atomic;
  }

  @Override
  boolean storesTheSame(Warp warp, int lane, Allocation a, int at) {
    if (use == Use.LOAD || !a.isWritten(at, bytes)) {
      return false;
    }
    long mask = elementBytes == 8 ? -1 : (1L << 8 * elementBytes) - 1;
    for (int e = 0; e < slots.length; e++) {
      long value = wide[e] ? warp.longs[slots[e] + lane] : warp.ints[slots[e] + lane];
      if (((load(a.data, at + e * elementBytes) ^ value) & mask) != 0) {
        return false;
      }
    }
    return true;
  }

  private long load(byte[] data, int at) {
    switch (elementBytes) {
      case 1:
        return signed ? data[at] : data[at] & 0xff;
      case 2:
        short s = (short) GlobalMemory.SHORTS.get(data, at);
        return signed ? s : s & 0xffff;
      case 4:
        int i = (int) GlobalMemory.INTS.get(data, at);
        return signed ? i : i & 0xffffffffL;
      default:
        return (long) GlobalMemory.LONGS.get(data, at);
    }
  }

  private void store(byte[] data, int at, long value) {
    switch (elementBytes) {
      case 1 -> data[at] = (byte) value;
      case 2 -> GlobalMemory.SHORTS.set(data, at, (short) value);
      case 4 -> GlobalMemory.INTS.set(data, at, (int) value);
      default -> GlobalMemory.LONGS.set(data, at, value);
    }
  }
}
