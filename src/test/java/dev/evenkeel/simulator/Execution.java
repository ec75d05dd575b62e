package dev.evenkeel.simulator;

import dev.evenkeel.simulator.GpuFault.Kind;
import java.util.ArrayList;
import java.util.List;

/** Runs launches. */
public final class Execution {

  private static final int MAX_THREADS = 1024;
  private static final int MAX_GRID_Y = 65_535;

  /** More would have to be asked for, and only of memory that is not declared. */
  private static final int MAX_SHARED = 48 << 10;

  private Execution() {}

  /** Runs one launch to its end, or throws the {@link GpuFault} it met. */
  public static void run(
      PtxKernel kernel,
      int gridX,
      int gridY,
      int blockX,
      int blockY,
      byte[] arguments,
      GlobalMemory memory,
      ExecutionOptions options) {
    check(kernel, gridX, gridY, blockX, blockY, arguments);
    Launch launch =
        new Launch(kernel, new int[] {gridX, gridY, blockX, blockY}, arguments, memory, options);
    int helpers = options.races() ? 0 : Math.min(options.hostThreads(), launch.blocks()) - 1;
    List<Thread> threads = new ArrayList<>();
    for (int i = 1; i <= helpers; i++) {
      Worker worker = new Worker(launch, i);
      Thread thread = new Thread(() -> run(worker), "simulated GPU " + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    run(new Worker(launch, 0));
    for (Thread thread : threads) {
      join(thread);
    }
    if (launch.error != null) {
      throw launch.error;
    }
  }

  private static void run(Worker worker) {
    try {
      worker.run();
    } catch (RuntimeException e) {
      worker.launch.error = e;
    } catch (Error e) {
      worker.launch.error = new IllegalStateException("the simulated GPU broke down", e);
      throw e;
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a kernel ran", e);
    }
  }

  private static void check(
      PtxKernel kernel, int gridX, int gridY, int blockX, int blockY, byte[] arguments) {
    require(kernel, gridX >= 1 && gridY >= 1, "grid %d × %d, expected at least 1", gridX, gridY);
    require(kernel, gridY <= MAX_GRID_Y, "grid of %d in y, at most %d", gridY, MAX_GRID_Y);
    require(
        kernel,
        (long) gridX * gridY < 1 << 26,
        "%d blocks, more than is simulated",
        (long) gridX * gridY);
    require(kernel, blockX >= 1 && blockY >= 1, "block %d × %d", blockX, blockY);
    int threads = Math.multiplyExact(blockX, blockY);
    int most = Math.min(MAX_THREADS, kernel.maxThreads());
    require(kernel, threads <= most, "%d threads in a block, at most %d", threads, most);
    require(
        kernel,
        kernel.sharedBytes() <= MAX_SHARED,
        "%d bytes of shared memory, at most %d",
        kernel.sharedBytes(),
        MAX_SHARED);
    require(
        kernel,
        arguments.length == kernel.parameterBytes(),
        "%d bytes of arguments, expected %d",
        arguments.length,
        kernel.parameterBytes());
  }

  private static void require(PtxKernel kernel, boolean holds, String what, Object... values) {
    if (!holds) {
      throw GpuFault.of(
          Kind.BAD_LAUNCH, "launch of %s: %s".formatted(kernel.name(), what.formatted(values)));
    }
  }
}
