package dev.evenkeel.backend.cuda.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evenkeel.cli.Main;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bodies on JCuda, with its true natives, over libraries that stand in for NVIDIA's. */
class JCudaTest {

  private static final String NOTHING_LEFT =
      "left: memory 0, pinned 0, streams 0, events 0, modules 0, graphs 0, executables 0";

  @TempDir static Path folder;

  private static FakeCuda cuda;

  @BeforeAll
  static void compile() throws Exception {
    cuda = FakeCuda.compile(folder);
  }

  private static List<String> exercise(String... arguments) throws Exception {
    return cuda.java(Map.of(), JCudaExercise.class, arguments).succeeded().lines();
  }

  @Test
  void theDriverGetsTheArgumentsAndGivesTheResults() throws Exception {
    assertEquals(List.of(NOTHING_LEFT), exercise("driver"));
  }

  @Test
  void closingTheDriverGivesEverythingBack() throws Exception {
    assertEquals(List.of(NOTHING_LEFT), exercise("leaks"));
  }

  @Test
  void anotherThreadMayGoOn() throws Exception {
    assertEquals(List.of(), exercise("threads"));
  }

  @Test
  void productsOfRowsWithGapsComeOutRightAndInThePrecisionAskedFor() throws Exception {
    List<String> lines = exercise("blas");
    assertEquals("workspace of 33554432 bytes", lines.get(0));
    assertEquals("types 0 0 0, compute 68, algorithm -1", lines.get(1), "FP32");
    assertTrue(lines.contains("types 0 0 0, compute 77, algorithm -1"), "TF32");
    assertTrue(lines.contains("types 14 14 0, compute 68, algorithm -1"), "bfloat16");
    assertEquals(NOTHING_LEFT, lines.get(lines.size() - 1));
  }

  @Test
  void batchNormIsDescribedToCudnnByStrides() throws Exception {
    List<String> lines = exercise("cudnn");
    assertTrue(lines.contains("tensor 0: 3 2 1 1, strides 4 1 1 1"), "per activation");
    assertTrue(lines.contains("tensor 0: 3 2 1 1, strides 4 1 4 4"), "channels last");
    assertTrue(lines.contains("descriptors left: 0"), lines::toString);
  }

  @Test
  void whatIsWrongWithTheDriverOrTheGpuIsSaid() throws Exception {
    assertEquals(List.of("available"), exercise("unavailable", "0"));
    assertEquals(
        List.of(
            "Fake 1 has compute capability 6.0, and 7.5 is the least that the kernels run on:"
                + " choose a GPU of Turing or later"),
        exercise("unavailable", "1"));
    assertEquals(
        List.of(
            "there is no GPU 5, for the driver sees 2, counted from 0: choose another, or look at"
                + " CUDA_VISIBLE_DEVICES"),
        exercise("unavailable", "5"));
    assertEquals(
        List.of(
            "the NVIDIA driver is of CUDA 11.4, and 12.0 is the oldest that will do: install"
                + " version 525 or newer"),
        cuda.java(Map.of("FAKE_DRIVER", "11040"), JCudaExercise.class, "unavailable", "0").lines());
    assertEquals(
        List.of(
            "the NVIDIA driver can't be started, CUDA_ERROR_NO_DEVICE (100): see whether nvidia-smi"
                + " lists the GPU, and whether CUDA_VISIBLE_DEVICES or the container hides it"),
        cuda.java(Map.of("FAKE_INIT", "100"), JCudaExercise.class, "unavailable", "0").lines());
  }

  /** cuBLAS and kernels need room as well, but the context is what a full GPU refuses first. */
  @Test
  void aGpuThatOthersFillIsSaid() throws Exception {
    FakeCuda.Result result =
        cuda.java(
            Map.of("FAKE_RETAIN", "2"), Main.class, "bench", "--device", "cuda", "--steps", "1");
    assertEquals(2, result.exitCode(), result::toString);
    String text = String.join("\n", result.lines());
    assertTrue(
        text.contains("Fake 0 has no room for a program more: others hold its 8,590 MB. help:"),
        text);
  }

  @Test
  void aBridgeIsBuiltToCublas13AndJcudaWorksThroughIt() throws Exception {
    Path newer = Files.createDirectories(folder.resolve("cuda-13"));
    Files.copy(cuda.folder().resolve("libcuda.so.1"), newer.resolve("libcuda.so.1"));
    FakeCuda.shared(newer, "libcublasLt.so.13", "", "");
    FakeCuda.shared(newer, "libcublas.so.13", "fake_cublas.c", "libcublas.so.13");
    FakeCuda machine = new FakeCuda(newer, folder.resolve("cache-13"));
    List<String> lines = machine.java(Map.of(), JCudaExercise.class, "blas").succeeded().lines();
    assertEquals(exercise("blas"), lines);
    assertEquals(
        List.of("15, CUBLAS_STATUS_NOT_SUPPORTED"),
        machine.java(Map.of(), JCudaExercise.class, "gone").succeeded().lines(),
        "what the stand-in does not have");
  }

  @Test
  void withoutJcudaTheDriverAloneIsNotEnough() throws Exception {
    String others =
        Stream.of(System.getProperty("java.class.path").split(":"))
            .filter(jar -> !jar.contains("/jcu") && !jar.contains("/jcudnn"))
            .collect(Collectors.joining(":"));
    FakeCuda.Result result =
        cuda.java(others, Map.of(), Main.class, "bench", "--device", "cuda", "--steps", "1");
    assertEquals(2, result.exitCode(), result::toString);
    String text = String.join("\n", result.lines());
    assertTrue(text.contains("--device cuda can't be used: JCuda is not on the class path"), text);
    assertTrue(text.contains("add org.jcuda:jcuda, jcublas and jcudnn"), text);
  }

  @Test
  void theBridgeKnowsEveryFunctionThatJcudaCalls() throws Exception {
    String native12 = "/lib/libJCublas2-%s-linux-x86_64.so".formatted(Natives.version());
    byte[] library;
    try (InputStream in = JCudaTest.class.getResourceAsStream(native12)) {
      library = in.readAllBytes();
    }
    String symbols =
        Files.readString(
            Path.of("src/main/resources/dev/evenkeel/backend/cuda/libraries/bridge-symbols.h"));
    Path file = Files.write(folder.resolve("native.so"), library);
    List<String> undefined =
        FakeCuda.run(new ProcessBuilder("nm", "-D", "--undefined-only", file.toString()))
            .succeeded()
            .lines()
            .stream()
            .filter(line -> line.endsWith("@libcublas.so.12"))
            .map(line -> line.strip().split("[ @]")[1])
            .sorted()
            .toList();
    assertTrue(undefined.size() > 100, undefined::toString);
    assertEquals(
        undefined,
        symbols
            .lines()
            .filter(line -> line.startsWith("FORWARD("))
            .map(line -> line.substring(8, line.length() - 1))
            .sorted()
            .toList());
  }

  @Test
  void doctorNamesTheOneThingThatIsMissing() throws Exception {
    Map<String, String> noGpu = Map.of("FAKE_INIT", "100");
    FakeCuda.Result result = cuda.java(noGpu, Main.class, "doctor");
    assertEquals(3, result.exitCode(), result::toString);
    String text = String.join("\n", result.lines());
    assertTrue(text.contains("CPU            fp32"), text);
    assertTrue(text.contains("cuBLAS         12.99.7       " + cuda.folder()), text);
    assertTrue(text.contains("cuDNN          9.7.4         " + cuda.folder()), text);
    assertTrue(text.contains("cuda:0 can't be used, since\n  the NVIDIA driver can't be"), text);
    assertTrue(text.endsWith("  Only this is missing: NVIDIA driver"), text);

    List<String> lines = cuda.java(noGpu, Main.class, "doctor", "--json").lines();
    JsonNode json = new ObjectMapper().readTree(lines.get(lines.size() - 1));
    assertTrue(json.get("cpu").get("description").asText().startsWith("CPU, "));
    assertEquals("fp32", json.get("cpu").get("precisions").get(0).asText());
    assertEquals(false, json.get("usable").asBoolean());
    assertTrue(json.get("reason").asText().contains("CUDA_ERROR_NO_DEVICE"));
    assertEquals(4, json.get("parts").size());
    assertEquals("12.99.7", json.get("parts").get(2).get("version").asText());
    assertEquals("EVENKEEL_CUDA", json.get("parts").get(2).get("place").asText());
    assertTrue(json.get("parts").get(2).get("missing").isNull());
    assertEquals("[\"ptx\",\"cudnn\"]", json.get("batch_norm").toString());
  }
}
