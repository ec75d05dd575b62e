package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.DeviceMemoryException;
import java.util.HashMap;
import java.util.Map;

/**
 * A backend's device memory: zeroed when it is taken, counted while it is held. Everything is taken
 * while operations are bound; a step takes nothing.
 */
final class CudaMemory {

  private static final int OUT_OF_MEMORY = 2;

  private final CudaDriver driver;
  private final long stream;
  private long floats;
  private long bytes;
  private final Map<Long, Long> sizes = new HashMap<>();
  private boolean closed;

  CudaMemory(CudaDriver driver, long stream) {
    this.driver = driver;
    this.stream = stream;
  }

  /** Zeroed memory of at least one word. */
  long allocate(long wanted) {
    long words = Math.max(1, (wanted + 3) / 4);
    long address;
    try {
      address = driver.allocate(words * 4);
    } catch (CudaException e) {
      if (e.code() != OUT_OF_MEMORY) {
        throw e;
      }
      throw new DeviceMemoryException(
          driver.properties().name(), wanted, driver.freeMemory(), bytes, e);
    }
    driver.fill(address, 0, words, stream);
    bytes += words * 4;
    sizes.put(address, words * 4);
    return address;
  }

  /** Waits for work that may use it, then gives it back; the device's end has done that for all. */
  void free(long address) {
    if (closed) {
      return;
    }
    driver.synchronize(stream);
    driver.free(address);
    bytes -= sizes.remove(address);
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

  /** Bytes that are held, padding, copies and scratch included. */
  long bytes() {
    return bytes;
  }
}
