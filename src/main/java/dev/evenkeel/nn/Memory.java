package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;

/**
 * The activations' memory, planned while a pass is made: what is released is taken again by later
 * operations. Sized for the largest batch, so that passes over fewer rows find room in the same
 * memory; only one pass can be under way at a time.
 */
public final class Memory implements AutoCloseable {

  private final Backend backend;
  private final int maxRows;
  private final List<Buffer> all = new ArrayList<>();
  private final List<Buffer> free = new ArrayList<>();

  /**
   * What the last pass took, in order: an equal pass over fewer rows takes the same again. Looking
   * for the best fit anew could end elsewhere, since now all is free from the start, and so need
   * more.
   */
  private final List<Buffer> order = new ArrayList<>();

  private int taken;

  public Memory(Backend backend, int maxRows) {
    this.backend = backend;
    this.maxRows = maxRows;
  }

  public int maxRows() {
    return maxRows;
  }

  /** Floats in all. */
  public long size() {
    return all.stream().mapToLong(Buffer::length).sum();
  }

  /** Before a new pass is made: everything may be taken again. */
  public void reset() {
    free.clear();
    free.addAll(all);
    taken = 0;
  }

  public Matrix take(int rows, int columns) {
    return Matrix.of(take((long) maxRows * columns), rows, columns);
  }

  /** Memory whose size has nothing to do with the batch. */
  public Matrix takeFixed(int rows, int columns) {
    return Matrix.of(take((long) rows * columns), rows, columns);
  }

  private Buffer take(long length) {
    boolean known = taken < order.size();
    Buffer buffer = known ? order.get(taken) : null;
    if (!known || buffer.length() < length || !free.contains(buffer)) {
      buffer = smallestFree(length);
      if (buffer == null) {
        buffer = backend.allocate(length);
        all.add(buffer);
      }
      if (known) {
        order.set(taken, buffer);
      } else {
        order.add(buffer);
      }
    }
    free.remove(buffer);
    taken++;
    return buffer;
  }

  private Buffer smallestFree(long length) {
    Buffer best = null;
    for (Buffer buffer : free) {
      if (buffer.length() >= length && (best == null || buffer.length() < best.length())) {
        best = buffer;
      }
    }
    return best;
  }

  void release(Matrix matrix) {
    if (!free.contains(matrix.buffer())) {
      free.add(matrix.buffer());
    }
  }

  @Override
  public void close() {
    all.forEach(Buffer::close);
    all.clear();
    free.clear();
    order.clear();
  }
}
