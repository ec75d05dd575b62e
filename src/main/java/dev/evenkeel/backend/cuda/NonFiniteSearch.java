package dev.evenkeel.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Looks for a NaN or an infinity in a matrix; the host waits for the answer. */
final class NonFiniteSearch {

  private final CudaDriver driver;
  private final CudaMemory memory;
  private final long stream;
  private final DataKernels kernels;
  private final long found;
  private final ByteBuffer foundOnHost;

  NonFiniteSearch(CudaMemory memory, DataKernels kernels) {
    this.driver = memory.driver;
    this.memory = memory;
    this.stream = memory.stream;
    this.kernels = kernels;
    this.found = memory.allocate(4);
    this.foundOnHost = driver.allocatePinned(4).order(ByteOrder.nativeOrder());
  }

  boolean finds(View x) {
    driver.fill(found, 0, 1, stream);
    kernels.findNonFinite(x, found).run();
    driver.copyToHost(found, foundOnHost, 0, 4, stream);
    driver.synchronize(stream);
    return foundOnHost.getInt(0) != 0;
  }

  void close() {
    driver.freePinned(foundOnHost);
    memory.free(found);
  }
}
