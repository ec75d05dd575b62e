package dev.evenkeel.simulator;

import dev.evenkeel.simulator.GpuFault.Kind;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The simulated GPU's memory: checked allocations. No two are neighbours, and an address is never
 * given out twice, so that a step out of bounds or a use after free is always seen.
 *
 * <p>The host's methods are for one thread at a time; kernels may run on several.
 */
public final class GlobalMemory {

  static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Where addresses begin: far from small integers and from the other spaces' windows. */
  private static final long BASE = 0x7f00_0000_0000L;

  private static final long ALIGNMENT = 256;

  /** At least this much lies between two allocations. */
  private static final long GUARD = 1 << 16;

  private final TreeMap<Long, Allocation> living = new TreeMap<>();
  private final TreeMap<Long, Allocation> freed = new TreeMap<>();
  private final Map<PtxModule, Map<String, Long>> variables = new IdentityHashMap<>();
  private long next = BASE;
  private long used;
  private Allocation last = new Allocation(0, 0, "nothing");

  /** Device memory aligned to 256 bytes, in which nothing was written yet. */
  public long allocate(long bytes) {
    return allocate(bytes, "allocation " + (living.size() + freed.size() + 1));
  }

  /**
   * @param label what it is for, or where it was asked for: reports name it
   */
  public synchronized long allocate(long bytes, String label) {
    if (bytes <= 0 || bytes > Integer.MAX_VALUE - 16) {
      throw new IllegalArgumentException(
          "allocate(%d, %s): the simulated GPU takes 1 to 2^31 - 17 bytes at once"
              .formatted(bytes, label));
    }
    Allocation made = new Allocation(next, (int) bytes, label);
    living.put(next, made);
    used += bytes;
    next += (bytes + GUARD + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return made.address;
  }

  public synchronized void free(long address) {
    Allocation gone = living.remove(address);
    if (gone == null) {
      Allocation before = freed.get(address);
      throw GpuFault.of(
          Kind.BAD_FREE,
          before == null
              ? "free of 0x%x, which is the start of no allocation".formatted(address)
              : "second free of " + before.label + " at 0x%x".formatted(address),
          address,
          before == null ? "" : before.label);
    }
    used -= gone.bytes();
    // The bytes go; its name and extent stay for reports.
    Allocation husk = new Allocation(address, 0, gone.label);
    husk.freedBytes = gone.bytes();
    freed.put(address, husk);
    last = new Allocation(0, 0, "nothing");
  }

  /** Bytes in living allocations. */
  public long used() {
    return used;
  }

  /** What was allocated and not freed, oldest first; variables of modules do not count. */
  public synchronized List<Allocation> leaks() {
    List<Allocation> leaks = new ArrayList<>(living.values());
    variables.values().forEach(m -> leaks.removeIf(a -> m.containsValue(a.address)));
    return leaks;
  }

  // Host copies

  public void write(long address, byte[] source) {
    write(address, ByteBuffer.wrap(source));
  }

  /** Takes what remains in the source; its position stays. */
  public void write(long address, ByteBuffer source) {
    int bytes = source.remaining();
    Allocation to = find(address, bytes, "host write");
    int offset = (int) (address - to.address);
    source.duplicate().get(to.data, offset, bytes);
    to.markWritten(offset, bytes);
  }

  /** Bytes never written come as 0xff: copying them is no fault, using them is. */
  public byte[] read(long address, int bytes) {
    byte[] target = new byte[bytes];
    read(address, ByteBuffer.wrap(target));
    return target;
  }

  /** Fills what remains in the target; its position stays. */
  public void read(long address, ByteBuffer target) {
    int bytes = target.remaining();
    Allocation from = find(address, bytes, "host read");
    target.duplicate().put(from.data, (int) (address - from.address), bytes);
  }

  /** Sets {@code words} 32-bit words. */
  public void fill(long address, int word, long words) {
    Allocation to = find(address, Math.multiplyExact(words, 4), "fill");
    requireAligned(address, 4, "fill", to);
    int offset = (int) (address - to.address);
    for (int i = 0; i < words; i++) {
      INTS.set(to.data, offset + 4 * i, word);
    }
    to.markWritten(offset, (int) words * 4);
  }

  /** Makes these bytes as good as never written: for a piece of an arena that is given out anew. */
  public void forget(long address, int bytes) {
    Allocation a = find(address, bytes, "forget");
    a.forget((int) (address - a.address), bytes);
  }

  // Single values, for doubles of the libraries

  public float getFloat(long address) {
    return Float.intBitsToFloat(getInt(address));
  }

  public void setFloat(long address, float value) {
    setInt(address, Float.floatToRawIntBits(value));
  }

  public int getInt(long address) {
    Allocation a = readable(address, 4);
    return (int) INTS.get(a.data, (int) (address - a.address));
  }

  public void setInt(long address, int value) {
    Allocation a = writable(address, 4);
    INTS.set(a.data, (int) (address - a.address), value);
  }

  /** A bfloat16's bits, for one. */
  public short getShort(long address) {
    Allocation a = readable(address, 2);
    return (short) SHORTS.get(a.data, (int) (address - a.address));
  }

  private Allocation readable(long address, int bytes) {
    Allocation a = find(address, bytes, "read");
    requireAligned(address, bytes, "read", a);
    if (!a.isWritten((int) (address - a.address), bytes)) {
      throw neverWritten(address, bytes, a);
    }
    return a;
  }

  private Allocation writable(long address, int bytes) {
    Allocation a = find(address, bytes, "write");
    requireAligned(address, bytes, "write", a);
    a.markWritten((int) (address - a.address), bytes);
    return a;
  }

  // For the execution

  /** The living allocation that holds all of these bytes. */
  Allocation find(long address, long bytes, String access) {
    Allocation a = last;
    if (address >= a.address && address + bytes <= a.address + a.data.length) {
      return a;
    }
    a = lookUp(address);
    if (a == null || address + bytes > a.address + a.data.length || bytes < 0) {
      throw outOfBounds(address, bytes, access);
    }
    last = a;
    return a;
  }

  private synchronized Allocation lookUp(long address) {
    Map.Entry<Long, Allocation> below = living.floorEntry(address);
    return below == null ? null : below.getValue();
  }

  private synchronized GpuFault outOfBounds(long address, long bytes, String access) {
    String what = "%s of %d bytes at 0x%x".formatted(access, bytes, address);
    Map.Entry<Long, Allocation> below = freed.floorEntry(address);
    if (below != null && address < below.getKey() + below.getValue().freedBytes) {
      Allocation gone = below.getValue();
      return GpuFault.of(
          Kind.USE_AFTER_FREE,
          "%s, in %s, which was freed".formatted(what, gone.label),
          address,
          gone.label);
    }
    Allocation before = lookUp(address);
    Map.Entry<Long, Allocation> after = living.higherEntry(address);
    if (before != null && address - before.address - before.bytes() < GUARD) {
      return GpuFault.of(
          Kind.OUT_OF_BOUNDS,
          "%s, %d bytes past the end of %s"
              .formatted(what, address + bytes - before.address - before.bytes(), before),
          address,
          before.label);
    }
    if (after != null && after.getKey() - address < GUARD) {
      return GpuFault.of(
          Kind.OUT_OF_BOUNDS,
          "%s, %d bytes before %s".formatted(what, after.getKey() - address, after.getValue()),
          address,
          after.getValue().label);
    }
    return GpuFault.of(Kind.OUT_OF_BOUNDS, what + ", in no allocation", address, "");
  }

  static void requireAligned(long address, int bytes, String access, Allocation a) {
    if ((address & (bytes - 1)) != 0) {
      throw GpuFault.of(
          Kind.MISALIGNED,
          "%s of %d bytes at 0x%x, which is no multiple of %d, in %s"
              .formatted(access, bytes, address, bytes, a),
          address,
          a.label);
    }
  }

  static GpuFault neverWritten(long address, int bytes, Allocation a) {
    return GpuFault.of(
        Kind.READ_BEFORE_WRITE,
        "read of %d bytes at 0x%x, byte %d of %s, never written"
            .formatted(bytes, address, address - a.address, a),
        address,
        a.label);
  }

  /** Addresses of a module's own variables, made and set at the first use. */
  synchronized Map<String, Long> variables(PtxModule module) {
    return variables.computeIfAbsent(module, m -> m.place(this));
  }
}
