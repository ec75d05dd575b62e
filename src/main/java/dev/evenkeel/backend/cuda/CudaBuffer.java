package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.function.LongUnaryOperator;

/**
 * Device memory of a backend. It holds float32 without gaps, or activations: in the backend's type,
 * with rows padded to 16 bytes.
 */
final class CudaBuffer extends Buffer {

  /** Rows of activations begin at multiples of this many elements: 16 bytes of the shorter type. */
  private static final int ALIGNMENT = 8;

  private final CudaMemory memory;
  private final ElementType type;
  private final boolean activations;
  private final long bytes;
  private final long address;

  /** A bfloat16 copy for products, 0 where there is none. */
  private long copy;

  private boolean closed;

  private CudaBuffer(
      CudaMemory memory,
      LongUnaryOperator allocator,
      long length,
      ElementType type,
      boolean activations,
      long bytes) {
    super(length);
    this.memory = memory;
    this.type = type;
    this.activations = activations;
    this.bytes = bytes;
    this.address = allocator.applyAsLong(bytes);
    memory.count(length);
  }

  /**
   * @param allocator of the memory: {@link CudaMemory#allocateBuffer}, or {@link
   *     CudaMemory#allocate} for a table, which no plan counts
   */
  static CudaBuffer floats(CudaMemory memory, LongUnaryOperator allocator, long length) {
    return new CudaBuffer(memory, allocator, length, ElementType.FLOAT32, false, length * 4);
  }

  static CudaBuffer activations(
      CudaMemory memory, LongUnaryOperator allocator, int rows, int columns, ElementType type) {
    long bytes = activationBytes(rows, columns, type);
    return new CudaBuffer(memory, allocator, (long) rows * columns, type, true, bytes);
  }

  /** What they take, padding included. */
  static long activationBytes(int rows, int columns, ElementType type) {
    return (long) rows * pitch(columns) * type.bytes;
  }

  static int pitch(int columns) {
    return (columns + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Where a matrix lies; its rows must be whole rows where it lies among activations. */
  static View view(Matrix matrix) {
    CudaBuffer buffer = of(matrix);
    if (!buffer.activations) {
      return View.floats(buffer.address + 4 * matrix.offset(), matrix.rows(), matrix.columns());
    }
    int pitch = pitch(matrix.columns());
    long row = matrix.columns() == 0 ? 0 : matrix.offset() / matrix.columns();
    long begin = row * pitch * buffer.type.bytes;
    long end = begin + (long) matrix.rows() * pitch * buffer.type.bytes;
    if (row * matrix.columns() != matrix.offset() || end > buffer.bytes) {
      throw new EvenkeelException(
          "A matrix %s at %d is not whole rows of its activations"
              .formatted(matrix.shape(), matrix.offset()));
    }
    return new View(buffer.address + begin, matrix.rows(), matrix.columns(), pitch, buffer.type);
  }

  /** Address of a float32 vector, 0 for NONE. */
  static long vector(Matrix matrix) {
    return matrix.isNone() ? 0 : view(matrix).address();
  }

  static CudaBuffer of(Matrix matrix) {
    if (HostTable.holds(matrix)) {
      throw new EvenkeelException(
          "A table %s is too large for the GPU: only gather can read it".formatted(matrix.shape()));
    }
    if (matrix.buffer() instanceof ShortTable) {
      throw new EvenkeelException(
          "A table %s is stored in short: only gather can read it".formatted(matrix.shape()));
    }
    if (!(matrix.buffer() instanceof CudaBuffer buffer)) {
      throw new EvenkeelException(
          "A matrix %s of another device was given to the CUDA backend".formatted(matrix.shape()));
    }
    if (buffer.closed) {
      throw new EvenkeelException("Memory was used after it was closed");
    }
    return buffer;
  }

  long address() {
    return address;
  }

  /** The bfloat16 copy of these floats, made (not filled) where there was none. */
  long bfloat16Copy() {
    if (copy == 0) {
      copy = memory.allocate(length() * 2);
    }
    return copy;
  }

  boolean hasCopy() {
    return copy != 0;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      memory.free(address);
      if (copy != 0) {
        memory.free(copy);
      }
      memory.count(-length());
    }
  }
}
