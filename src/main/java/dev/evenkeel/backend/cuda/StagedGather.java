package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Brings batches of a table on the host to the device: the host gathers rows into one of two pinned
 * buffers and copies it on a stream of its own, while the device still computes the step before.
 * Within the step a kernel takes the batch from where it arrived.
 */
final class StagedGather implements StepScalars.Position, CudaOperation.Around, Workers.Part {

  private static final int SLOTS = 2;

  /** Fewer floats are gathered sooner than others are woken for them. */
  private static final int SMALLEST_SPLIT = 1 << 13;

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final long stream;
  private final long copies;
  private final Matrix table;
  private final RowOrder order;
  private final View batch;
  private final Workers workers;
  private final float[][] stored;
  private final float[][] inputs;
  private final int slotBytes;
  private final ByteBuffer pinned;
  private final FloatBuffer pinnedFloats;
  private final long staging;
  private final long[] arrived = new long[SLOTS];
  private final long[] used = new long[SLOTS];
  private final long[] nanos;
  private int slot;

  /**
   * @param copies the stream that copies run on
   * @param workers that bring rows together
   * @param nanos counts what the host spends on gathering, and on waiting for memory to gather into
   */
  StagedGather(
      CudaMemory memory,
      long copies,
      Workers workers,
      Matrix table,
      RowOrder order,
      View batch,
      long[] nanos) {
    this.driver = memory.driver;
    this.memory = memory;
    this.stream = memory.stream;
    this.copies = copies;
    this.table = table;
    this.order = order;
    this.batch = batch;
    this.workers = workers;
    this.stored = new float[workers.count()][HostTable.of(table).layout().stored()];
    this.inputs = new float[workers.count()][batch.columns()];
    Backend.requireWhole(table);
    this.nanos = nanos;
    this.slotBytes = slotBytes(batch);
    this.staging = memory.allocate((long) SLOTS * slotBytes); // first: it may be refused
    this.pinned = driver.allocatePinned(SLOTS * slotBytes).order(ByteOrder.nativeOrder());
    this.pinnedFloats = pinned.asFloatBuffer();
    for (int i = 0; i < SLOTS; i++) {
      arrived[i] = driver.createEvent(false);
      used[i] = driver.createEvent(false);
      driver.record(used[i], stream); // the zeros that fill new memory must not follow a batch
    }
  }

  /** Of one batch; all slots lie in one buffer of Java's, whose bytes an int counts. */
  static int slotBytes(View batch) {
    long row = (long) batch.pitch() * batch.type().bytes;
    long most = Integer.MAX_VALUE / SLOTS;
    if (batch.rows() * row > most) {
      throw new EvenkeelException(
          ("A batch of %,d rows of %,d inputs has %s, and one of a table that stays on the host may have"
                  + " %s. help: --batch %d or less")
              .formatted(
                  batch.rows(),
                  batch.columns(),
                  DeviceMemoryException.megabytes(batch.rows() * row),
                  DeviceMemoryException.megabytes(most),
                  most / row));
    }
    return (int) (batch.rows() * row);
  }

  /** What a step does on the device. */
  Operation work(Kernels kernels, StepScalars scalars) {
    View both =
        new View(staging, SLOTS * batch.rows(), batch.columns(), batch.pitch(), batch.type());
    return kernels.data.gather(both, 0, scalars.position(this), batch);
  }

  /** The row of the staging memory at which the present batch begins. */
  @Override
  public int position() {
    return slot * batch.rows();
  }

  /** Sends the batch. */
  @Override
  public void before() {
    long start = System.nanoTime();
    slot = (slot + 1) % SLOTS;
    driver.synchronizeEvent(arrived[slot]);
    gather();
    driver.await(copies, used[slot]);
    int from = slot * slotBytes;
    driver.copyToDevice(pinned, from, staging + from, slotBytes, copies);
    driver.record(arrived[slot], copies);
    driver.await(stream, arrived[slot]);
    nanos[0] += System.nanoTime() - start;
  }

  @Override
  public void after() {
    driver.record(used[slot], stream);
  }

  private void gather() {
    if (batch.size() < SMALLEST_SPLIT) {
      run(0, 1);
    } else {
      workers.run(this);
    }
  }

  /** A worker's share of the rows. */
  @Override
  public void run(int worker, int workers) {
    int end = (int) ((worker + 1L) * batch.rows() / workers);
    for (int i = (int) ((long) worker * batch.rows() / workers); i < end; i++) {
      gather(i, stored[worker], inputs[worker]);
    }
  }

  private void gather(int i, float[] stored, float[] inputs) {
    HostTable host = HostTable.of(table);
    int row = order.rows()[order.position() + i];
    if (row < 0 || row >= table.rows()) {
      throw new EvenkeelException(
          "A row order asks for row %d of a table of %d".formatted(row, table.rows()));
    }
    host.rows().read(row, stored, 0);
    host.layout().expand(stored, 0, inputs, 0);
    int target = (slot * batch.rows() + i) * batch.pitch();
    if (batch.type() == ElementType.FLOAT32) {
      pinnedFloats.put(target, inputs);
    } else {
      for (int j = 0; j < inputs.length; j++) {
        pinned.putShort(2 * (target + j), Staging.bfloat16(inputs[j]));
      }
    }
  }

  void close() {
    if (memory.isClosed()) {
      return;
    }
    driver.synchronize(copies);
    driver.synchronize(stream);
    driver.freePinned(pinned);
    memory.free(staging);
    for (int i = 0; i < SLOTS; i++) {
      driver.destroyEvent(arrived[i]);
      driver.destroyEvent(used[i]);
    }
  }
}
