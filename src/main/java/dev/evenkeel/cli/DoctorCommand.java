package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.SelfTest;
import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.jcuda.CudaSetup;
import dev.evenkeel.train.SavedModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    description =
        "Says what computes here: the CPU, and whether GPUs can be used, what is missing and how to get it; tests every operation.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class DoctorCommand implements Callable<Integer> {

  /** What the program ends with where no GPU can be used. */
  static final int NOT_USABLE = 3;

  @Option(
      names = "--gpu",
      paramLabel = "N",
      defaultValue = "0",
      description = "the GPU to test (default: ${DEFAULT-VALUE})")
  private int index;

  @Mixin private OutputOptions common;

  @Override
  public Integer call() {
    Flag.atLeast("--gpu", index, 0);
    CudaSetup setup = CudaSetup.get();
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("evenkeel", SavedModel.version());
    report.put("java", System.getProperty("java.version"));
    cpu(report);
    Optional<String> no = setup.machine().unsupported();
    if (no.isEmpty()) {
      parts(setup, report);
      gpus(setup, report);
      no = setup.unavailable(index);
    }
    if (no.isEmpty()) {
      no = selfTest(report);
    }
    report.put("usable", no.isEmpty());
    report.put("reason", no.orElse(null));
    common.say("");
    common.say("cuda:%d %s", index, no.isEmpty() ? "is ready" : "can't be used, since");
    no.ifPresent(reason -> inTheWay(setup, reason));
    common.result(report);
    return no.isEmpty() ? 0 : NOT_USABLE;
  }

  /** All that is missing, in the order of need, so that nobody has to come back for the next. */
  private void inTheWay(CudaSetup setup, String first) {
    List<CudaSetup.Part> missing =
        setup.machine().unsupported().isPresent()
            ? List.of()
            : setup.needed().stream().filter(part -> !part.isUsable()).toList();
    if (missing.isEmpty()) {
      common.say("  " + first);
    } else if (missing.size() == 1) {
      common.say("  " + first);
      common.say("  Only this is missing: " + missing.get(0).name());
    } else {
      for (int i = 0; i < missing.size(); i++) {
        common.say("  %d. %s", i + 1, missing.get(i).no().orElseThrow());
      }
    }
  }

  private void cpu(Map<String, Object> report) {
    String description;
    List<String> precisions = new ArrayList<>();
    try (Backend cpu = Device.cpu()) {
      description = cpu.description();
    }
    for (Precision precision : Precision.values()) {
      try {
        Device.open("cpu", DeviceOptions.defaults().withPrecision(precision), reason -> {}).close();
        precisions.add(precision.label());
      } catch (EvenkeelException e) {
        continue; // it says that the CPU hasn't got it
      }
    }
    report.put("cpu", Map.of("description", description, "precisions", precisions));
    line("CPU", String.join(", ", precisions), description.replaceFirst("^CPU, ", ""));
  }

  private void parts(CudaSetup setup, Map<String, Object> report) {
    List<Map<String, Object>> parts = new ArrayList<>();
    List<CudaSetup.Part> all = new ArrayList<>(setup.needed());
    all.add(setup.cudnn());
    for (CudaSetup.Part part : all) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", part.name());
      entry.put("version", part.version().orElse(null));
      String where = "";
      if (part.finding().isPresent() && part.finding().get().isFound()) {
        var finding = part.finding().get();
        entry.put("path", finding.file().orElseThrow().toString());
        entry.put("place", finding.place());
        where = "%s (%s)".formatted(finding.file().orElseThrow(), finding.place());
      }
      entry.put("missing", part.no().orElse(null));
      entry.put(
          "passed_over", part.finding().map(finding -> finding.passedOver()).orElse(List.of()));
      parts.add(entry);
      line(part.name(), part.version().orElse("missing"), where);
      if (part.isUsable()) {
        part.finding().ifPresent(f -> f.passedOver().forEach(one -> line("", "passed over:", one)));
      }
    }
    report.put("parts", parts);
    boolean cudnn = setup.cudnn().isUsable();
    report.put("batch_norm", cudnn ? List.of("ptx", "cudnn") : List.of("ptx"));
    // Optional: so it is told here, and not among what is in the way.
    setup.cudnn().no().ifPresent(reason -> line("", "optional:", reason));
    line(
        "batch norm",
        cudnn ? "PTX or cuDNN" : "PTX",
        cudnn
            ? "Evenkeel's own kernels; cuDNN by --norm-body cudnn, the faster of both by auto"
            : "Evenkeel's own kernels, which need no cuDNN");
  }

  private void gpus(CudaSetup setup, Map<String, Object> report) {
    List<Map<String, Object>> gpus = new ArrayList<>();
    for (CudaDriver.Properties gpu : setup.gpus()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("index", gpus.size());
      entry.put("name", gpu.name());
      entry.put("compute_capability", gpu.major() + "." + gpu.minor());
      entry.put("memory_mb", gpu.memory() >> 20);
      entry.put("multiprocessors", gpu.multiprocessors());
      line(
          "cuda:" + gpus.size(),
          gpu.major() + "." + gpu.minor(),
          "%s, %,d MB, %d multiprocessors"
              .formatted(gpu.name(), gpu.memory() >> 20, gpu.multiprocessors()));
      gpus.add(entry);
    }
    report.put("gpus", gpus);
  }

  /** Why the GPU is not to be trusted; empty where it is. */
  private Optional<String> selfTest(Map<String, Object> report) {
    List<SelfTest.Result> results;
    try (Backend gpu = Device.open("cuda:" + index, DeviceOptions.defaults(), common::say);
        Backend cpu = Device.cpu()) {
      results = SelfTest.run(gpu, cpu);
    }
    report.put("self_test", results);
    common.say("");
    for (SelfTest.Result result : results) {
      line(
          result.passed() ? "ok" : "WRONG",
          "%.1e".formatted(result.error()),
          "%s, %.2f ms".formatted(result.operation(), result.milliseconds()));
    }
    List<String> wrong =
        results.stream().filter(one -> !one.passed()).map(SelfTest.Result::operation).toList();
    return wrong.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "%d of %d operations differ from the CPU's: %s; please report it with this output"
                .formatted(wrong.size(), results.size(), String.join(", ", wrong)));
  }

  private void line(String name, String version, String text) {
    common.say("%-14s %-13s %s".formatted(name, version, text).stripTrailing());
  }
}
