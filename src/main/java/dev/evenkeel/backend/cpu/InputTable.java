package dev.evenkeel.backend.cpu;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Rows;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** A table whose inputs are made of rows when they are gathered: nothing else can read it. */
final class InputTable extends Buffer {

  private final Rows stored;
  private final Optional<float[]> array;
  private final InputLayout layout;
  private final AtomicLong allocated;
  private final int held;
  private boolean closed;

  InputTable(Rows stored, InputLayout layout, AtomicLong allocated) {
    super((long) stored.count() * layout.inputs());
    this.stored = stored;
    this.array = stored.array();
    this.layout = layout;
    this.allocated = allocated;
    this.held = array.map(values -> values.length).orElse(0);
    allocated.addAndGet(held);
  }

  /** Floats that {@link #read} is to be lent; 0 where it needs none. */
  int scratch() {
    return layout.isPlain() || array.isPresent() ? 0 : layout.stored();
  }

  /** Writes the inputs of a row from {@code at} on. */
  void read(int row, float[] scratch, float[] inputs, int at) {
    if (closed) {
      throw new EvenkeelException("Memory was used after it was closed");
    }
    if (layout.isPlain()) {
      stored.read(row, inputs, at);
    } else if (array.isPresent()) {
      layout.expand(array.get(), row * layout.stored(), inputs, at);
    } else {
      stored.read(row, scratch, 0);
      layout.expand(scratch, 0, inputs, at);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      allocated.addAndGet(-held);
    }
  }
}
