package dev.evenkeel.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** What tests of the simulated GPU share: modules from the resources, memory, launches. */
final class Gpu {

  final GlobalMemory memory = new GlobalMemory();
  ExecutionOptions options = ExecutionOptions.standard();

  /** The PTX of that name beside the tests. */
  static PtxModule module(String name) {
    String file = name + ".ptx";
    try (InputStream in = Gpu.class.getResourceAsStream(file)) {
      return PtxModule.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void run(PtxKernel kernel, int blocks, int threads, Object... arguments) {
    byte[] packed = pack(kernel, arguments);
    Execution.run(kernel, blocks, 1, threads, 1, packed, memory, options);
  }

  static byte[] pack(PtxKernel kernel, Object... arguments) {
    ByteBuffer packed = ByteBuffer.allocate(kernel.parameterBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < arguments.length; i++) {
      packed.position(kernel.parameters().get(i).offset());
      if (arguments[i] instanceof Long value) {
        packed.putLong(value);
      } else if (arguments[i] instanceof Integer value) {
        packed.putInt(value);
      } else if (arguments[i] instanceof Float value) {
        packed.putFloat(value);
      } else {
        packed.putDouble((Double) arguments[i]);
      }
    }
    return packed.array();
  }

  long floats(String label, float... values) {
    long address = memory.allocate(4L * values.length, label);
    for (int i = 0; i < values.length; i++) {
      memory.setFloat(address + 4L * i, values[i]);
    }
    return address;
  }

  long ints(String label, int... values) {
    long address = memory.allocate(4L * values.length, label);
    for (int i = 0; i < values.length; i++) {
      memory.setInt(address + 4L * i, values[i]);
    }
    return address;
  }

  float[] floats(long address, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = memory.getFloat(address + 4L * i);
    }
    return values;
  }
}
