package dev.evenkeel.backend.cuda.jcuda;

import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import jcuda.Pointer;

/** The arguments of a kernel as cuLaunchKernel reads them, each time that it runs. */
final class Arguments {

  /** Pointers to the values, which lie in memory of the host, eight bytes each. */
  final Pointer pointers;

  private final ByteBuffer memory;
  private final LongSupplier[] asked;

  Arguments(Object... values) {
    memory = Address.host(Math.max(1, values.length) * Long.BYTES);
    asked = new LongSupplier[values.length];
    Pointer start = Pointer.to(memory);
    Pointer[] all = new Pointer[values.length];
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
      } else if (values[i] instanceof LongSupplier value) {
        asked[i] = value;
      } else {
        throw new IllegalArgumentException(
            "Kernels take Long, Integer, Float, Double and LongSupplier, and argument %d is %s"
                .formatted(i, values[i]));
      }
      all[i] = start.withByteOffset(at);
    }
    pointers = Pointer.to(all);
  }

  /** Before a launch: what is asked anew each time. */
  void refresh() {
    for (int i = 0; i < asked.length; i++) {
      if (asked[i] != null) {
        memory.putLong(i * Long.BYTES, asked[i].getAsLong());
      }
    }
  }
}
