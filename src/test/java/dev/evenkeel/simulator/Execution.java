package dev.evenkeel.simulator;

/** Runs launches. */
public final class Execution {

  private Execution() {}

  /** Runs one launch to its end, or throws the {@link GpuFault} it met. */
  public static void run(
      PtxKernel kernel,
      int gridX,
      int gridY,
      int blockX,
      int blockY,
      int dynamicSharedBytes,
      byte[] arguments,
      GlobalMemory memory,
      ExecutionOptions options) {
    throw new UnsupportedOperationException("not there yet");
  }
}
