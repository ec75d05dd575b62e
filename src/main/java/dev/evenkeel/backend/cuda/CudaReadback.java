package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Readback;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Copies a scalar into a ring of pinned memory; an event tells when each copy is done. */
final class CudaReadback implements Readback {

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final long stream;
  private final long scalar;
  private final ByteBuffer ring;
  private final long[] done = new long[CAPACITY];
  private int first;
  private int pending;
  private boolean closed;

  CudaReadback(CudaDriver driver, CudaMemory memory, long stream, long scalar) {
    this.driver = driver;
    this.memory = memory;
    this.stream = stream;
    this.scalar = scalar;
    this.ring = driver.allocatePinned(4 * CAPACITY).order(ByteOrder.nativeOrder());
    for (int i = 0; i < CAPACITY; i++) {
      done[i] = driver.createEvent(false);
    }
  }

  @Override
  public void send() {
    if (pending == CAPACITY) {
      throw new IllegalStateException("More than " + CAPACITY + " values are under way");
    }
    int slot = (first + pending++) % CAPACITY;
    driver.copyToHost(scalar, ring, 4 * slot, 4, stream);
    driver.record(done[slot], stream);
  }

  @Override
  public int pending() {
    return pending;
  }

  @Override
  public boolean isHere() {
    return pending > 0 && driver.isDone(done[first]);
  }

  @Override
  public float take() {
    if (pending == 0) {
      throw new IllegalStateException("No value is under way");
    }
    driver.synchronizeEvent(done[first]);
    float value = ring.getFloat(4 * first);
    first = (first + 1) % CAPACITY;
    pending--;
    return value;
  }

  @Override
  public void close() {
    if (!closed && !memory.isClosed()) {
      closed = true;
      driver.synchronize(stream);
      driver.freePinned(ring);
      for (long event : done) {
        driver.destroyEvent(event);
      }
    }
  }
}
