package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;

/** A table that is too large for the device: it stays on the host, and batches of it travel. */
final class HostTable extends Buffer {

  private final float[] values;
  private final InputLayout layout;
  private final List<StagedGather> gathers = new ArrayList<>();
  private boolean closed;

  HostTable(float[] values, InputLayout layout) {
    super((long) (values.length / layout.stored()) * layout.inputs());
    this.values = values;
    this.layout = layout;
  }

  static boolean holds(Matrix matrix) {
    return matrix.buffer() instanceof HostTable;
  }

  static HostTable of(Matrix matrix) {
    HostTable table = (HostTable) matrix.buffer();
    if (table.closed) {
      throw new EvenkeelException("Memory was used after it was closed");
    }
    return table;
  }

  float[] values() {
    return values;
  }

  /** How the values become the columns that it has. */
  InputLayout layout() {
    return layout;
  }

  /** A gather whose memory is given back with the table. */
  void own(StagedGather gather) {
    gathers.add(gather);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      gathers.forEach(StagedGather::close);
    }
  }
}
