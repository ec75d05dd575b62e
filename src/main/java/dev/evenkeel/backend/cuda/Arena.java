package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Backend;

/**
 * One piece of device memory, from which buffers are cut one after another. It was sized by a plan
 * that counted them all: so it never grows, and what a buffer leaves is not used again.
 */
final class Arena implements Backend.Arena {

  private final CudaMemory memory;
  private final long block;
  private final long bytes;
  private long used;
  private int open;
  private boolean closed;

  /**
   * @param block of so many bytes, which the memory takes back from {@link #close}
   */
  Arena(CudaMemory memory, long block, long bytes) {
    this.memory = memory;
    this.block = block;
    this.bytes = bytes;
  }

  /** Whether a slice can still be cut: never once it is closed. */
  boolean hasRoom(long wanted) {
    return !closed && CudaMemory.rounded(wanted) <= bytes - used;
  }

  long cut(long wanted) {
    long address = memory.driver.slice(block, used, wanted);
    used += CudaMemory.rounded(wanted);
    open++;
    return address;
  }

  void giveBack(long slice) {
    memory.driver.endSlice(slice);
    open--;
    freeIfDone();
  }

  @Override
  public long used() {
    return used;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      freeIfDone();
    }
  }

  private void freeIfDone() {
    if (closed && open == 0) {
      memory.free(block);
    }
  }
}
