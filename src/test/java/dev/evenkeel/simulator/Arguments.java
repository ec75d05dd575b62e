package dev.evenkeel.simulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/** Lays out a launch's arguments as the kernel reads them. */
final class Arguments {

  private static final Set<String> WHOLE_64 = Set.of("u64", "s64", "b64");
  private static final Set<String> WHOLE_32 = Set.of("u32", "s32", "b32");

  private Arguments() {}

  /** CUDA can't see a wrong number or type, and reads rubbish: here it is an error. */
  static byte[] bind(PtxKernel kernel, Object... arguments) {
    List<PtxKernel.Parameter> parameters = kernel.parameters();
    if (arguments.length != parameters.size()) {
      throw fault(
          "kernel %s takes %d arguments, given %d",
          kernel.name(), parameters.size(), arguments.length);
    }
    ByteBuffer bytes = ByteBuffer.allocate(kernel.parameterBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < arguments.length; i++) {
      PtxKernel.Parameter parameter = parameters.get(i);
      String type = parameter.type().replace(".", "");
      int at = parameter.offset();
      Object value = arguments[i];
      if (value instanceof LongSupplier asked && WHOLE_64.contains(type)) {
        bytes.putLong(at, asked.getAsLong());
      } else if (value instanceof Long one && WHOLE_64.contains(type)) {
        bytes.putLong(at, one);
      } else if (value instanceof Integer one && WHOLE_32.contains(type)) {
        bytes.putInt(at, one);
      } else if (value instanceof Float one && (type.equals("f32") || type.equals("b32"))) {
        bytes.putFloat(at, one);
      } else if (value instanceof Double one && (type.equals("f64") || type.equals("b64"))) {
        bytes.putDouble(at, one);
      } else {
        throw fault(
            "argument %d of kernel %s, %s, is .%s of %d bytes, given %s",
            i,
            kernel.name(),
            parameter.name(),
            type,
            parameter.bytes(),
            value == null ? "null" : value.getClass().getSimpleName() + " " + value);
      }
    }
    return bytes.array();
  }

  private static GpuFault fault(String format, Object... arguments) {
    return GpuFault.of(GpuFault.Kind.BAD_LAUNCH, format.formatted(arguments));
  }
}
