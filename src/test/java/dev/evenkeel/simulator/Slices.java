package dev.evenkeel.simulator;

import java.util.List;

/**
 * Parts of allocations that are used as allocations of their own. Each is placed elsewhere, with
 * its own bounds and its own bytes never written: on a real device the next one begins right behind
 * it, and a step too far would change that one in silence. What lies in the allocation itself stays
 * apart from them.
 */
final class Slices {

  private static final long ALIGNMENT = 256;

  private record Slice(long allocation, long offset, long bytes) {
    boolean overlaps(Slice other) {
      return allocation == other.allocation
          && offset < other.offset + other.bytes
          && other.offset < offset + bytes;
    }
  }

  private final GlobalMemory global;
  private final Owned<Slice> slices = new Owned<>();

  Slices(GlobalMemory global) {
    this.global = global;
  }

  /**
   * @param size of the allocation
   */
  long add(String call, long allocation, long size, long offset, long bytes) {
    Slice slice = new Slice(allocation, offset, bytes);
    boolean inside = bytes > 0 && offset >= 0 && offset + bytes <= size;
    if (!inside || offset % ALIGNMENT != 0 || slices.things().stream().anyMatch(slice::overlaps)) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in(call);
    }
    String label = "slice %d..%d of 0x%x".formatted(offset, offset + bytes, allocation);
    long address = global.allocate(bytes, label);
    slices.add(address, slice, label);
    return address;
  }

  void remove(long address) {
    if (slices.remove(address) == null) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in("slice 0x%x is none", address);
    }
    global.free(address);
  }

  /** How many an allocation still has. */
  long of(long allocation) {
    return slices.things().stream().filter(one -> one.allocation == allocation).count();
  }

  List<String> leaks() {
    return slices.words();
  }

  void clear() {
    slices.clear();
  }
}
