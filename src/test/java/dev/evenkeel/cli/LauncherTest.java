package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What scripts/evenkeel says before there is a Java to say anything. It builds nothing here. */
class LauncherTest {

  private static final Path BASH = Path.of("/bin/bash");
  private static final Path LAUNCHER = Path.of("scripts/evenkeel").toAbsolutePath();

  @TempDir Path folder;

  private record Result(int exitCode, String output) {}

  private Result bash(Map<String, String> environment, Object... args)
      throws IOException, InterruptedException {
    Assumptions.assumeTrue(Files.isExecutable(BASH), "there is no " + BASH + " here");
    ProcessBuilder builder = new ProcessBuilder(BASH.toString());
    List.of(args).forEach(arg -> builder.command().add(arg.toString()));
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    return new Result(process.exitValue(), output);
  }

  @Test
  void itIsAScriptThatBashUnderstands() throws Exception {
    assertEquals(new Result(0, ""), bash(Map.of(), "-n", LAUNCHER));
  }

  @Test
  void withoutJavaItSaysWhatToDoAlsoThroughALink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), LAUNCHER);
    for (Path script : List.of(LAUNCHER, link)) {
      Result result = bash(Map.of("PATH", ""), script, "train");
      assertEquals(1, result.exitCode());
      assertEquals(
          "evenkeel: there is no java on the PATH. help: install a JDK, version 17 or newer, or set JAVA_HOME\n",
          result.output());
    }
    Files.delete(link);
  }

  @Test
  void aWrongJavaHomeIsNamed() throws Exception {
    Result result = bash(Map.of("PATH", "/usr/bin:/bin", "JAVA_HOME", "/nope"), LAUNCHER, "train");
    assertEquals(1, result.exitCode());
    assertTrue(
        result.output().startsWith("evenkeel: JAVA_HOME is /nope, but there is no /nope/bin/java."),
        result.output());
  }
}
