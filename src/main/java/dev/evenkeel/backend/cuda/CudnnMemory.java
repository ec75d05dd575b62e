package dev.evenkeel.backend.cuda;

import java.util.ArrayList;
import java.util.List;

/** Device memory that cuDNN's batch norms need beside a run's: all layers and modes share it. */
final class CudnnMemory {

  private final CudaMemory memory;
  private final List<Long> owned = new ArrayList<>();
  private long one;
  private long slopes;
  private long slopesBytes;

  CudnnMemory(CudaMemory memory) {
    this.memory = memory;
  }

  /** The number 1. */
  View one() {
    if (one == 0) {
      one = own(4);
      memory.driver.fill(one, Float.floatToRawIntBits(1), 1, memory.stream);
    }
    return View.floats(one, 1, 1);
  }

  /** One piece of memory for all layers, since they come one after another. */
  View slopes(View like) {
    long bytes = like.rows() * (long) like.pitch() * like.type().bytes;
    if (bytes > slopesBytes) {
      slopes = own(bytes); // operations bound before keep the smaller one
      slopesBytes = bytes;
    }
    return new View(slopes, like.rows(), like.columns(), like.pitch(), like.type());
  }

  /** Makes floats zero, in the order of the stream. */
  void clear(long address, int floats) {
    memory.driver.fill(address, 0, floats, memory.stream);
  }

  private long own(long bytes) {
    long address = memory.allocate(bytes);
    owned.add(address);
    return address;
  }

  void close() {
    owned.forEach(memory::free);
  }
}
