package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Rows;
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

  Staging(CudaMemory memory) {
    this.driver = memory.driver;
    this.stream = memory.stream;
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

  /** The same of rows that lie in no array: the workers read some at a time. */
  void upload(Rows source, View target, Workers workers) {
    int width = target.columns();
    int most = Math.max(1, BYTES / 4 / width);
    for (int from = 0; from < target.rows(); from += most) {
      int first = from;
      int count = Math.min(most, target.rows() - first);
      float[] some = new float[count * width];
      workers.run(
          (worker, all) -> {
            int end = (int) ((worker + 1L) * count / all);
            for (int i = (int) ((long) worker * count / all); i < end; i++) {
              source.read(first + i, some, i * width);
            }
          });
      long start = target.address() + (long) from * target.pitch() * target.type().bytes;
      upload(some, new View(start, count, width, target.pitch(), target.type()));
    }
  }

  /** Converted to the view's type; what its padding holds means nothing before and after. */
  void upload(float[] source, View target) {
    checkLength(source.length, target);
    int column = 0;
    int next = 0;
    for (long from = 0; from < length(target); from += piece(target)) {
      int count = (int) Math.min(piece(target), length(target) - from);
      if (isPlain(target)) {
        pinned.asFloatBuffer().put(source, (int) from, count);
      } else {
        for (int i = 0; i < count; i++) {
          if (column < target.columns()) {
            put(target.type(), i, source[next++]);
          }
          column = column + 1 == target.pitch() ? 0 : column + 1;
        }
      }
      int bytes = target.type().bytes;
      driver.copyToDevice(pinned, 0, target.address() + from * bytes, count * bytes, stream);
      driver.synchronize(stream);
    }
  }

  void download(View source, float[] target) {
    checkLength(target.length, source);
    int column = 0;
    int next = 0;
    for (long from = 0; from < length(source); from += piece(source)) {
      int count = (int) Math.min(piece(source), length(source) - from);
      int bytes = source.type().bytes;
      driver.copyToHost(source.address() + from * bytes, pinned, 0, count * bytes, stream);
      driver.synchronize(stream);
      if (isPlain(source)) {
        pinned.asFloatBuffer().get(target, (int) from, count);
        continue;
      }
      for (int i = 0; i < count; i++) {
        if (column < source.columns()) {
          target[next++] = get(source.type(), i);
        }
        column = column + 1 == source.pitch() ? 0 : column + 1;
      }
    }
  }

  /** Whether it lies in memory as the host's array does. */
  private static boolean isPlain(View view) {
    return view.type() == ElementType.FLOAT32 && view.pitch() == view.columns();
  }

  /** Elements from a view's first to its last, padding between its rows included. */
  private static long length(View view) {
    return view.size() == 0 ? 0 : (view.rows() - 1L) * view.pitch() + view.columns();
  }

  /** Elements that the pinned buffer holds. */
  private static int piece(View view) {
    return BYTES / view.type().bytes;
  }

  private static void checkLength(int length, View view) {
    if (length != (long) view.rows() * view.columns()) {
      throw new EvenkeelException(
          "An array of %d floats does not match a matrix [%d, %d]"
              .formatted(length, view.rows(), view.columns()));
    }
  }

  private void put(ElementType type, int i, float value) {
    if (type == ElementType.FLOAT32) {
      pinned.putFloat(4 * i, value);
    } else {
      pinned.putShort(2 * i, bfloat16(value));
    }
  }

  private float get(ElementType type, int i) {
    return type == ElementType.FLOAT32
        ? pinned.getFloat(4 * i)
        : Float.intBitsToFloat(pinned.getShort(2 * i) << 16);
  }

  /** The nearest bfloat16, the even one of two; a NaN stays one. */
  static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  void close() {
    driver.freePinned(pinned);
  }
}
