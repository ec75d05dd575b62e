package dev.evenkeel.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
