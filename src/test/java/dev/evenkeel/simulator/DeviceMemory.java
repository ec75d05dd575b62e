package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Device memory of a limited size, and who holds it. */
final class DeviceMemory {

  final GlobalMemory global = new GlobalMemory();
  private final long total;
  private final Counters counters;
  private final Owned<Long> owned = new Owned<>();
  private final Set<Long> freed = new HashSet<>();
  private final Slices slices = new Slices(global);

  DeviceMemory(long total, Counters counters) {
    this.total = total;
    this.counters = counters;
  }

  long free() {
    return total - counters.liveBytes;
  }

  long allocate(long bytes) {
    if (bytes <= 0) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in("cuMemAlloc(%d)", bytes);
    }
    if (bytes > free()) {
      throw CudaError.CUDA_ERROR_OUT_OF_MEMORY.in("cuMemAlloc(%d)", bytes);
    }
    long address = global.allocate(bytes);
    owned.add(address, bytes, "device memory 0x%x of %d bytes".formatted(address, bytes));
    counters.allocations++;
    counters.liveAllocations++;
    counters.liveBytes += bytes;
    counters.peakBytes = Math.max(counters.peakBytes, counters.liveBytes);
    return address;
  }

  long slice(long allocation, long offset, long bytes) {
    String call = "slice %d..%d of 0x%x".formatted(offset, offset + bytes, allocation);
    Long size = owned.get(allocation);
    if (size == null) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in(call);
    }
    return slices.add(call, allocation, size, offset, bytes);
  }

  void endSlice(long slice) {
    slices.remove(slice);
  }

  void free(long address) {
    if (slices.of(address) > 0) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in(
          "cuMemFree(0x%x, of which %d slices are in use)", address, slices.of(address));
    }
    Long bytes = owned.remove(address);
    if (bytes == null) {
      throw CudaError.CUDA_ERROR_INVALID_VALUE.in(
          "cuMemFree(0x%x%s)", address, freed.contains(address) ? ", freed before" : "");
    }
    global.free(address);
    freed.add(address);
    counters.frees++;
    counters.liveAllocations--;
    counters.liveBytes -= bytes;
  }

  List<String> leaks() {
    List<String> all = new ArrayList<>(owned.words());
    all.addAll(slices.leaks());
    return all;
  }

  void clear() {
    owned.clear();
    slices.clear();
  }
}
