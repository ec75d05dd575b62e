package dev.evenkeel.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the scripts for GPU servers say before they do anything; packing takes Maven a minute. */
class GpuScriptsTest {

  private static final Path BASH = Path.of("/bin/bash");

  @TempDir Path folder;

  private record Result(int exitCode, String output) {}

  /** Its own tests are the only ones that a bundle of words has. */
  private static final String JAVA =
      """
      #!/usr/bin/env bash
      case "$*" in
        *CheckReport*) exec '%s' -cp '%s' "$@" ;;
        *GpuTrainingTest*)
          echo "JUnit Jupiter > training > quick() :: SUCCESSFUL"
          echo "JUnit Jupiter > training > slow() :: STARTED"
          sleep 60 ;;
        *GpuMemoryTest*) echo "a fault :: STARTED"; echo "in libcublas" >hs_err_pid7.log; exit 134 ;;
      esac
      """;

  private static final String EVENKEEL =
      """
      #!/usr/bin/env bash
      echo '{"gpus":[{"name":"Big One"}],"python":"'"$VIRTUAL_ENV"'"}'
      """;

  /** A folder like the bundle, with programs that pretend. */
  private Path bundle(String script) throws Exception {
    Path bundle = Files.createDirectories(folder.resolve("bundle"));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    executable(bundle, "java-here", JAVA.formatted(java, System.getProperty("java.class.path")));
    executable(bundle, "evenkeel", EVENKEEL);
    executable(bundle, script, Files.readString(Path.of("scripts", script)));
    return bundle.resolve(script);
  }

  private static void executable(Path folder, String name, String text) throws IOException {
    Files.createDirectories(folder);
    Path file = Files.writeString(folder.resolve(name), text);
    assertTrue(file.toFile().setExecutable(true));
  }

  private Result run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    return new Result(process.exitValue(), output);
  }

  private Result script(String name, String... arguments) throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    List<String> command = new ArrayList<>(List.of(BASH.toString()));
    command.add(Path.of("scripts", name).toAbsolutePath().toString());
    command.addAll(Arrays.asList(arguments));
    return run(command.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu-bundle", "gpu-check", "gpu-bench"})
  void eachTellsHowItIsUsedAndRefusesWhatItDoesNotKnow(String name) throws Exception {
    Result help = script(name, "--help");
    assertEquals(0, help.exitCode());
    assertTrue(help.output().contains("Usage: ") && help.output().contains(name), help.output());
    assertTrue(!help.output().contains("set -"), help.output());
    Result unknown = script(name, "--nope");
    assertTrue(unknown.exitCode() > 0);
    assertEquals(
        "%s: unknown option '--nope'. help: %s%s --help\n"
            .formatted(name, name.equals("gpu-bundle") ? "scripts/" : "", name),
        unknown.output());
  }

  @ParameterizedTest
  @CsvSource({
    "gpu-check, --gpu, one, --gpu takes a number",
    "gpu-check, --limit, 0, --limit takes a number of seconds",
    "gpu-check, --minutes, soon, --minutes takes a whole number",
    "gpu-bench, --part, 4, '--part takes 1, 2 or 3'",
    "gpu-bench, --nets, 5, --nets takes numbers from 1 to 4",
    "gpu-bench, --precisions, fp8, '--precisions takes tf32, bf16 and fp32'",
    "gpu-bundle, --with-data, iris, '--with-data takes mnist or fashion-mnist, not ''iris'''"
  })
  void aWrongValueIsNamed(String name, String option, String value, String words) throws Exception {
    Result result = script(name, option, value);
    assertTrue(result.exitCode() > 0);
    assertTrue(result.output().startsWith(name + ": " + words), result.output());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu-check", "gpu-bench"})
  void outsideOfTheBundleEachSaysWhereItBelongs(String name) throws Exception {
    Result result = script(name);
    assertEquals(2, result.exitCode());
    assertTrue(
        result.output().contains("scripts/gpu-bundle packs one; run build/evenkeel-gpu/" + name),
        result.output());
  }

  @Test
  void aGroupThatHangsIsEndedAndAllOthersAreSummedUp() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    String check = bundle("gpu-check").toString();
    Result result = run(check, "--quick", "--limit", "1", "--out", "results");
    assertEquals(1, result.exitCode(), result.output());
    JsonNode summary =
        new ObjectMapper().readTree(folder.resolve("results/gpu-check.json").toFile());
    Map<String, String> failures = new HashMap<>();
    for (JsonNode group : summary.get("groups")) {
      group.get("failures").forEach(one -> failures.put(group.get("name").asText(), one.asText()));
    }
    assertEquals(
        Map.of(
            "training", "the program did not end in its time; it was at training > slow()",
            "memory", "the program ended with 134; it was at a fault"),
        failures);
    assertEquals("in libcublas\n", Files.readString(folder.resolve("results/hs_err_pid7.log")));
    assertEquals("FAILED", summary.get("verdict").asText());
    assertTrue(result.output().contains("until then 1 ok, 0 wrong"), result.output());
  }

  @Test
  void theTimeForEverythingEndsGroupsToo() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    String check = bundle("gpu-check").toString();
    // Of a minute that is over but for a second or two, the summary's seconds left out.
    Result result =
        run(
            BASH.toString(),
            "-c",
            "SECONDS=49; set -- --quick --minutes 1 --pack --out results; . " + check);
    assertEquals(1, result.exitCode(), result.output());
    try (Stream<Path> files = Files.list(folder.resolve("results"))) {
      assertEquals(List.of("gpu-check.tgz"), files.map(f -> f.getFileName().toString()).toList());
    }
    assertTrue(result.output().contains("training: the program did not end in its time"));
  }

  /** Wheels with NVIDIA's libraries lie where Python is, and Evenkeel looks there by this name. */
  @Test
  void thePythonInUseIsNamedAsTheEnvironment() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    executable(folder.resolve("bin"), "python3", "#!/bin/sh\necho /opt/somewhere\n");
    for (String script : List.of("gpu-check", "gpu-bench")) {
      Files.deleteIfExists(folder.resolve("results/doctor.json"));
      String start = "unset VIRTUAL_ENV; export PATH=%s/bin:$PATH; %s --out results %s";
      String rest = script.equals("gpu-check") ? "--quick --limit 1" : "--minutes 0.01";
      run(BASH.toString(), "-c", start.formatted(folder, bundle(script), rest));
      String doctor = Files.readString(folder.resolve("results/doctor.json"));
      assertTrue(doctor.contains("\"python\":\"/opt/somewhere\""), doctor);
    }
  }

  /** A Python with a torch of that CUDA, and wheels as both majors have them. */
  private Result benchWithTorch(String cuda, String set) throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    Assumptions.assumeTrue(run("env", "python3", "-V").exitCode() == 0, "there is no python3 here");
    Path site = Files.createDirectories(folder.resolve("site"));
    Files.writeString(
        site.resolve("torch.py"),
        """
        class cuda:
            is_available = staticmethod(lambda: True)
        class version:
            cuda = "%s"
        __version__ = "2.x"
        """
            .formatted(cuda));
    for (String file :
        List.of(
            "cublas/lib/libcublas.so.12",
            "cu13/lib/libcublas.so.13",
            "cu13/lib/libcudart.so.13",
            "cudnn/lib/libcudnn.so.9",
            "nccl/lib/libnccl.so.2")) {
      Path library = site.resolve("nvidia").resolve(file);
      Files.createDirectories(library.getParent());
      Files.writeString(library, "not a library");
    }
    Path bench = bundle("gpu-bench");
    executable(
        folder.resolve("bundle"),
        "evenkeel",
        "#!/usr/bin/env bash\necho \"ours from $EVENKEEL_CUDA\" >&2\necho '{}'\n");
    String start = "%s; export PYTHONPATH=%s; %s --minutes 0.01 --out results";
    return run(BASH.toString(), "-c", start.formatted(set, site, bench));
  }

  @Test
  void bothSidesTakeTheLibrariesOfPyTorchsWheels() throws Exception {
    String nvidia = folder.resolve("site/nvidia").toString();
    String twelve = benchWithTorch("12.8", "unset EVENKEEL_CUDA").output();
    assertTrue(
        twelve.contains("ours from %1$s/cublas/lib:%1$s/cudnn/lib\n".formatted(nvidia)), twelve);
    String thirteen = benchWithTorch("13.0", "unset EVENKEEL_CUDA").output();
    assertTrue(
        thirteen.contains("ours from %1$s/cu13/lib:%1$s/cudnn/lib\n".formatted(nvidia)), thirteen);
    assertTrue(thirteen.contains("PyTorch 2.x with CUDA 13.0\n"), thirteen);
    String own = benchWithTorch("13.0", "export EVENKEEL_CUDA=/own").output();
    assertTrue(own.contains("ours from /own\n"), own);
  }

  /**
   * gpu-bench with a Python whose torch.compile gives one result, and an Evenkeel.
   *
   * @param next what compiling does then
   */
  private Path benchOfWords(String next) throws Exception {
    executable(
        folder.resolve("bin"),
        "python3",
        """
        #!/usr/bin/env bash
        case "$*" in
          *sys.prefix*) echo /opt/somewhere ;;
          *eager,compile*)
            echo "PyTorch $5" >>'%1$s/order'
            one() { echo "{\\"net\\":\\"$1\\",\\"precision\\":\\"tf32\\",\\"mode\\":\\"$2\\",\\"step_ms\\":$3}"; }
            one "$5" eager 4
            one "$5" compile 3
            %2$s ;;
        esac
        """
            .formatted(folder, next));
    Path bench = bundle("gpu-bench");
    executable(
        folder.resolve("bundle"),
        "java-here",
        JAVA.formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty("java.class.path"))
            .replace("CheckReport", "GpuBench"));
    executable(
        folder.resolve("bundle"),
        "evenkeel",
        """
        #!/usr/bin/env bash
        echo "$*" >>'%1$s/asked'
        case "$*" in
          *"--replay chain"* | *"--replay eager"*) echo "ours otherwise" >>'%1$s/order'; exit 1 ;;
          *bench*) echo "ours" >>'%1$s/order'; echo "# SIGSEGV"; echo '{"mode":"graph","step_ms_median":2}' ;;
        esac
        """
            .formatted(folder));
    return bench;
  }

  /** A net at a time, what is wanted most first; compiling leaves time for the next net. */
  @Test
  void wholeStepsAreMeasuredNetByNetAndWhatIsMissingIsNamed() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    Path bench = benchOfWords("sleep 60");
    String start =
        "export PATH=%s/bin:$PATH; %s --part 3 --nets 1,4 --precisions tf32,bf16 --minutes 0.1 --pack --out results";
    Result result = run(BASH.toString(), "-c", start.formatted(folder, bench));
    assertEquals(0, result.exitCode(), result.output());
    String small = "784-512x3-10@256";
    String wide = "784-2048x4-10@512";
    assertEquals(
        List.of("ours", "ours", "PyTorch " + small, "ours", "ours", "PyTorch " + wide),
        Files.readAllLines(folder.resolve("order")).subList(0, 6));
    assertTrue(result.output().contains("\n# SIGSEGV\n"), result.output());
    String asked = Files.readString(folder.resolve("asked"));
    assertTrue(asked.contains("--steps 20000 --warmup 4000"), "more than a second: " + asked);
    assertTrue(
        result.output().contains("| %s | tf32 | 2.00 |  |  | 4.00 | 3.00 |".formatted(small)),
        result.output());
    assertTrue(
        result
            .output()
            .contains(
                ("Not measured, for want of time or because it failed: %1$s tf32 chain; %1$s tf32"
                        + " eager; %1$s bf16 chain; %1$s bf16 eager; %1$s bf16 PyTorch compile;"
                        + " %1$s bf16 PyTorch eager; ")
                    .formatted(small)),
        result.output());
    try (Stream<Path> files = Files.list(folder.resolve("results"))) {
      assertEquals(List.of("gpu-bench.tgz"), files.map(f -> f.getFileName().toString()).toList());
    }
  }

  /** timeout's signal, which all that runs in its process group gets. */
  @Test
  void whatWasMeasuredIsKeptWhenTheBenchmarkIsEnded() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    Path bench = benchOfWords("sleep 2; kill -TERM 0; sleep 60");
    String start =
        "export PATH=%s/bin:$PATH; timeout 60 %s --part 3 --nets 1 --precisions tf32,bf16 --pack --out results";
    Result result = run(BASH.toString(), "-c", start.formatted(folder, bench));
    assertEquals(143, result.exitCode(), result.output());
    assertTrue(
        result.output().contains("PyTorch compile, 784-512x3-10@256 tf32: step 3.00 ms"),
        result.output());
    assertEquals(
        new Result(0, ""),
        run("tar", "-C", folder.toString(), "-xzf", folder.resolve("results/gpu-bench.tgz") + ""));
    JsonNode json = new ObjectMapper().readTree(folder.resolve("gpu-bench-3.json").toFile());
    assertEquals(2, json.get("evenkeel").size(), json::toString);
    assertEquals(3, json.get("pytorch").get(1).get("step_ms").asDouble(), json::toString);
    assertTrue(json.get("missing").toString().contains("bf16 PyTorch compile"), json::toString);
  }

  /** What it runs has process groups of its own, which timeout's signal does not reach. */
  @Test
  void aCheckThatIsEndedEndsWhatItRunsAndSumsUp() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    Path check = bundle("gpu-check");
    Path java = folder.resolve("bundle/java-here");
    Path pid = folder.resolve("pid");
    Path program = folder.resolve("program");
    String killing = "echo $$ >'%s'; kill $(cat '%s'); sleep 60".formatted(program, pid);
    Files.writeString(java, Files.readString(java).replace("sleep 60", killing));
    String start = "echo $$ >'%s'; exec %s --quick --pack --out results".formatted(pid, check);
    long began = System.nanoTime();
    Result result = run(BASH.toString(), "-c", start);
    assertEquals(1, result.exitCode(), result.output());
    assertTrue(System.nanoTime() - began < 40e9, "it did not wait for the group");
    assertTrue(
        result.output().contains("training: the program did not end in its time; it was at"),
        result.output());
    assertTrue(
        result.output().contains("memory: the program did not end in its time"), result.output());
    assertTrue(Files.exists(folder.resolve("results/gpu-check.tgz")));
    long group = Long.parseLong(Files.readString(program).strip());
    assertTrue(ProcessHandle.of(group).isEmpty(), "the group's program was left behind");
  }

  /** A process of a test's own takes the memory and the caches that the bundle's script gives. */
  @Test
  void aChildIsStartedAsItsParentWas() throws Exception {
    assertEquals("-cp", Gpu.java().get(1));
    String bundle = Files.readString(Path.of("scripts/gpu-bundle"));
    Matcher set = Pattern.compile("\"-D(evenkeel[.]java)=\\$here/java-here\"").matcher(bundle);
    assertTrue(set.find(), "the bundle's Java knows its script");
    System.setProperty(set.group(1), "/bundle/java-here");
    try {
      assertEquals(List.of("/bundle/java-here"), Gpu.java());
    } finally {
      System.clearProperty(set.group(1));
    }
    assertTrue(
        bundle.indexOf("MaxRAMPercentage") < bundle.indexOf("${EVENKEEL_JAVA_OPTIONS:-}"),
        "options of the user's come last");
    assertTrue(
        bundle.contains("export CUDA_CACHE_PATH=${CUDA_CACHE_PATH:-$EVENKEEL_CACHE/kernels}"),
        "the driver's compiler runs once for all processes");
  }

  @Test
  void thePeerIsPythonThatCompiles() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/env"))
            && run("env", "python3", "--version").exitCode() == 0,
        "there is no python3 here");
    String peer = Path.of("scripts/peers/torch_mlp.py").toAbsolutePath().toString();
    Result result =
        run("env", "python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", peer);
    assertEquals(new Result(0, ""), result);
  }
}
