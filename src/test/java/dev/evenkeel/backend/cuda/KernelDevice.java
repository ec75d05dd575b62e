package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.simulator.ExecutionOptions;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedOptions;
import dev.evenkeel.tensor.Philox;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A simulated device whose matrices lie as a layout says. */
final class KernelDevice implements AutoCloseable {

  /** How a matrix lies in memory. */
  enum Layout {
    ANYWHERE(0),
    /** Sums are in another order. */
    PADDED(3e-6),
    /** Outputs are rounded to 8 bits of mantissa. */
    BFLOAT16(0x1p-8);

    final double tolerance;

    Layout(double tolerance) {
      this.tolerance = tolerance;
    }
  }

  private final Layout layout;
  private final SimulatedDriver driver;
  private final long stream;
  private final List<Long> memory = new ArrayList<>();
  final Kernels kernels;

  KernelDevice(Layout layout) {
    this(layout, 7);
  }

  KernelDevice(Layout layout, long seed) {
    this.layout = layout;
    driver =
        new SimulatedDriver(
            SimulatedOptions.standard(seed)
                .withExecution(ExecutionOptions.standard().withRaces(true)));
    stream = driver.createStream();
    long scratch = driver.allocate(Kernels.SCRATCH_BYTES);
    memory.add(scratch);
    driver.fill(scratch, 0, Kernels.SCRATCH_BYTES / 4, stream);
    kernels = new Kernels(new CudaMemory(driver, stream), scratch);
  }

  /** Normal numbers that bfloat16 holds as they are. */
  static float[] normal(int size, int seed) {
    Philox random = new Philox(seed, 0);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      int bits = Float.floatToIntBits((float) random.nextGaussian());
      values[i] = Float.intBitsToFloat(bits & 0xFFFF0000);
    }
    return values;
  }

  static float[] positive(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5f + Math.abs(values[i]);
    }
    return values;
  }

  void run(Operation operation) {
    operation.run();
    driver.synchronize(stream);
  }

  View input(int rows, int columns, int seed) {
    return input(rows, columns, normal(rows * columns, seed));
  }

  /** With NaN in the padding. */
  View input(int rows, int columns, float[] values) {
    ElementType type = layout == Layout.BFLOAT16 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
    int vector = layout == Layout.ANYWHERE ? 1 : 16 / type.bytes;
    int pitch = (columns + vector - 1) / vector * vector;
    ByteBuffer bytes = pinned(rows * pitch * type.bytes);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < pitch; j++) {
        float value = j < columns ? values[i * columns + j] : Float.NaN;
        if (type == ElementType.FLOAT32) {
          bytes.putFloat(value);
        } else {
          bytes.putShort((short) (Float.floatToIntBits(value) >>> 16));
        }
      }
    }
    long address = copied(bytes, layout == Layout.ANYWHERE ? 4 : 0);
    return new View(address, rows, columns, pitch, type);
  }

  View output(int rows, int columns) {
    float[] nothing = new float[rows * columns];
    Arrays.fill(nothing, Float.NaN);
    return input(rows, columns, nothing);
  }

  /** A vector, at an address that is no multiple of 16 unless the layout is padded. */
  long floats(float[] values) {
    ByteBuffer bytes = pinned(4 * values.length);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return copied(bytes, layout == Layout.PADDED ? 0 : 4);
  }

  long alignedFloats(float[] values) {
    ByteBuffer bytes = pinned(4 * values.length);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return copied(bytes, 0);
  }

  long integers(int... values) {
    ByteBuffer bytes = pinned(4 * values.length);
    for (int value : values) {
      bytes.putInt(value);
    }
    return copied(bytes, 0);
  }

  int findsNonFinite(View x) {
    long found = integers(0);
    run(kernels.data.findNonFinite(x, found));
    return Float.floatToRawIntBits(read(found, 1)[0]);
  }

  float[] read(View view) {
    float[] values = new float[view.rows() * view.columns()];
    ByteBuffer bytes = bytes(view.address(), view.rows() * view.pitch() * view.type().bytes);
    for (int i = 0; i < values.length; i++) {
      int at = i / view.columns() * view.pitch() + i % view.columns();
      values[i] =
          view.type() == ElementType.FLOAT32
              ? bytes.getFloat(4 * at)
              : Float.intBitsToFloat(bytes.getShort(2 * at) << 16);
    }
    driver.freePinned(bytes);
    return values;
  }

  float[] read(long address, int length) {
    return read(View.floats(address, 1, length));
  }

  private ByteBuffer bytes(long address, int bytes) {
    ByteBuffer buffer = pinned(bytes);
    driver.copyToHost(address, buffer, 0, bytes, stream);
    driver.synchronize(stream);
    return buffer;
  }

  private ByteBuffer pinned(int bytes) {
    return driver.allocatePinned(bytes).order(ByteOrder.nativeOrder());
  }

  private long copied(ByteBuffer bytes, int offset) {
    long address = driver.allocate(bytes.capacity() + offset);
    memory.add(address);
    driver.copyToDevice(bytes, 0, address + offset, bytes.capacity(), stream);
    driver.synchronize(stream);
    driver.freePinned(bytes);
    return address + offset;
  }

  @Override
  public void close() {
    driver.synchronize(stream);
    kernels.close();
    memory.forEach(driver::free);
    driver.destroyStream(stream);
    driver.close();
  }
}
