package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.io.Json;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options that every command has. */
final class CommonOptions {

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
          "fp32, or on a GPU tf32 or bf16 (default: tf32 on GPUs that have it, else fp32)")
  Precision precision;

  @Option(
      names = "--norm-body",
      paramLabel = "BODY",
      defaultValue = "ptx",
      description =
          "who runs batch norm on a GPU: ptx (Evenkeel's kernels), cudnn, or auto, the faster by time, which may differ from run to run (default: ${DEFAULT-VALUE})")
  NormBody normBody;

  @Option(
      names = "--json",
      description = "print exactly one JSON object on stdout; all else goes to stderr")
  boolean json;

  @Option(names = "--debug", description = "show stack traces")
  boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  private boolean help;

  private String deviceReason = "";

  Backend open() {
    return open(true);
  }

  /** For a command that has much to look at before it computes: says nothing of the device yet. */
  Backend openUnsaid() {
    return openUnsaid(true);
  }

  /**
   * @param replays whether a GPU records sequences and replays them
   */
  Backend open(boolean replays) {
    Backend backend = openUnsaid(replays);
    sayDevice();
    return backend;
  }

  private Backend openUnsaid(boolean replays) {
    return Device.open(
        device, deviceOptions().withReplays(replays), reason -> deviceReason = reason);
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

  private boolean stdoutIsTaken;

  /** For a command that writes its result itself to stdout. */
  void takeStdout() {
    stdoutIsTaken = true;
  }

  /** A line for people: on stdout, or on stderr where stdout belongs to the result. */
  void say(String line) {
    (json || stdoutIsTaken ? System.err : System.out).println(line);
  }

  /** The one JSON object, where it was asked for. */
  void result(Map<String, Object> values) {
    if (json) {
      System.out.println(Json.write(values));
    }
  }
}
