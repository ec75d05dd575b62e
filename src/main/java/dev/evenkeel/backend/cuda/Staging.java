package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Copies between arrays of the host and device memory, through one pinned buffer, and waits for
 * them. Not for steps: for parameters, tables, results.
 */
final class Staging {

  private static final int BYTES = 4 << 20;

  private final CudaDriver driver;
  private final long stream;
  private final ByteBuffer pinned;

  Staging(CudaDriver driver, long stream) {
    this.driver = driver;
    this.stream = stream;
    this.pinned = driver.allocatePinned(BYTES).order(ByteOrder.nativeOrder());
  }

  void upload(int[] source, long target) {
    for (int from = 0; from < source.length; from += BYTES / 4) {
      int count = Math.min(BYTES / 4, source.length - from);
      pinned.asIntBuffer().put(source, from, count);
      driver.copyToDevice(pinned, 0, target + 4L * from, 4 * count, stream);
      driver.synchronize(stream);
    }
  }

  /** Row after row, converted to the view's type; padding is left alone. */
  void upload(float[] source, View target) {
    checkLength(source.length, target);
    Rows rows = new Rows(target);
    for (int row = 0; row < target.rows(); row += rows.perCopy) {
      for (int from = 0; from < rows.length; from += rows.piece) {
        rows.at(row, from);
        for (int i = 0; i < rows.count; i++) {
          for (int j = 0; j < rows.width; j++) {
            put(target.type(), rows.place(i, j), source[rows.index(i, j)]);
          }
        }
        driver.copyToDevice(pinned, 0, rows.address, rows.bytes, stream);
        driver.synchronize(stream);
      }
    }
  }

  void download(View source, float[] target) {
    checkLength(target.length, source);
    Rows rows = new Rows(source);
    for (int row = 0; row < source.rows(); row += rows.perCopy) {
      for (int from = 0; from < rows.length; from += rows.piece) {
        rows.at(row, from);
        driver.copyToHost(rows.address, pinned, 0, rows.bytes, stream);
        driver.synchronize(stream);
        for (int i = 0; i < rows.count; i++) {
          for (int j = 0; j < rows.width; j++) {
            target[rows.index(i, j)] = get(source.type(), rows.place(i, j));
          }
        }
      }
    }
  }

  private static void checkLength(int length, View view) {
    if (length != (long) view.rows() * view.columns()) {
      throw new EvenkeelException(
          "An array of %d floats does not match a matrix [%d, %d]"
              .formatted(length, view.rows(), view.columns()));
    }
  }

  private void put(ElementType type, int place, float value) {
    if (type == ElementType.FLOAT32) {
      pinned.putFloat(place, value);
    } else {
      pinned.putShort(place, bfloat16(value));
    }
  }

  private float get(ElementType type, int place) {
    return type == ElementType.FLOAT32
        ? pinned.getFloat(place)
        : Float.intBitsToFloat(pinned.getShort(place) << 16);
  }

  /** The nearest bfloat16, the even one of two; a NaN stays one. */
  static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /** A walk over a view in pieces that fit the pinned buffer: several rows, or a part of one. */
  private static final class Rows {
    private final View view;
    private final int length;
    private final int piece;
    private final int perCopy;
    private int row;
    private int from;
    private int count;
    private int width;
    private long address;
    private int bytes;

    Rows(View view) {
      this.view = view;
      this.length = view.columns();
      int elements = BYTES / view.type().bytes;
      this.piece = view.pitch() <= elements ? Math.max(1, length) : elements;
      this.perCopy = Math.max(1, elements / Math.max(1, view.pitch()));
    }

    void at(int row, int from) {
      this.row = row;
      this.from = from;
      this.count = Math.min(perCopy, view.rows() - row);
      this.width = Math.min(piece, length - from);
      long first = (long) row * view.pitch() + from;
      this.address = view.address() + first * view.type().bytes;
      this.bytes = ((count - 1) * view.pitch() + width) * view.type().bytes;
    }

    int place(int i, int j) {
      return (i * view.pitch() + j) * view.type().bytes;
    }

    int index(int i, int j) {
      return (row + i) * length + from + j;
    }
  }

  void close() {
    driver.freePinned(pinned);
  }
}
