package dev.evenkeel.backend.cuda.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.cuda.libraries.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * NVIDIA's libraries without a GPU, compiled from {@code fake_*.c}. JCuda's true natives call them,
 * in a process of its own, for a process loads natives once.
 */
record FakeCuda(Path folder, Path cache) {

  /** What a process printed, and what it ended with. */
  record Result(int exitCode, List<String> lines) {

    Result succeeded() {
      assertEquals(0, exitCode, this::toString);
      return this;
    }
  }

  /** Skips the test where there is no compiler, or not the machine that JCuda's natives are for. */
  static FakeCuda compile(Path folder) throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        Machine.here().unsupported().isEmpty(), "JCuda's natives here are for Linux on x86-64");
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/gcc")), "there is no gcc to make stand-ins with");
    Path libraries = Files.createDirectories(folder.resolve("cuda"));
    shared(libraries, "libcuda.so.1", "fake_cuda.c", "");
    shared(libraries, "libcublas.so.12", "fake_cublas.c", "libcublas.so.12");
    shared(libraries, "libcudnn.so.9", "fake_cudnn.c", "libcudnn.so.9");
    for (String empty : List.of("libcublasLt.so.12", "libcudnn_graph.so.9", "libcudnn_ops.so.9")) {
      shared(libraries, empty, "", "");
    }
    return new FakeCuda(libraries, folder.resolve("cache"));
  }

  /**
   * @param source a resource beside this class; empty for a library without functions
   * @param version node that its functions belong to; empty for none
   */
  static void shared(Path folder, String name, String source, String version)
      throws IOException, InterruptedException {
    Path code = folder.resolve(name + ".c");
    if (source.isEmpty()) {
      Files.writeString(code, "");
    } else {
      try (InputStream in = FakeCuda.class.getResourceAsStream(source)) {
        Files.write(code, in.readAllBytes());
      }
    }
    List<String> command =
        new ArrayList<>(List.of("gcc", "-shared", "-fPIC", "-O1", "-Wl,-soname," + name));
    if (!version.isEmpty()) {
      Path map = folder.resolve(name + ".map");
      Files.writeString(map, version + " { global: cu*; local: *; };");
      command.add("-Wl,--version-script=" + map);
    }
    command.addAll(List.of("-o", folder.resolve(name).toString(), code.toString(), "-lm", "-ldl"));
    Result result = run(new ProcessBuilder(command));
    assertEquals(0, result.exitCode, result::toString);
  }

  /** Runs a class with these libraries in place of NVIDIA's. */
  Result java(Map<String, String> environment, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    return java(System.getProperty("java.class.path"), environment, main, arguments);
  }

  Result java(String classPath, Map<String, String> environment, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                classPath,
                main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("EVENKEEL_CUDA", folder.toString());
    builder.environment().put("EVENKEEL_CACHE", cache.toString());
    builder.environment().putAll(environment);
    return run(builder);
  }

  static Result run(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return new Result(process.exitValue(), output.lines().toList());
  }
}
