package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Outline;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.train.MemoryPlan;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "summary",
    description =
        "Shows a network: layers, widths, parameters, and the memory that it takes by device and batch. A GPU need not be there.",
    abbreviateSynopsis = true,
    sortOptions = false)
final class SummaryCommand implements Runnable {

  @Option(
      names = "--model",
      paramLabel = "DIR|FILE",
      description = "a run folder or model file, instead of the options of a network")
  private Path model;

  @Option(names = "--in", paramLabel = "N", description = "inputs, instead of --data")
  private Integer inputs;

  @Option(names = "--out", paramLabel = "N", description = "outputs, instead of --data")
  private Integer outputs;

  @Option(
      names = "--batch",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,128,1024",
      description = "rows of a mini-batch, one or several (default: ${DEFAULT-VALUE})")
  private List<Integer> batches;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description = Optimizer.NAMES + " (default: adamw, or the model's)")
  private String optimizer;

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      defaultValue = Defaults.PLAIN_NAME,
      description =
          "whose network, where its options are not given: plain or tabular (default: ${DEFAULT-VALUE})")
  private String recipe;

  @ArgGroup(validate = false, heading = "%nData, for the numbers of inputs and outputs:%n")
  private final DataOptions data = new DataOptions();

  @ArgGroup(validate = false, heading = "%nNetwork:%n")
  private final NetworkOptions network = new NetworkOptions();

  @Mixin private OutputOptions common;

  @Spec private CommandSpec spec;

  /** A network, and what decides its memory in training. */
  private record Subject(Network network, Recipe recipe) {}

  private record Row(String device, int batch, MemoryPlan memory) {}

  @Override
  public void run() {
    batches.forEach(batch -> Flag.atLeast("--batch", batch, 1));
    Subject subject = model != null ? trained() : described();
    List<Outline.Line> layers = Outline.of(subject.network);
    List<Row> memory = memory(subject);
    if (common.json) {
      common.result(result(subject, layers, memory));
    } else {
      show(subject, layers, memory);
    }
  }

  private Subject trained() {
    for (var option : spec.commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName();
      if (!List.of("--model", "--batch", "--optimizer", "--json", "--debug").contains(name)) {
        throw new EvenkeelException(
            "%s describes a network, but --model names one that is there. help: leave one of them out"
                .formatted(name));
      }
    }
    SavedModel saved = SavedModel.load(model);
    Optimizer rule = optimizer == null ? saved.recipe().optimizer() : optimizer("");
    return new Subject(saved.network(), saved.recipe().withOptimizer(rule));
  }

  private Subject described() {
    Defaults otherwise = Defaults.named(recipe);
    network.requireEffect(otherwise);
    if ((inputs == null) != (outputs == null)) {
      throw new EvenkeelException(
          "--in and --out go together, but only %s is given. help: give both, or neither and --data"
              .formatted(inputs == null ? "--out" : "--in"));
    }
    if (inputs != null) {
      Flag.atLeast("--in", inputs, 1);
      Flag.atLeast("--out", outputs, 1);
      Recipe recipe = outputs > 1 ? Recipe.classification() : Recipe.regression();
      return new Subject(
          network.network(otherwise, inputs, outputs), recipe.withOptimizer(optimizer("adamw")));
    }
    Dataset train = data.plan(otherwise, 1).load(System.err::println).train();
    Network described = network.network(otherwise, train.columns(), train.task().outputs());
    return new Subject(described, Recipe.of(train).withOptimizer(optimizer("adamw")));
  }

  private Optimizer optimizer(String otherwise) {
    String name = optimizer == null ? otherwise : optimizer;
    return Flag.of("--optimizer", () -> Optimizer.named(name, 1));
  }

  private List<Row> memory(Subject subject) {
    Map<String, Supplier<Backend>> devices = new LinkedHashMap<>();
    devices.put("cpu", () -> Device.cpu(1));
    devices.put("cuda", () -> CudaBackend.planner(Precision.FP32));
    devices.put("cuda, bf16", () -> CudaBackend.planner(Precision.BF16));
    List<Row> rows = new ArrayList<>();
    devices.forEach(
        (name, open) -> {
          for (int batch : batches) {
            try (Backend backend = open.get()) {
              rows.add(
                  new Row(
                      name, batch, MemoryPlan.of(subject.network, backend, subject.recipe, batch)));
            }
          }
        });
    return rows;
  }

  private void show(Subject subject, List<Outline.Line> layers, List<Row> memory) {
    print("%-6s %-26s %12s %14s %14s", "layer", "", "output", "parameters", "with decay");
    print("%-6s %-26s %12s", "", "input", "[N, " + subject.network.inputs() + "]");
    for (Outline.Line line : layers) {
      print(
          "%-6s %-26s %12s %14s %14s",
          line.name(),
          line.layer(),
          "[N, " + line.width() + "]",
          line.parameters() == 0 ? "" : "%,d".formatted(line.parameters()),
          line.decayed() == 0 ? "" : "%,d".formatted(line.decayed()));
    }
    print(
        "%s, %,d of them with weight decay; %,d running statistics",
        Words.counted(sum(layers, Outline.Line::parameters), "parameter"),
        sum(layers, Outline.Line::decayed),
        sum(layers, Outline.Line::statistics));
    print("");
    print("%-12s %8s %14s %14s", "memory on", "batch", "training", "inference");
    for (Row row : memory) {
      print(
          "%-12s %8d %14s %14s",
          row.device,
          row.batch,
          row.memory.training().isPresent()
              ? DeviceMemoryException.megabytes(row.memory.training().getAsLong())
              : "–",
          DeviceMemoryException.megabytes(row.memory.inference()));
    }
    print(
        "Data come on top. A GPU's numbers (cuda: fp32 or tf32) are counted without one, with the 34 MB that cuBLAS works in, and a quarter more where small products run beside others (4 MB before Hopper); the driver takes memory of its own.");
  }

  private static long sum(List<Outline.Line> layers, ToLongFunction<Outline.Line> what) {
    return layers.stream().mapToLong(what).sum();
  }

  private static void print(String format, Object... values) {
    System.out.println(format.formatted(values).stripTrailing());
  }

  private static Map<String, Object> result(
      Subject subject, List<Outline.Line> layers, List<Row> memory) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("inputs", subject.network.inputs());
    result.put("outputs", subject.network.outputs());
    result.put("parameters", sum(layers, Outline.Line::parameters));
    result.put("decayed", sum(layers, Outline.Line::decayed));
    result.put("statistics", sum(layers, Outline.Line::statistics));
    result.put("layers", layers);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Row row : memory) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("device", row.device);
      one.put("batch", row.batch);
      var training = row.memory.training();
      one.put("training_bytes", training.isPresent() ? training.getAsLong() : null);
      one.put("inference_bytes", row.memory.inference());
      rows.add(one);
    }
    result.put("memory", rows);
    return result;
  }
}
