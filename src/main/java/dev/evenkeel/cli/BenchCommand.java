package dev.evenkeel.cli;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.DeviceOptions.Replay;
import dev.evenkeel.deploy.RowBench;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.train.Bench;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "bench",
    description =
        "Times training steps, or inference, on random data; beside it the time of the matrix products alone. On a GPU also single kernels.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class BenchCommand implements Runnable {

  @Option(
      names = "--in",
      paramLabel = "N",
      defaultValue = "784",
      description = "inputs (default: ${DEFAULT-VALUE})")
  private int inputs;

  @Option(
      names = "--out",
      paramLabel = "N",
      defaultValue = "10",
      description = "outputs (default: ${DEFAULT-VALUE})")
  private int outputs;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "256",
      description = "rows of a mini-batch (default: ${DEFAULT-VALUE})")
  private int batch;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "adam",
      description = Optimizer.NAMES + " (default: ${DEFAULT-VALUE})")
  private String optimizer;

  @Option(
      names = "--lr",
      paramLabel = "R",
      defaultValue = "1e-3",
      description = "learning rate (default: ${DEFAULT-VALUE})")
  private double learningRate;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "200",
      description = "timed steps (default: ${DEFAULT-VALUE})")
  private int steps;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      description =
          "steps before (default: 50, and as many as take 3 seconds: Java compiles what runs often)")
  private Integer warmup;

  @Option(names = "--infer", description = "time inference instead of training")
  private boolean infer;

  @Option(
      names = "--single",
      description = "time a predictor's answer for one row, in plain Java without a backend")
  private boolean single;

  @Option(
      names = "--replay",
      paramLabel = "WAY",
      defaultValue = "graph",
      description =
          "how a GPU repeats a step: graph, where small products run beside other operations; chain, one after the other; or eager, every kernel started by itself (default: ${DEFAULT-VALUE})")
  private Replay replay;

  @Option(
      names = "--limits",
      description = "on a GPU, time copies and matrix products instead: what the machine can do")
  private boolean limits;

  @Option(
      names = "--kernels",
      description = "on a GPU, time every kernel instead, each beside a copy of the same matrix")
  private boolean kernels;

  @Option(names = "--quick", description = "with --limits and --kernels: a shorter look")
  private boolean quick;

  @Option(names = "--profile", description = "show every operation, timed alone")
  private boolean profile;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "of the data (default: ${DEFAULT-VALUE})")
  private long seed;

  @ArgGroup(validate = false, heading = "%nNetwork:%n")
  private final NetworkOptions network = new NetworkOptions();

  @Mixin private CommonOptions common;

  @Override
  public void run() {
    Flag.atLeast("--in", inputs, 1);
    Flag.atLeast("--out", outputs, 1);
    Flag.atLeast("--batch", batch, 1);
    Flag.atLeast("--steps", steps, 1);
    if (warmup != null) {
      Flag.atLeast("--warmup", warmup, 0);
    }
    int before = warmup == null ? Bench.UNTIL_COMPILED : warmup;
    if (limits || kernels) {
      new KernelTables(common, quick).show(limits, kernels);
      return;
    }
    Optimizer rule = Flag.of("--optimizer", () -> Optimizer.named(optimizer, 1));
    Optimizer paced = Flag.of("--lr", () -> rule.withLearningRate(learningRate));
    Network description = network.network(Defaults.PLAIN, inputs, outputs);
    network.requireEffect(Defaults.PLAIN);
    if (single) {
      showSingle(description);
      return;
    }
    try (DeviceWatch watch = DeviceWatch.of(common.device);
        Backend backend = common.openUnsaid(replay)) {
      common.sayDevice();
      Bench bench = new Bench(description, backend, batch, seed);
      Bench.Result result = infer ? bench.infer(steps, before) : bench.train(paced, steps, before);
      show(backend, result, watch.taken());
    }
  }

  private void showSingle(Network description) {
    RowBench.Result result = RowBench.time(description, steps, seed);
    common.say(
        "one row %.4g µs median (p10 %.4g, p90 %.4g)", result.median(), result.p10(), result.p90());
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("row_us_median", result.median());
    values.put("row_us_p10", result.p10());
    values.put("row_us_p90", result.p90());
    values.put("parameters", result.parameters());
    common.result(values);
  }

  private void show(Backend backend, Bench.Result result, long taken) {
    boolean onGpu = !backend.device().equals("cpu");
    Optional<Long> peak = peakResidentMb();
    common.say(backend.description());
    common.say(
        "%s %.4g ms median (p10 %.4g, p90 %.4g), %,.0f examples/s%s",
        infer ? "inference" : "step",
        result.medianMs(),
        result.p10Ms(),
        result.p90Ms(),
        result.examplesPerSecond(),
        peak.map(", peak memory %d MB"::formatted).orElse(""));
    common.say(
        "floor: matrix products alone %.4g ms, and %.4g MB to move beside them",
        result.gemmMs(), result.moveMb());
    if (onGpu) {
      common.say(
          "%s: the host starts a step in %.1f µs; %,.1f MB of device memory held, %,.1f MB taken of the driver",
          replay == Replay.EAGER
              ? "one by one"
              : "%s of %d nodes".formatted(replay.label(), result.nodes()),
          result.hostMicroseconds(),
          result.deviceBytes() * 1e-6,
          taken * 1e-6);
    }
    if (profile) {
      for (Bench.Timed one : result.operations()) {
        common.say("%10.1f µs  %s", one.microseconds(), one.name());
      }
    }
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("device", backend.device());
    values.put("step_ms_median", result.medianMs());
    values.put("step_ms_p10", result.p10Ms());
    values.put("step_ms_p90", result.p90Ms());
    values.put("examples_per_s", result.examplesPerSecond());
    values.put("final_loss", infer ? null : result.finalLoss());
    values.put("peak_rss_mb", peak.orElse(null));
    values.put("gemm_ms", result.gemmMs());
    values.put("move_mb", result.moveMb());
    values.put("parameters", result.parameters());
    if (onGpu) {
      values.put("description", backend.description());
      values.put("mode", replay.label());
      values.put("nodes", result.nodes());
      values.put("host_us_per_step", result.hostMicroseconds());
      values.put("device_mb", result.deviceBytes() * 1e-6);
      values.put("driver_mb", taken * 1e-6);
    }
    common.result(values);
  }

  /** The largest resident memory of this process so far, where the system says it. */
  private static Optional<Long> peakResidentMb() {
    try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
      return status
          .filter(line -> line.startsWith("VmHWM:"))
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }
}
