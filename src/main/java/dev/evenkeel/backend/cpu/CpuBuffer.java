package dev.evenkeel.backend.cpu;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.concurrent.atomic.AtomicLong;

/** Memory of the CPU backend: a plain array, counted while it is open. */
final class CpuBuffer extends Buffer {

  private final AtomicLong allocated;
  private float[] data;

  CpuBuffer(float[] data, AtomicLong allocated) {
    super(data.length);
    this.data = data;
    this.allocated = allocated;
    allocated.addAndGet(data.length);
  }

  static float[] data(Matrix matrix) {
    if (matrix.buffer() instanceof InputTable) {
      throw new EvenkeelException(
          "A table %s is stored in short: only gather can read it".formatted(matrix.shape()));
    }
    if (!(matrix.buffer() instanceof CpuBuffer buffer)) {
      throw new EvenkeelException(
          "A matrix %s of another device was given to the CPU backend".formatted(matrix.shape()));
    }
    if (buffer.data == null) {
      throw new EvenkeelException("Memory was used after it was closed");
    }
    return buffer.data;
  }

  @Override
  public void close() {
    if (data != null) {
      allocated.addAndGet(-data.length);
      data = null;
    }
  }
}
