package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.RowOrder;
import java.lang.ref.WeakReference;

/** The row numbers of an order, copied to the device when they are replaced, and its position. */
final class DeviceOrder extends StepScalars.Source<RowOrder> {

  private final CudaMemory memory;
  private final Staging staging;
  private final int capacity;
  private final long rows;
  private final long position;
  private int tableRows;
  private WeakReference<int[]> uploaded = new WeakReference<>(null);

  /**
   * @param at the word that holds the position, and {@code position} its address
   * @param tableRows of the smallest table that it walks through
   */
  DeviceOrder(
      CudaMemory memory, Staging staging, RowOrder order, int at, long position, int tableRows) {
    super(order, DeviceOrder.class, at, 1, (moved, values, to) -> values[to] = moved.position());
    this.memory = memory;
    this.staging = staging;
    this.capacity = order.rows().length;
    this.rows = memory.allocate(4L * capacity);
    this.position = position;
    this.tableRows = tableRows;
  }

  /** It walks through a table of so many rows, too. */
  void alsoOf(int tableRows) {
    if (tableRows < this.tableRows) {
      this.tableRows = tableRows;
      uploaded = new WeakReference<>(null); // to be checked once more
    }
  }

  /** Address of the row numbers, 32-bit integers. */
  long rows() {
    return rows;
  }

  /** Address of the position, a 32-bit integer. */
  long position() {
    return position;
  }

  /** Before a gather of so many rows. */
  void send(int batchRows) {
    RowOrder order = owner();
    int[] now = order.rows();
    if (order.position() < 0 || order.position() + (long) batchRows > now.length) {
      throw new EvenkeelException(
          "A batch of %d rows from position %d on does not lie in a row order of %d rows"
              .formatted(batchRows, order.position(), now.length));
    }
    if (uploaded.get() != now) {
      check(now);
      staging.upload(now, rows);
      uploaded = new WeakReference<>(now);
    }
  }

  private void check(int[] now) {
    if (now.length > capacity) {
      throw new EvenkeelException(
          "A row order of %d rows took the place of one of %d".formatted(now.length, capacity));
    }
    for (int row : now) {
      if (row < 0 || row >= tableRows) {
        throw new EvenkeelException(
            "A row order asks for row %d of a table of %d".formatted(row, tableRows));
      }
    }
  }

  @Override
  void release() {
    memory.free(rows);
  }
}
