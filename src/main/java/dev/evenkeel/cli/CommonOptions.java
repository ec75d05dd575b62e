package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.DeviceOptions.Replay;
import dev.evenkeel.backend.Precision;
import picocli.CommandLine.Option;

/** Options of all commands that compute. */
final class CommonOptions extends OutputOptions {

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description = "auto, cpu, cuda or cuda:N (default: ${DEFAULT-VALUE})")
  String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads of the CPU backend (default: one per processor)")
  Integer threads;

  @Option(
      names = "--precision",
      paramLabel = "P",
      description =
          "fp32; bf16 on a GPU, or on CPUs with AMX and AMD's since Zen 4; tf32 on a GPU (default: tf32 on GPUs that have it, else fp32)")
  Precision precision;

  @Option(
      names = "--norm-body",
      paramLabel = "BODY",
      defaultValue = "ptx",
      description =
          "who runs batch norm on a GPU: ptx (Evenkeel's kernels), cudnn, or auto, the faster by time, which may differ from run to run (default: ${DEFAULT-VALUE})")
  NormBody normBody;

  private String deviceReason = "";

  Backend open() {
    Backend backend = openUnsaid(Replay.GRAPH);
    sayDevice();
    return backend;
  }

  /** For a command that has more to look at before it computes: says nothing of the device yet. */
  Backend openUnsaid(Replay replay) {
    return Device.open(device, deviceOptions().withReplay(replay), reason -> deviceReason = reason);
  }

  /** Why it is the CPU, where that was not chosen; what to do about it is told by doctor. */
  void sayDevice() {
    if (!deviceReason.isEmpty()) {
      System.err.println(deviceReason.split(": ", 2)[0] + "; evenkeel doctor says more");
    }
  }

  /** All but the device's name. */
  DeviceOptions deviceOptions() {
    if (threads != null && (threads < 1 || threads > 1024)) {
      throw new EvenkeelException("--threads takes 1 to 1024, not " + threads);
    }
    int count = threads != null ? threads : Runtime.getRuntime().availableProcessors();
    DeviceOptions options = DeviceOptions.defaults().withThreads(count).withNormBody(normBody);
    return precision == null ? options : options.withPrecision(precision);
  }
}
