package dev.evenkeel.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.evenkeel.backend.Precision;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The benchmark that {@code gpu-bench} starts: three parts, a table each. It runs Evenkeel's own
 * {@code bench} command and PyTorch, each configuration in turn, and sets one beside the other.
 */
public final class GpuBench {

  /** hidden × layers between inputs and outputs, on batches. */
  record Net(int inputs, int width, int layers, int outputs, int batch) {

    /** As torch_mlp.py reads it. */
    String name() {
      return "%d-%dx%d-%d@%d".formatted(inputs, width, layers, outputs, batch);
    }

    double flops() {
      double weights = (double) inputs * width + (layers - 1.0) * width * width + width * outputs;
      return 6 * batch * weights - 2.0 * batch * inputs * width;
    }

    String hidden() {
      return Stream.generate(() -> Integer.toString(width))
          .limit(layers)
          .collect(Collectors.joining(","));
    }

    /**
     * Steps that take a second and a half, by what a large GPU computes in it: as long as
     * PyTorch's, and a GPU that was idle, and Java, need some tenths of a second to run at their
     * speed.
     */
    int steps(Precision precision) {
      double rate =
          switch (precision) {
            case FP32 -> 4e13;
            case TF32 -> 2e14;
            case BF16 -> 4e14;
          };
      double seconds = flops() / rate + 2e-5 * layers;
      return (int) Math.max(10, Math.min(20_000, 1.5 / seconds));
    }
  }

  static final List<Net> NETS =
      List.of(
          new Net(784, 512, 3, 10, 256),
          new Net(4096, 4096, 8, 10, 8192),
          new Net(1024, 1024, 100, 10, 4096),
          new Net(784, 2048, 4, 10, 512));

  private static final String LAYERS =
      "256x784x512,256x512x512,8192x4096x4096,4096x1024x1024,512x784x2048,512x2048x2048,"
          + "4096x500x500,4096x501x501,4096x504x504";
  private static final String COPIES = "256x512,8192x4096,4096x1024,512x2048";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path out;
  private final boolean quick;
  private final Optional<Double> minutes;
  private final String gpu;
  private final Optional<String> python;
  private final Path peer;
  private final String launcher;
  private final List<Net> nets;
  private final List<Precision> precisions;
  private long deadline;

  /**
   * Arguments as gpu-bench gives them: part, folder, quick, minutes or nothing, GPU, Python,
   * script, nets, precisions, launcher.
   */
  public static void main(String[] args) throws Exception {
    GpuBench bench = new GpuBench(args);
    for (String part : args[0].equals("all") ? new String[] {"1", "2", "3"} : args[0].split(",")) {
      bench.run(Integer.parseInt(part));
    }
  }

  private GpuBench(String[] args) {
    this.out = Path.of(args[1]);
    this.quick = Boolean.parseBoolean(args[2]);
    this.minutes = Optional.of(args[3]).filter(m -> !m.isEmpty()).map(Double::valueOf);
    this.gpu = "cuda:" + args[4];
    this.python = Optional.of(args[5]).filter(path -> !path.isEmpty());
    this.peer = Path.of(args[6]);
    this.launcher = args[9];
    this.nets =
        args[7].isEmpty()
            ? NETS
            : Arrays.stream(args[7].split(","))
                .map(n -> NETS.get(Integer.parseInt(n) - 1))
                .toList();
    String asked = args[8].isEmpty() ? (quick ? "tf32" : "tf32,bf16,fp32") : args[8];
    this.precisions =
        Arrays.stream(asked.split(","))
            .map(p -> Precision.valueOf(p.toUpperCase(Locale.ROOT)))
            .toList();
  }

  private void run(int part) throws IOException, InterruptedException {
    deadline = System.nanoTime() + (long) (minutes.orElseGet(() -> minutes(part)) * 6e10);
    ObjectNode json = MAPPER.createObjectNode();
    json.put("date", LocalDate.now().toString()).put("part", part).put("quick", quick);
    say("");
    switch (part) {
      case 1 -> limits(json);
      case 2 -> kernels(json);
      case 3 -> steps(json);
      default -> throw new IllegalArgumentException("There is no part " + part);
    }
    save(json);
  }

  /** After each result: whoever is ended amid a measurement has those before it. */
  private void save(ObjectNode json) throws IOException {
    Path file = out.resolve("gpu-bench-%d.json".formatted(json.get("part").asInt()));
    Path whole = out.resolve("unfinished.json");
    Files.writeString(
        whole, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
    Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /** torch.compile alone takes half a minute for a net and precision. */
  private double minutes(int part) {
    return part == 3 ? (quick ? 3 : 8) : (quick ? 1 : 3);
  }

  // Programs

  /** Evenkeel's bench command; empty, with its words, where it fails. */
  private Optional<JsonNode> evenkeel(String arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(launcher));
    command.addAll(List.of("bench", "--json", "--device", gpu));
    command.addAll(List.of(arguments.split(" ")));
    List<JsonNode> lines = lines(command, ProcessBuilder.Redirect.INHERIT, deadline, one -> {});
    return lines.isEmpty() ? Optional.empty() : Optional.of(lines.get(lines.size() - 1));
  }

  /**
   * PyTorch's lines, as many as come until then; none where there is no PyTorch.
   *
   * @param heard is given each as it comes
   */
  private List<JsonNode> torch(String arguments, long until, Heard heard)
      throws IOException, InterruptedException {
    if (python.isEmpty()) {
      return List.of();
    }
    List<String> command = new ArrayList<>(List.of(python.get(), "-u", peer.toString()));
    command.addAll(List.of(arguments.split(" ")));
    // The compiler writes down what it tries, thousands of lines.
    return lines(
        command,
        ProcessBuilder.Redirect.appendTo(out.resolve("pytorch.log").toFile()),
        until,
        heard);
  }

  /** What is done with a line of a program's as it comes. */
  private interface Heard {
    void line(JsonNode one) throws IOException;
  }

  /** A program's lines of JSON on stdout, until its end or that time. */
  private static List<JsonNode> lines(
      List<String> command, ProcessBuilder.Redirect errors, long until, Heard heard)
      throws IOException, InterruptedException {
    long left = until - System.nanoTime();
    if (left <= 0) {
      return List.of();
    }
    Process process = new ProcessBuilder(command).redirectError(errors).start();
    List<JsonNode> lines = new ArrayList<>();
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader stdout = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = stdout.readLine(); line != null; line = stdout.readLine()) {
                  if (line.startsWith("{")) {
                    JsonNode one = MAPPER.readTree(line);
                    heard.line(one);
                    synchronized (lines) {
                      lines.add(one);
                    }
                  } else if (line.startsWith("#")) { // of a crash, and where it was
                    say(line);
                  }
                }
              } catch (IOException e) {
                System.err.println("gpu-bench: " + e.getMessage());
              }
            });
    reader.start();
    if (!process.waitFor(left, TimeUnit.NANOSECONDS)) {
      say(
          "(stopped at the end of its time: "
              + String.join(" ", command.subList(Math.max(0, command.size() - 6), command.size()))
              + ")");
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    reader.join(5000);
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  // Part 1

  private void limits(ObjectNode json) throws IOException, InterruptedException {
    say("Part 1: what this machine can do");
    String names = precisions.stream().map(Precision::label).collect(Collectors.joining(","));
    Optional<JsonNode> ours = evenkeel("--limits" + (quick ? " --quick" : ""));
    ours.ifPresent(one -> json.set("evenkeel", one));
    save(json);
    List<JsonNode> theirs =
        torch(
            "limits --layers %s --copies %s --precisions %s%s"
                .formatted(LAYERS, COPIES, names, quick ? " --quick" : ""),
            deadline,
            one -> {});
    array(json, "pytorch", theirs);
    say("");
    say(
        "| what | type | Evenkeel µs | GB/s or TFLOP/s | PyTorch µs | its rate | rate, of PyTorch's |");
    say("|---|---|---|---|---|---|---|");
    for (JsonNode copy : list(ours, "copies")) {
      JsonNode peer = like(copy, theirs, "shape", "type");
      limit(
          "copy " + copy.path("shape").asText(),
          copy.path("type").asText(),
          copy,
          peer,
          "gigabytesPerSecond",
          "gigabytes_per_second");
    }
    double worst = Double.POSITIVE_INFINITY;
    for (JsonNode product : list(ours, "products")) {
      JsonNode peer = like(product, theirs, "product", "m", "n", "k", "precision");
      String what =
          "%s %dx%dx%d"
              .formatted(
                  product.path("product").asText(),
                  product.path("m").asInt(),
                  product.path("n").asInt(),
                  product.path("k").asInt());
      double ratio =
          limit(what, product.path("precision").asText(), product, peer, "teraflops", "teraflops");
      worst = Double.isNaN(ratio) ? worst : Math.min(worst, ratio);
    }
    if (Double.isFinite(worst)) {
      say("Slowest product: %.2f of torch.mm's rate (aim: at least 0.98)", worst);
    }
  }

  private static double limit(
      String what, String type, JsonNode ours, JsonNode theirs, String key, String theirKey) {
    double ratio = number(ours, key) / number(theirs, theirKey);
    say(
        "| %s | %s | %s | %s | %s | %s | %s |",
        what,
        type,
        text(number(ours, "microseconds")),
        text(number(ours, key)),
        text(number(theirs, "microseconds")),
        text(number(theirs, theirKey)),
        text(ratio));
    return ratio;
  }

  // Part 2

  private void kernels(ObjectNode json) throws IOException, InterruptedException {
    say("Part 2: every kernel beside a copy of the same matrix");
    Optional<JsonNode> ours = evenkeel("--kernels" + (quick ? " --quick" : ""));
    ours.ifPresent(one -> json.set("evenkeel", one));
    List<JsonNode> all = list(ours, "kernels");
    say("");
    say(
        "| shape | type | forward, copies | backward, copies | cuDNN per activation | | cuDNN persistent | |");
    say("|---|---|---|---|---|---|---|---|");
    for (JsonNode one : all) {
      if (one.path("kernel").asText().equals("copy")) {
        String shape = one.path("shape").asText();
        String type = one.path("type").asText();
        Stream<String> copies =
            Stream.of("batch norm + relu", "cuDNN per activation", "cuDNN persistent")
                .flatMap(kernel -> Stream.of(kernel + " forward", kernel + " backward"))
                .map(kernel -> find(all, "kernel", kernel, "shape", shape, "type", type))
                .map(kernel -> text(number(kernel, "copies")));
        say("| %s | %s | %s |", shape, type, copies.collect(Collectors.joining(" | ")));
      }
    }
    say("(aims: forward at most 1.8 copies, backward 2.8, and no more than cuDNN)");
    all.stream()
        .filter(one -> one.path("kernel").asText().startsWith("AdamW"))
        .forEach(
            one ->
                say(
                    "%s, %s parameters: %.2f of a copy's bandwidth (aim: at least 0.85)",
                    one.path("kernel").asText(),
                    one.path("shape").asText(),
                    number(one, "ofCopy")));
  }

  // Part 3

  private void steps(ObjectNode json) throws IOException, InterruptedException {
    say("Part 3: whole steps");
    List<JsonNode> ours = new ArrayList<>();
    List<JsonNode> theirs = Collections.synchronizedList(new ArrayList<>());
    Heard heard =
        one -> {
          theirs.add(one);
          tell(one);
          save(json, ours, theirs);
        };
    for (int i = 0; i < nets.size(); i++) {
      Net net = nets.get(i);
      // What a net leaves over is the next one's.
      long share = (deadline - System.nanoTime()) / (nets.size() - i);
      long end = System.nanoTime() + share;
      step(net, "graph", ours);
      save(json, ours, theirs);
      // In one process, which takes long to start; compiling comes last, for it may take any time.
      torch(train(net), end, heard);
    }
    if (!quick) {
      for (String replay : List.of("chain", "eager")) {
        for (Net net : nets) {
          step(net, replay, ours);
        }
      }
    }
    table(ours, theirs);
    save(json, ours, theirs);
    List<String> missing = missing(ours, theirs);
    if (!missing.isEmpty()) {
      say("Not measured, for want of time or because it failed: " + String.join("; ", missing));
    }
  }

  private void save(ObjectNode json, List<JsonNode> ours, List<JsonNode> theirs)
      throws IOException {
    array(json, "evenkeel", ours);
    array(json, "pytorch", theirs);
    missing(ours, theirs).forEach(json.putArray("missing")::add);
    save(json);
  }

  /** A step of PyTorch's as it comes; all that is known of it, should there be no table. */
  private static void tell(JsonNode one) {
    say(
        "PyTorch %s, %s %s: step %s ms",
        one.path("mode").asText(),
        one.path("net").asText(),
        one.path("precision").asText(),
        text(number(one, "step_ms")));
  }

  private String train(Net net) {
    return "train --nets %s --precisions %s --seconds %s --modes eager,compile"
        .formatted(
            net.name(),
            precisions.stream().map(Precision::label).collect(Collectors.joining(",")),
            quick ? "0.5" : "1.5");
  }

  /** A net in all precisions, as long as there is time. */
  private void step(Net net, String replay, List<JsonNode> results)
      throws IOException, InterruptedException {
    for (Precision precision : precisions) {
      say("%s %s, %s:", net.name(), precision.label(), replay);
      step(net, precision, replay)
          .ifPresent(
              one ->
                  results.add(
                      ((ObjectNode) one)
                          .put("net", net.name())
                          .put("precision", precision.label())));
    }
  }

  /** Which columns of which rows are empty; all of PyTorch's are where there is none. */
  private List<String> missing(List<JsonNode> ours, List<JsonNode> theirs) {
    List<String> missing = new ArrayList<>();
    for (Net net : nets) {
      for (Precision precision : precisions) {
        String row = "%s %s ".formatted(net.name(), precision.label());
        if (!one(ours, net, precision, "graph").has("step_ms_median")) {
          missing.add(row + "graph");
        }
        for (String replay : quick ? List.<String>of() : List.of("chain", "eager")) {
          if (!one(ours, net, precision, replay).has("step_ms_median")) {
            missing.add(row + replay);
          }
        }
        for (String mode : python.isEmpty() ? List.<String>of() : List.of("compile", "eager")) {
          if (!one(theirs, net, precision, mode).has("step_ms")) {
            missing.add(row + "PyTorch " + mode);
          }
        }
      }
    }
    return missing;
  }

  private Optional<JsonNode> step(Net net, Precision precision, String replay)
      throws IOException, InterruptedException {
    int steps = net.steps(precision) / (quick ? 3 : 1);
    return evenkeel(
        "--in %d --out %d --hidden %s --batch %d --optimizer adam --steps %d --warmup %d --precision %s --replay %s"
            .formatted(
                net.inputs,
                net.outputs,
                net.hidden(),
                net.batch,
                Math.max(10, steps),
                Math.max(5, steps / 5),
                precision.label(),
                replay));
  }

  private void table(List<JsonNode> mine, List<JsonNode> theirs) {
    say("");
    say(
        "| net | precision | graph ms | chain ms | eager ms | PyTorch eager ms | compiled ms | nodes | host µs: graph | eager | PyTorch eager | compiled | device MB | PyTorch eager | compiled | of PyTorch eager | of compiled | memory |");
    say("|" + "---|".repeat(18));
    for (Net net : nets) {
      for (Precision precision : precisions) {
        JsonNode graph = one(mine, net, precision, "graph");
        JsonNode eager = one(mine, net, precision, "eager");
        JsonNode torch = one(theirs, net, precision, "eager");
        JsonNode compiled = one(theirs, net, precision, "compile");
        double step = number(graph, "step_ms_median");
        double memory =
            number(graph, "device_mb")
                / (compiled.has("device_mb")
                    ? number(compiled, "device_mb")
                    : number(torch, "device_mb"));
        List<Double> values =
            List.of(
                step,
                number(one(mine, net, precision, "chain"), "step_ms_median"),
                number(eager, "step_ms_median"),
                number(torch, "step_ms"),
                number(compiled, "step_ms"),
                number(graph, "nodes"),
                number(graph, "host_us_per_step"),
                number(eager, "host_us_per_step"),
                number(torch, "host_us_per_step"),
                number(compiled, "host_us_per_step"),
                number(graph, "device_mb"),
                number(torch, "device_mb"),
                number(compiled, "device_mb"),
                step / number(torch, "step_ms"),
                step / number(compiled, "step_ms"),
                memory);
        say(
            "| %s | %s | %s |",
            net.name(),
            precision.label(),
            values.stream().map(GpuBench::text).collect(Collectors.joining(" | ")));
      }
    }
    for (JsonNode result : theirs) {
      if (result.has("error")) {
        say("PyTorch failed: " + result);
      } else if (!result.path("how").asText().equals("eager")) {
        say(
            "%s %s compiled: %s, ready after %.0f s",
            result.path("net").asText(),
            result.path("precision").asText(),
            result.path("how").asText(),
            number(result, "ready_s"));
      }
    }
    if (python.isEmpty()) {
      say("There was no Python with a PyTorch that sees a GPU: PyTorch's columns are empty");
    }
  }

  private static JsonNode one(List<JsonNode> all, Net net, Precision precision, String mode) {
    return find(all, "net", net.name(), "precision", precision.label(), "mode", mode);
  }

  // JSON and words

  /** The first of which each key has the text behind it; empty where there is none. */
  private static JsonNode find(List<JsonNode> all, String... keysAndTexts) {
    Predicate<JsonNode> fits = one -> true;
    for (int i = 0; i < keysAndTexts.length; i += 2) {
      String key = keysAndTexts[i];
      String text = keysAndTexts[i + 1];
      fits = fits.and(one -> one.path(key).asText().equals(text));
    }
    return all.stream().filter(fits).findFirst().orElse(MAPPER.createObjectNode());
  }

  /** The first that is like another in those keys. */
  private static JsonNode like(JsonNode other, List<JsonNode> all, String... keys) {
    return find(
        all,
        Stream.of(keys)
            .flatMap(key -> Stream.of(key, other.path(key).asText()))
            .toArray(String[]::new));
  }

  private static List<JsonNode> list(Optional<JsonNode> node, String key) {
    List<JsonNode> all = new ArrayList<>();
    node.ifPresent(one -> one.path(key).forEach(all::add));
    return all;
  }

  private static void array(ObjectNode json, String key, List<JsonNode> values) {
    json.putArray(key).addAll(values);
  }

  /** NaN where it is not there. */
  private static double number(JsonNode node, String key) {
    return node.path(key).isNumber() ? node.path(key).asDouble() : Double.NaN;
  }

  /** Three digits that count; nothing for NaN. */
  private static String text(double value) {
    if (Double.isNaN(value)) {
      return "";
    }
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  private static void say(String format, Object... values) {
    System.out.println(values.length == 0 ? format : String.format(Locale.ROOT, format, values));
  }
}
