package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.tensor.Philox;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A device as benchmarks need it: memory for one measurement, which is given back as a whole, and a
 * clock that runs an operation on several sets of memory in turn, more than the cache holds.
 */
final class BenchDevice {

  private static final int MOST_SETS = 512;

  final CudaDriver driver;
  final long stream;
  final CudaMemory memory;
  final Kernels kernels;
  private final long scratch;
  private final int caches;
  private final GraphTimer timer;
  private final List<Long> taken = new ArrayList<>();

  /**
   * @param driver not closed with this
   */
  BenchDevice(CudaDriver driver, KernelBench.Effort effort) {
    this.driver = driver;
    this.stream = driver.createStream();
    this.memory = new CudaMemory(driver, stream);
    this.scratch = memory.allocate(Kernels.SCRATCH_BYTES);
    this.kernels = new Kernels(memory, scratch);
    this.caches = effort.caches();
    this.timer = new GraphTimer(driver, stream, effort.graphMilliseconds(), effort.replays());
  }

  long take(long bytes) {
    long address = memory.allocate(bytes);
    taken.add(address);
    return address;
  }

  long ones(int count) {
    long address = take(4L * count);
    driver.fill(address, Float.floatToRawIntBits(1), count, stream);
    return address;
  }

  /** Matrices of normal numbers: zeros would draw less power, and run faster than real data. */
  View[] matrices(int sets, int rows, int columns, ElementType type) {
    return matrices(sets, rows, columns, columns, type);
  }

  /** The same with rows padded as those of activations are. */
  View[] activations(int sets, int rows, int columns, ElementType type) {
    return matrices(sets, rows, columns, CudaBuffer.pitch(columns), type);
  }

  private View[] matrices(int sets, int rows, int columns, int pitch, ElementType type) {
    View first = View.floats(take(4L * rows * columns), rows, columns);
    fill(first);
    View[] all = new View[sets];
    for (int i = 0; i < sets; i++) {
      long address = take((long) rows * pitch * type.bytes);
      all[i] = new View(address, rows, columns, pitch, type);
      kernels.data.copy(first, all[i]).run();
    }
    return all;
  }

  private void fill(View matrix) {
    int drawn = (int) Math.min(matrix.size(), 1 << 18);
    Philox random = new Philox(1, matrix.size());
    ByteBuffer host = driver.allocatePinned(drawn * 4).order(ByteOrder.nativeOrder());
    for (int i = 0; i < drawn; i++) {
      host.putFloat(4 * i, (float) random.nextGaussian());
    }
    for (long at = 0; at < matrix.size(); at += drawn) {
      int count = (int) Math.min(drawn, matrix.size() - at);
      driver.copyToDevice(host, 0, matrix.address() + 4 * at, count * 4, stream);
    }
    driver.synchronize(stream);
    driver.freePinned(host);
  }

  /** Gives back what was taken. */
  void giveBack() {
    taken.forEach(memory::free);
    taken.clear();
  }

  /** As many sets of memory as the cache can't hold, two at least. */
  int sets(long bytesOfOne) {
    long wanted = driver.properties().l2Bytes() * caches / Math.max(1, bytesOfOne) + 1;
    return (int) Math.max(caches == 0 ? 1 : 2, Math.min(MOST_SETS, wanted));
  }

  /**
   * @param bound the operation on each of the sets
   */
  double microseconds(int sets, IntFunction<Operation> bound) {
    List<Operation> rotation = new ArrayList<>();
    for (int i = 0; i < sets; i++) {
      rotation.add(bound.apply(i));
    }
    return timer.microseconds(rotation);
  }

  void close() {
    driver.synchronize(stream);
    giveBack();
    memory.free(scratch);
    kernels.close();
    driver.destroyStream(stream);
  }
}
