package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.Rows;
import java.util.ArrayList;
import java.util.List;

/** A table that is too large for the device: it stays where it is, and batches of it travel. */
final class HostTable extends Buffer {

  private final Rows rows;
  private final InputLayout layout;
  private final List<StagedGather> gathers = new ArrayList<>();
  private boolean closed;

  HostTable(Rows rows, InputLayout layout) {
    super((long) rows.count() * layout.inputs());
    this.rows = rows;
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

  Rows rows() {
    return rows;
  }

  /** How the rows become the columns that it has. */
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
