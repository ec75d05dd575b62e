package dev.evenkeel.backend;

import java.util.Optional;

/**
 * How a device is to work.
 *
 * @param threads of the CPU backend
 * @param precision empty for what suits the device: FP32 on the CPU, TF32 on GPUs that have it
 * @param normBody which code runs batch norm on a GPU
 * @param replays whether a GPU's sequences are recorded and replayed; one by one they give the same
 *     bits, and are for measuring
 */
public record DeviceOptions(
    int threads, Optional<Precision> precision, NormBody normBody, boolean replays) {

  /**
   * Batch norm on a GPU: cuDNN's, our kernels, or whichever is faster for a shape. Which is faster
   * may differ from run to run, so only the other two repeat a run bit for bit.
   */
  public enum NormBody {
    AUTO,
    CUDNN,
    PTX
  }

  /** As many threads as there are processors, and what suits the device. */
  public static DeviceOptions defaults() {
    return new DeviceOptions(
        Runtime.getRuntime().availableProcessors(), Optional.empty(), NormBody.PTX, true);
  }

  public DeviceOptions withThreads(int threads) {
    return new DeviceOptions(threads, precision, normBody, replays);
  }

  public DeviceOptions withPrecision(Precision precision) {
    return new DeviceOptions(threads, Optional.of(precision), normBody, replays);
  }

  public DeviceOptions withNormBody(NormBody normBody) {
    return new DeviceOptions(threads, precision, normBody, replays);
  }

  public DeviceOptions withReplays(boolean replays) {
    return new DeviceOptions(threads, precision, normBody, replays);
  }
}
