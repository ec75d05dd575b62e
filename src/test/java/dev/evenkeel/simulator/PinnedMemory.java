package dev.evenkeel.simulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Host memory that copies read and write while the host goes on, and a watch over it: until a copy
 * has run, what it is to read must stay as it was, and what it is to write holds rubbish.
 */
final class PinnedMemory {

  /** What the target of an unfinished copy holds: floats of it are NaN. */
  private static final byte UNFINISHED = (byte) 0xff;

  private static final byte FREED = (byte) 0xdb;

  /** Freed memory is kept up to this much, to see whether the host still writes it. */
  private static final long QUARANTINE = 64 << 20;

  private record Transfer(int from, int to, boolean toHost) {
    boolean overlaps(Transfer other) {
      return from < other.to && other.from < to;
    }
  }

  private static final class Region {
    final long handle;
    final ByteBuffer bytes;
    final List<Transfer> unfinished = new ArrayList<>();
    boolean freed;

    /** Bytes by a view of its own, as the host may set position and limit of its buffer. */
    Region(long handle, ByteBuffer buffer) {
      this.handle = handle;
      this.bytes = buffer.duplicate().order(buffer.order());
    }

    byte[] copy(int from, int to) {
      byte[] copy = new byte[to - from];
      bytes.get(from, copy);
      return copy;
    }

    void fill(int from, int to, byte value) {
      byte[] filled = new byte[to - from];
      Arrays.fill(filled, value);
      bytes.put(from, filled);
    }
  }

  private final boolean eager;
  private final Counters counters;
  private final Handles handles;
  private final Map<ByteBuffer, Region> regions = new IdentityHashMap<>();
  private final Owned<Region> owned = new Owned<>();
  private final List<Region> quarantine = new ArrayList<>();
  private long quarantined;

  PinnedMemory(boolean eager, Counters counters, Handles handles) {
    this.eager = eager;
    this.counters = counters;
    this.handles = handles;
  }

  ByteBuffer allocate(int bytes) {
    String call = "cuMemHostAlloc(%d)".formatted(bytes);
    if (bytes <= 0) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in(call);
    }
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    Region region = new Region(handles.next(), buffer);
    // What new memory holds means nothing.
    region.fill(0, bytes, UNFINISHED);
    regions.put(buffer, region);
    owned.add(region.handle, region, "pinned memory of %d bytes".formatted(bytes));
    counters.pinnedAllocations++;
    counters.livePinned++;
    counters.livePinnedBytes += bytes;
    return buffer;
  }

  /** No copy that is unfinished will ever run. */
  void abandon() {
    regions.values().forEach(region -> region.unfinished.clear());
  }

  void free(ByteBuffer buffer) {
    Region region = region("cuMemFreeHost", buffer);
    if (!region.unfinished.isEmpty()) {
      throw fault(
          "pinned memory of %d bytes was freed before %d copies with it had run; synchronize first",
          buffer.capacity(), region.unfinished.size());
    }
    region.freed = true;
    region.fill(0, buffer.capacity(), FREED);
    regions.remove(buffer);
    owned.remove(region.handle);
    counters.livePinned--;
    counters.livePinnedBytes -= buffer.capacity();
    if (quarantined + buffer.capacity() <= QUARANTINE) {
      quarantine.add(region);
      quarantined += buffer.capacity();
    }
  }

  Action toDevice(ByteBuffer source, int from, int bytes, long target, GlobalMemory memory) {
    String name = "copy of %d bytes to device 0x%x".formatted(bytes, target);
    Region region = region(name, source);
    Transfer transfer = transfer(name, region, from, bytes, false);
    return new Copy(name, bytes) {
      @Override
      public Runnable begin() {
        byte[] before = start(name, region, transfer);
        return () -> {
          finish(name, region, transfer);
          byte[] now = region.copy(from, from + bytes);
          if (before != null && !Arrays.equals(before, now)) {
            throw fault(
                "the host changed byte %d of the pinned memory of a %s before it had run;"
                    + " wait for an event behind the copy first",
                from + Arrays.mismatch(before, now), name);
          }
          counters.copiesToDevice++;
          counters.bytesToDevice += bytes;
          memory.write(target, now);
        };
      }
    };
  }

  Action toHost(long source, ByteBuffer target, int to, int bytes, GlobalMemory memory) {
    String name = "copy of %d bytes from device 0x%x".formatted(bytes, source);
    Region region = region(name, target);
    Transfer transfer = transfer(name, region, to, bytes, true);
    return new Copy(name, bytes) {
      @Override
      public Runnable begin() {
        start(name, region, transfer);
        return () -> {
          finish(name, region, transfer);
          counters.copiesToHost++;
          counters.bytesToHost += bytes;
          region.bytes.put(to, memory.read(source, bytes));
        };
      }
    };
  }

  /** The common part of both directions. */
  private abstract static class Copy implements Action {
    private final String name;
    private final double microseconds;

    Copy(String name, int bytes) {
      this.name = name;
      // About a PCIe 4 link.
      this.microseconds = 2 + bytes / 25e3;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public double microseconds() {
      return microseconds;
    }
  }

  /**
   * Notes an unfinished copy. Bytes that another one is still to write or to read are left alone:
   * the order of the stream may well make that right.
   *
   * @return what a copy to the device must find when it runs; null where that can't be said
   */
  private byte[] start(String name, Region region, Transfer transfer) {
    if (region.freed) {
      throw fault("%s: its pinned memory was freed", name);
    }
    boolean reads = region.unfinished.stream().anyMatch(o -> !o.toHost && o.overlaps(transfer));
    boolean writes = region.unfinished.stream().anyMatch(o -> o.toHost && o.overlaps(transfer));
    region.unfinished.add(transfer);
    if (eager) {
      return null;
    }
    if (transfer.toHost) {
      if (!reads && !writes) {
        region.fill(transfer.from, transfer.to, UNFINISHED);
      }
      return null;
    }
    return writes ? null : region.copy(transfer.from, transfer.to);
  }

  private static void finish(String name, Region region, Transfer transfer) {
    if (region.freed) {
      throw fault("%s: its pinned memory was freed before it had run", name);
    }
    region.unfinished.remove(transfer);
  }

  private Region region(String call, ByteBuffer buffer) {
    Region region = regions.get(buffer);
    if (region == null) {
      throw fault(
          "%s: %s is not pinned memory of this device, or was freed;"
              + " pass the very buffer that allocatePinned gave",
          call, buffer);
    }
    return region;
  }

  private static Transfer transfer(
      String name, Region region, int from, int bytes, boolean toHost) {
    if (from < 0 || bytes <= 0 || from > region.bytes.capacity() - bytes) {
      throw fault(
          "%s: bytes %d to %d of pinned memory that has %d",
          name, from, from + (long) bytes, region.bytes.capacity());
    }
    return new Transfer(from, from + bytes, toHost);
  }

  private static GpuFault fault(String format, Object... arguments) {
    return GpuFault.of(GpuFault.Kind.HOST_MEMORY, format.formatted(arguments));
  }

  List<String> leaks() {
    List<String> leaks = new ArrayList<>(owned.words());
    for (Region region : quarantine) {
      byte[] now = region.copy(0, region.bytes.capacity());
      for (int i = 0; i < now.length; i++) {
        if (now[i] != FREED) {
          leaks.add(
              "pinned memory of %d bytes, written at byte %d after it was freed"
                  .formatted(now.length, i));
          break;
        }
      }
    }
    return leaks;
  }

  void clear() {
    regions.values().forEach(region -> region.freed = true);
    regions.clear();
    owned.clear();
    quarantine.clear();
  }
}
