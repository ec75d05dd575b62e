package dev.evenkeel.nn;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.tensor.Buffer;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A pass's memory, planned while the pass is made: what is released is taken again by later
 * operations. Sized for the largest batch, so that passes over fewer rows find room in the same
 * memory; only one pass can be under way at a time.
 */
public final class Memory implements AutoCloseable {

  private final Backend backend;
  private final int maxRows;
  private final Pool activations = new Pool();
  private final Pool floats = new Pool();

  /** Never released within a pass, so every pass finds the same weights in the same places. */
  private final Pool weights = new Pool();

  public Memory(Backend backend, int maxRows) {
    this.backend = backend;
    this.maxRows = maxRows;
  }

  public int maxRows() {
    return maxRows;
  }

  /** Before a new pass is made: everything may be taken again. */
  public void reset() {
    activations.reset();
    floats.reset();
    weights.reset();
  }

  /** Rows of activations, which the device may hold in a shorter type. */
  public Matrix take(int rows, int columns) {
    long length = (long) maxRows * columns;
    Buffer buffer = activations.take(length, () -> backend.allocateActivations(maxRows, columns));
    return Matrix.of(buffer, rows, columns);
  }

  /** Rows that must stay float32, such as targets. */
  public Matrix takeExact(int rows, int columns) {
    return Matrix.of(takeFloats((long) maxRows * columns), rows, columns);
  }

  /** float32 memory whose size has nothing to do with the batch. */
  public Matrix takeFixed(int rows, int columns) {
    return Matrix.of(takeFloats((long) rows * columns), rows, columns);
  }

  /** A weight that is made anew in every pass, stored as activations are. */
  Matrix takeWeight(int rows, int columns) {
    long length = (long) rows * columns;
    Buffer buffer = weights.take(length, () -> backend.allocateActivations(rows, columns));
    return Matrix.of(buffer, rows, columns);
  }

  private Buffer takeFloats(long length) {
    return floats.take(length, () -> backend.allocate(length));
  }

  void release(Matrix matrix) {
    (activations.all.contains(matrix.buffer()) ? activations : floats).release(matrix.buffer());
  }

  @Override
  public void close() {
    activations.close();
    floats.close();
    weights.close();
  }

  /** Buffers of one kind. */
  private static final class Pool {

    private final List<Buffer> all = new ArrayList<>();
    private final List<Buffer> free = new ArrayList<>();

    /**
     * What the last pass took, in order: an equal pass over fewer rows takes the same again.
     * Looking for the best fit anew could end elsewhere, since now all is free from the start, and
     * so need more.
     */
    private final List<Buffer> order = new ArrayList<>();

    private int taken;

    void reset() {
      free.clear();
      free.addAll(all);
      taken = 0;
    }

    Buffer take(long length, Supplier<Buffer> allocation) {
      boolean known = taken < order.size();
      Buffer buffer = known ? order.get(taken) : null;
      if (!known || buffer.length() < length || !free.contains(buffer)) {
        buffer = smallestFree(length);
        if (buffer == null) {
          buffer = allocation.get();
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

    void release(Buffer buffer) {
      if (!free.contains(buffer)) {
        free.add(buffer);
      }
    }

    void close() {
      all.forEach(Buffer::close);
      all.clear();
      free.clear();
      order.clear();
    }
  }
}
