package dev.evenkeel.simulator;

import dev.evenkeel.backend.cuda.ElementType;
import dev.evenkeel.backend.cuda.View;

/**
 * Reads and writes matrices in simulated memory for the doubles of the libraries, checked once for
 * each row: bounds, alignment, and that all of it was written.
 */
final class Matrices {

  private Matrices() {}

  /** Row-major without gaps. */
  static float[] read(GlobalMemory memory, View view) {
    float[] values = new float[Math.toIntExact(view.size())];
    for (int row = 0; row < view.rows(); row++) {
      readRow(memory, view, row, values, row * view.columns());
    }
    return values;
  }

  private static void readRow(GlobalMemory memory, View view, int row, float[] values, int at) {
    int size = view.type().bytes;
    int bytes = view.columns() * size;
    long address = address(view, row);
    Allocation from = memory.find(address, bytes, "read of row " + row);
    GlobalMemory.requireAligned(address, size, "read of row " + row, from);
    int offset = (int) (address - from.address);
    if (!from.isWritten(offset, bytes)) {
      throw GlobalMemory.neverWritten(address, bytes, from);
    }
    for (int i = 0; i < view.columns(); i++) {
      values[at + i] =
          view.type() == ElementType.FLOAT32
              ? Float.intBitsToFloat((int) GlobalMemory.INTS.get(from.data, offset + 4 * i))
              : Bfloat16.toFloat((short) GlobalMemory.SHORTS.get(from.data, offset + 2 * i));
    }
  }

  /** Writes all rows, and nothing of what lies between them. */
  static void write(GlobalMemory memory, View view, float[] values) {
    int size = view.type().bytes;
    int bytes = view.columns() * size;
    for (int row = 0; row < view.rows(); row++) {
      long address = address(view, row);
      Allocation to = memory.find(address, bytes, "write of row " + row);
      GlobalMemory.requireAligned(address, size, "write of row " + row, to);
      int offset = (int) (address - to.address);
      int at = row * view.columns();
      for (int i = 0; i < view.columns(); i++) {
        if (view.type() == ElementType.FLOAT32) {
          GlobalMemory.INTS.set(to.data, offset + 4 * i, Float.floatToRawIntBits(values[at + i]));
        } else {
          GlobalMemory.SHORTS.set(to.data, offset + 2 * i, Bfloat16.of(values[at + i]));
        }
      }
      to.markWritten(offset, bytes);
    }
  }

  /** A float32 vector. */
  static float[] read(GlobalMemory memory, long address, int count) {
    return read(memory, View.floats(address, 1, count));
  }

  static void write(GlobalMemory memory, long address, float[] values) {
    write(memory, View.floats(address, 1, values.length), values);
  }

  /** Whether two matrices share any byte, or one's rows lie between the other's. */
  static boolean overlap(View a, View b) {
    return a.address() < end(b) && b.address() < end(a);
  }

  private static long end(View view) {
    return address(view, view.rows() - 1) + (long) view.columns() * view.type().bytes;
  }

  private static long address(View view, int row) {
    return view.address() + (long) row * view.pitch() * view.type().bytes;
  }
}
