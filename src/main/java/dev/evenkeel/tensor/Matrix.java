package dev.evenkeel.tensor;

import dev.evenkeel.EvenkeelException;

/**
 * A view of rows × columns floats in a buffer: row-major, without gaps. The first dimension of data
 * is always the example; a vector is a matrix of one row.
 */
public record Matrix(Buffer buffer, long offset, int rows, int columns) {

  private static final Buffer NO_MEMORY =
      new Buffer(0) {
        @Override
        public void close() {}
      };

  /** Stands where an operation takes a matrix that need not be there, such as a bias. */
  public static final Matrix NONE = new Matrix(NO_MEMORY, 0, 0, 0);

  public Matrix {
    if (rows < 0 || columns < 0 || offset < 0 || offset + (long) rows * columns > buffer.length()) {
      throw new EvenkeelException(
          "A matrix of %d x %d at offset %d does not fit a buffer of %d floats"
              .formatted(rows, columns, offset, buffer.length()));
    }
  }

  public static Matrix of(Buffer buffer, int rows, int columns) {
    return new Matrix(buffer, 0, rows, columns);
  }

  public long size() {
    return (long) rows * columns;
  }

  public boolean isNone() {
    return buffer == NO_MEMORY;
  }

  /** The same memory from {@code from} floats on, seen as rows × columns. */
  public Matrix view(long from, int rows, int columns) {
    return new Matrix(buffer, offset + from, rows, columns);
  }

  /** "[256, 512]", as messages show it. */
  public String shape() {
    return "[" + rows + ", " + columns + "]";
  }
}
