package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.InputLayout;
import dev.evenkeel.tensor.Matrix;

/** A table of inputs of which fewer columns are stored; only gather can read it. */
final class ShortTable extends Buffer {

  private final Matrix stored;
  private final InputLayout layout;

  private ShortTable(Matrix stored, InputLayout layout) {
    super((long) stored.rows() * layout.inputs());
    this.stored = stored;
    this.layout = layout;
  }

  static Matrix of(Matrix stored, InputLayout layout) {
    return Matrix.of(new ShortTable(stored, layout), stored.rows(), layout.inputs());
  }

  /** The stored columns, of the whole table. */
  Matrix stored(Matrix table) {
    Backend.requireWhole(table);
    return stored;
  }

  InputLayout layout() {
    return layout;
  }

  @Override
  public void close() {
    stored.buffer().close();
  }
}
