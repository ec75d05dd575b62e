package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.DeviceMemoryException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A backend's device memory: zeroed when it is taken, counted while it is held. Buffers lie in the
 * arena that was opened last, as long as it has room; everything else is a piece of its own.
 * Everything is taken while operations are bound; a step takes nothing.
 */
final class CudaMemory {

  /** What lies in device memory begins at multiples of this, as CUDA's own allocations do. */
  private static final long ALIGNMENT = 256;

  final CudaDriver driver;

  /** What memory is zeroed on, and a backend's work is put on. */
  final long stream;

  private final List<Long> streams = new ArrayList<>();
  private final Map<Long, Long> pieces = new HashMap<>();
  private final Map<Long, Arena> slices = new HashMap<>();
  private Arena arena;
  private long floats;
  private long bytes;
  private boolean closed;

  CudaMemory(CudaDriver driver, long stream) {
    this.driver = driver;
    this.stream = stream;
    streams.add(stream);
  }

  /** Another stream has work, too, that memory must not be given back under. */
  void waitsFor(long other) {
    streams.add(other);
  }

  void waitsNoMoreFor(long other) {
    streams.remove(other);
  }

  static long rounded(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Opens an arena for the buffers to come. */
  Arena arena(long bytes) {
    arena = new Arena(this, piece(bytes), bytes);
    return arena;
  }

  /** Zeroed memory of a buffer, at least one word. */
  long allocateBuffer(long wanted) {
    long words = words(wanted);
    if (arena == null || !arena.hasRoom(4 * words)) {
      return allocate(wanted);
    }
    long address = arena.cut(4 * words);
    slices.put(address, arena);
    driver.fill(address, 0, words, stream);
    return address;
  }

  /** Zeroed memory of at least one word, in a piece of its own. */
  long allocate(long wanted) {
    long words = words(wanted);
    long address = piece(4 * words);
    driver.fill(address, 0, words, stream);
    return address;
  }

  private static long words(long bytes) {
    return Math.max(1, (bytes + 3) / 4);
  }

  private long piece(long wanted) {
    long address =
        refusing(DeviceMemoryException.megabytes(wanted) + " more", () -> driver.allocate(wanted));
    pieces.put(address, rounded(wanted));
    bytes += rounded(wanted);
    return address;
  }

  /**
   * A call that takes device memory, perhaps by itself and unseen: where there is none left, the
   * exception tells how much is free, and how much is held here.
   */
  <T> T refusing(String wanted, Supplier<T> call) {
    try {
      return call.get();
    } catch (CudaException e) {
      if (!e.isOutOfMemory()) {
        throw e;
      }
      CudaDriver.Properties device = driver.properties();
      throw new DeviceMemoryException(
          device.name(), wanted, driver.freeMemory(), bytes, device.memory(), e);
    }
  }

  /** Waits for work that may use it, then gives it back; the device's end has done that for all. */
  void free(long address) {
    if (closed) {
      return;
    }
    streams.forEach(driver::synchronize);
    Arena of = slices.remove(address);
    if (of != null) {
      of.giveBack(address);
    } else {
      driver.free(address);
      bytes -= pieces.remove(address);
    }
  }

  /** The device is given back, and all memory with it. */
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  void count(long more) {
    floats += more;
  }

  /** Floats that buffers hold. */
  long floats() {
    return floats;
  }

  /** Bytes that are held, padding, copies and scratch included; of an arena, all. */
  long bytes() {
    return bytes;
  }
}
