package dev.evenkeel.simulator;

import dev.evenkeel.simulator.GpuFault.Kind;
import java.util.Arrays;
import java.util.Locale;

/** What loads, stores and atomics share: addresses, and the checks of every access. */
abstract class MemoryAccess extends Instruction {

  /** What the access does, for the race detector and the counts. */
  enum Use {
    LOAD,
    STORE,
    ATOMIC;

    /** "global load": looked up at each access, so made once. */
    private final String[] labels =
        Arrays.stream(Space.values())
            .map(space -> space.label() + " " + name().toLowerCase(Locale.ROOT))
            .toArray(String[]::new);

    String of(Space space) {
      return labels[space.ordinal()];
    }
  }

  /** Four bytes that were written. */
  private static final int ALL = 0x01010101;

  final Space space;
  final Use use;

  /** Bytes of one element and of the whole access. */
  final int elementBytes;

  final int bytes;

  private final Slots.Kind baseKind;
  private final int base;
  private final long offset;
  private final int site;

  /**
   * @param baseKind null where the address is the offset alone
   */
  record Target(Space space, Slots.Kind baseKind, int base, long offset, int site) {}

  MemoryAccess(Target target, Use use, int elementBytes, int elements) {
    space = target.space;
    baseKind = target.baseKind;
    base = target.base;
    offset = target.offset + (baseKind == null && space == Space.GENERIC ? 0 : space.base);
    site = target.site;
    this.use = use;
    this.elementBytes = elementBytes;
    bytes = elementBytes * elements;
  }

  /** Works out the addresses of all lanes, and shows them to who watches. */
  final void addresses(Warp warp, int mask) {
    long[] addresses = warp.addresses;
    if (baseKind == Slots.Kind.LONG) {
      long[] longs = warp.longs;
      for (int l = 0; l < Warp.LANES; l++) {
        addresses[l] = longs[base + l] + offset;
      }
    } else if (baseKind == Slots.Kind.INT) {
      int[] ints = warp.ints;
      for (int l = 0; l < Warp.LANES; l++) {
        addresses[l] = (ints[base + l] & 0xffffffffL) + offset;
      }
    } else {
      Arrays.fill(addresses, offset);
    }
    if (warp.worker.statistics != null) {
      warp.worker.statistics.access(this, warp, mask);
    }
  }

  /** The allocation that a lane's access lies in: checked for bounds and alignment. */
  final Allocation resolve(Warp warp, int lane) {
    long address = warp.addresses[lane];
    Allocation a =
        space == Space.SHARED
            ? warp.block.shared
            : space == Space.PARAM ? warp.worker.launch.arguments : warp.worker.sites[site];
    if (address >= a.address
        && address - a.address <= a.data.length - bytes
        && (address & (bytes - 1)) == 0) {
      return a;
    }
    return resolveSlowly(warp, lane, address);
  }

  private Allocation resolveSlowly(Warp warp, int lane, long address) {
    warp.lane = lane;
    Space at = space == Space.GENERIC ? Space.of(address) : space;
    Allocation a =
        switch (at) {
          case SHARED -> warp.block.shared;
          case LOCAL -> requireLocal(warp)[lane];
          case PARAM -> warp.worker.launch.arguments;
          default -> warp.worker.launch.memory.find(address, bytes, access(at));
        };
    if (at == Space.GLOBAL) {
      warp.worker.sites[site] = a;
    }
    if (address < a.address || address - a.address > a.data.length - bytes) {
      throw GpuFault.of(
          Kind.OUT_OF_BOUNDS,
          "%s of %d bytes at 0x%x, outside the %d bytes of %s"
              .formatted(access(at), bytes, address - a.address, a.bytes(), a.label),
          address,
          a.label);
    }
    GlobalMemory.requireAligned(address, bytes, access(at), a);
    return a;
  }

  private static Allocation[] requireLocal(Warp warp) {
    if (warp.local == null) {
      throw GpuFault.of(Kind.OUT_OF_BOUNDS, "local memory in a kernel that has none");
    }
    return warp.local;
  }

  private String access(Space at) {
    return use.of(at);
  }

  /** Faults where bytes that a lane reads were never written. */
  final void readable(Warp warp, int lane, Allocation a, int offset) {
    if (a.written != null) {
      if (bytes == 4
          && elementBytes == 4
          && (int) GlobalMemory.INTS.get(a.written, offset) == ALL) {
        return;
      }
      int must = warp.worker.launch.options.strictVectors() || bytes == elementBytes ? bytes : 1;
      for (int i = offset; i < offset + must; i++) {
        if (a.written[i] != 1) {
          warp.lane = lane;
          throw a.written[i] == 2
              ? gap(warp, lane, a)
              : GlobalMemory.neverWritten(warp.addresses[lane], bytes, a);
        }
      }
    }
  }

  /** The bytes count as written from now on. */
  final void writable(Warp warp, int lane, Allocation a, int offset) {
    byte[] written = a.written;
    if (written != null) {
      if (a == warp.block.shared && written[offset] == 2) {
        throw gap(warp, lane, a);
      }
      switch (bytes) {
        case 4 -> GlobalMemory.INTS.set(written, offset, ALL);
        case 8 -> GlobalMemory.LONGS.set(written, offset, 0x0101010101010101L);
        default -> Arrays.fill(written, offset, offset + bytes, (byte) 1);
      }
    }
  }

  private GpuFault gap(Warp warp, int lane, Allocation a) {
    warp.lane = lane;
    long address = warp.addresses[lane];
    return GpuFault.of(
        Kind.OUT_OF_BOUNDS,
        "%s of %d bytes at 0x%x, past the end of a shared variable"
            .formatted(access(Space.SHARED), bytes, address - a.address),
        address,
        a.label);
  }

  /** Whether the access may meet others of its kind: atomics, and what is marked as such. */
  boolean isAtomic() {
    return use == Use.ATOMIC;
  }

  /** Whether a lane is about to store what is there already. */
  boolean storesTheSame(Warp warp, int lane, Allocation a, int at) {
    return false;
  }

  /** Tells the race detector, where there is one. */
  final void watch(Warp warp, int lane, Allocation a, int at) {
    if (warp.worker.launch.races != null) {
      warp.lane = lane;
      warp.worker.launch.races.access(this, warp, lane, a, at);
    }
  }
}
