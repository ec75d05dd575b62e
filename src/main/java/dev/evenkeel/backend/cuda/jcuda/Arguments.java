package dev.evenkeel.backend.cuda.jcuda;

import java.nio.ByteBuffer;
import jcuda.Pointer;

/** The arguments of a kernel as cuLaunchKernel reads them, each time that it runs. */
final class Arguments {

  private Arguments() {}

  /** The values in memory of the host, eight bytes each, and a pointer to every one of them. */
  static Pointer of(Object... values) {
    ByteBuffer memory = Address.host(Math.max(1, values.length) * Long.BYTES);
    Pointer start = Pointer.to(memory);
    Pointer[] pointers = new Pointer[values.length];
    for (int i = 0; i < values.length; i++) {
      int at = i * Long.BYTES;
      if (values[i] instanceof Long value) {
        memory.putLong(at, value);
      } else if (values[i] instanceof Integer value) {
        memory.putInt(at, value);
      } else if (values[i] instanceof Float value) {
        memory.putFloat(at, value);
      } else if (values[i] instanceof Double value) {
        memory.putDouble(at, value);
      } else {
        throw new IllegalArgumentException(
            "Kernels take Long, Integer, Float and Double, and argument %d is %s"
                .formatted(i, values[i]));
      }
      pointers[i] = start.withByteOffset(at);
    }
    return Pointer.to(pointers);
  }
}
