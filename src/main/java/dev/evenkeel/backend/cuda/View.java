package dev.evenkeel.backend.cuda;

/**
 * A matrix as kernels see it: rows × columns elements in device memory, one row every {@code pitch}
 * elements. Rows of activations are padded, so that each begins at a multiple of 16 bytes; what is
 * in the padding means nothing, and kernels may write it.
 */
public record View(long address, int rows, int columns, int pitch, ElementType type) {

  /** float32 without gaps. */
  public static View floats(long address, int rows, int columns) {
    return new View(address, rows, columns, columns, ElementType.FLOAT32);
  }

  /** Whether every row begins at a multiple of 16 bytes and its last 16 bytes may be touched. */
  public boolean isAligned() {
    return address % 16 == 0 && pitch * (long) type.bytes % 16 == 0;
  }

  public long size() {
    return (long) rows * columns;
  }
}
