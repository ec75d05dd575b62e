package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Readback;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Collects a scalar's values in a ring of device memory: each is put aside by the launch that
 * brings the next step's words. Several at once are then copied to a ring of pinned memory, on a
 * stream of their own; an event tells when. A copy after each step would make the step's stream
 * wait for another engine of the GPU, before and after.
 */
final class CudaReadback implements Readback {

  /**
   * Values to a copy: half of what a training lets be under way, so that it still runs ahead when
   * it waits for the oldest.
   */
  static final int TOGETHER = 8;

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final StepScalars scalars;
  private final long stream;
  private final long scalar;
  private final long ring;
  private final ByteBuffer onHost;
  private final long copies;
  private final long ready;
  private final long[] here = new long[CAPACITY / TOGETHER];
  private long sent;
  private long copied;
  private long taken;
  private boolean closed;

  CudaReadback(CudaMemory memory, StepScalars scalars, long scalar) {
    this.driver = memory.driver;
    this.memory = memory;
    this.scalars = scalars;
    this.stream = memory.stream;
    this.scalar = scalar;
    this.ring = memory.allocateBuffer(4 * CAPACITY); // first: it may be refused
    this.onHost = driver.allocatePinned(4 * CAPACITY).order(ByteOrder.nativeOrder());
    this.copies = driver.createStream();
    this.ready = driver.createEvent(false);
    for (int i = 0; i < here.length; i++) {
      here[i] = driver.createEvent(false);
    }
  }

  @Override
  public void send() {
    if (pending() == CAPACITY) {
      throw new IllegalStateException("More than " + CAPACITY + " values are under way");
    }
    if (sent % TOGETHER == 0 && copied < sent) {
      copy();
    }
    scalars.carry(scalar, ring + 4L * slot(sent));
    sent++;
  }

  /** Begins to copy what was sent and is not on its way, which lies within one part of the ring. */
  private void copy() {
    scalars.carryNow();
    driver.record(ready, stream);
    driver.await(copies, ready);
    int from = slot(copied);
    driver.copyToHost(ring + 4L * from, onHost, 4 * from, 4 * (int) (sent - copied), copies);
    driver.record(here[from / TOGETHER], copies);
    copied = sent;
  }

  private static int slot(long number) {
    return (int) (number % CAPACITY);
  }

  @Override
  public int pending() {
    return (int) (sent - taken);
  }

  @Override
  public boolean isHere() {
    return taken < copied && driver.isDone(here[slot(taken) / TOGETHER]);
  }

  @Override
  public float take() {
    if (pending() == 0) {
      throw new IllegalStateException("No value is under way");
    }
    if (taken == copied) {
      copy();
    }
    driver.synchronizeEvent(here[slot(taken) / TOGETHER]);
    return onHost.getFloat(4 * slot(taken++));
  }

  @Override
  public void close() {
    if (!closed && !memory.isClosed()) {
      closed = true;
      scalars.carryNothingTo(ring, 4 * CAPACITY);
      driver.synchronize(copies);
      driver.freePinned(onHost);
      driver.destroyEvent(ready);
      for (long event : here) {
        driver.destroyEvent(event);
      }
      driver.destroyStream(copies);
      memory.free(ring);
    }
  }
}
