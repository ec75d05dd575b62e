package dev.evenkeel.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The PTX that ships: what its sources compile to, for every GPU that it names, without spills. */
class PtxFilesTest {

  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)\\(");

  /** What ptxas -v says of a kernel. */
  private static final Pattern PROPERTIES =
      Pattern.compile(
          "Function properties for (\\w+)\\s+(\\d+) bytes stack frame, (\\d+) bytes spill stores,"
              + " (\\d+) bytes spill loads");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"kernels-sm75.ptx, 6.3, sm_75", "kernels-sm80.ptx, 7.0, sm_80"})
  void headersNameTheOldestVersionAndTarget(String module, String version, String target) {
    String text = KernelModules.text(module);
    assertTrue(text.startsWith(".version %s\n.target %s\n".formatted(version, target)), module);
  }

  @ParameterizedTest
  @CsvSource({"kernels-sm75.ptx", "kernels-sm80.ptx"})
  void kernelsAreThoseThatJavaNames(String module) {
    List<String> entries = new ArrayList<>();
    for (MatchResult entry : ENTRY.matcher(KernelModules.text(module)).results().toList()) {
      entries.add(entry.group(1));
    }
    assertFalse(entries.isEmpty(), module + " has no kernel");
    assertEquals(new TreeSet<>(KernelModules.names(module)), new TreeSet<>(entries));
    assertEquals(new TreeSet<>(entries).size(), entries.size(), "a kernel twice");
  }

  @ParameterizedTest
  @CsvSource({"kernels-sm75.ptx", "kernels-sm80.ptx"})
  void nothingInThemDependsOnTheMachineThatCompiledThem(String module) {
    for (String word : List.of("//", ".file", ".loc", "/home", "/tmp", "\r")) {
      assertFalse(KernelModules.text(module).contains(word), module + " contains " + word);
    }
  }

  @Test
  void filesAreWhatTheSourcesCompileTo() throws Exception {
    assumeTrue(isOnPath("nvcc"), "nvcc is not on the PATH: nothing can be compiled");
    String version = output(List.of("nvcc", "--version"));
    assumeTrue(version.contains("release 13.0"), "another nvcc than 13.0 writes other text");
    String said = output(List.of("bash", "scripts/build-kernels", "--check"));
    assertEquals("", said.strip());
  }

  @ParameterizedTest
  @CsvSource({"kernels-sm75.ptx, 75 80 86 89 90 100 120", "kernels-sm80.ptx, 80 86 89 90 100 120"})
  void kernelsAssembleForEveryTargetWithoutSpills(String module, String targets) throws Exception {
    assumeTrue(isOnPath("ptxas"), "ptxas is not on the PATH: nothing can be assembled");
    Path file = Files.writeString(folder.resolve(module), KernelModules.text(module));
    List<String> spills = new ArrayList<>();
    for (String target : targets.split(" ")) {
      String said =
          output(List.of("ptxas", "-v", "-arch=sm_" + target, "-o", "/dev/null", file.toString()));
      Matcher kernel = PROPERTIES.matcher(said);
      int kernels = 0;
      while (kernel.find()) {
        kernels++;
        for (int group = 2; group <= 4; group++) {
          if (!kernel.group(group).equals("0")) {
            spills.add("sm_%s: %s".formatted(target, kernel.group().replaceAll("\\s+", " ")));
            break;
          }
        }
      }
      assertEquals(KernelModules.names(module).size(), kernels, said);
    }
    assertEquals(List.of(), spills, "local memory where registers should do");
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  /** What a program that succeeds writes. */
  private static String output(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), String.join(" ", command) + ":\n" + said);
    return said;
  }
}
