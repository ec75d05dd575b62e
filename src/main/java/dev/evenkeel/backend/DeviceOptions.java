package dev.evenkeel.backend;

import java.util.Locale;
import java.util.Optional;

/**
 * How a device is to work.
 *
 * @param threads of the CPU backend
 * @param precision empty for what suits the device: FP32 on the CPU, TF32 on GPUs that have it
 * @param normBody which code runs batch norm on a GPU
 * @param replay how a GPU runs a sequence again; as a graph and eagerly it gives the same bits
 */
public record DeviceOptions(
    int threads, Optional<Precision> precision, NormBody normBody, Replay replay) {

  /**
   * Batch norm on a GPU: cuDNN's, our kernels, or whichever is faster for a shape. Which is faster
   * may differ from run to run, so only the other two repeat a run bit for bit.
   */
  public enum NormBody {
    AUTO,
    CUDNN,
    PTX
  }

  /** How a GPU runs a sequence of operations; all but the first are for measuring. */
  public enum Replay {
    /** Recorded once, then as a graph in which small products run beside other operations. */
    GRAPH,
    /** Recorded once, but one operation after the other. */
    CHAIN,
    /** Every kernel started by itself. */
    EAGER;

    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** As many threads as there are processors, and what suits the device. */
  public static DeviceOptions defaults() {
    return new DeviceOptions(
        Runtime.getRuntime().availableProcessors(), Optional.empty(), NormBody.PTX, Replay.GRAPH);
  }

  public DeviceOptions withThreads(int threads) {
    return new DeviceOptions(threads, precision, normBody, replay);
  }

  public DeviceOptions withPrecision(Precision precision) {
    return new DeviceOptions(threads, Optional.of(precision), normBody, replay);
  }

  public DeviceOptions withNormBody(NormBody normBody) {
    return new DeviceOptions(threads, precision, normBody, replay);
  }

  public DeviceOptions withReplay(Replay replay) {
    return new DeviceOptions(threads, precision, normBody, replay);
  }
}
