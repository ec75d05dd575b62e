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
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The PTX that ships: what its sources compile to, for every GPU that it names, without spills. */
class PtxFilesTest {

  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)\\(");

  /** Shared memory is a variable within a function: its mangled name begins so. */
  private static final Pattern NAME = Pattern.compile("_ZZ\\w+");

  private static final Pattern SHARED = Pattern.compile("(?<=shared .{0,20})_ZZ\\w+");

  /** What ptxas -v says of a kernel. */
  private static final Pattern PROPERTIES =
      Pattern.compile(
          "Function properties for (\\w+)\\s+(\\d+) bytes stack frame, (\\d+) bytes spill stores,"
              + " (\\d+) bytes spill loads\\s+ptxas info\\s+: Used (\\d+) registers");

  /** Of a processor, for each of the 512 threads of two blocks. */
  private static final int REGISTERS = 65536 / 512;

  /** Kernels whose blocks have all rows of their columns: a GPU has not two for each processor. */
  private static final Pattern FEW_BLOCKS = Pattern.compile("bn_(ghost_)?(for|back)ward_\\w+");

  @TempDir Path folder;

  static List<String> files() throws IOException {
    Path folder = Path.of("src/main/resources/dev/evenkeel/backend/cuda/kernels");
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static Set<String> entries(String file) {
    return ENTRY
        .matcher(KernelFile.text(file))
        .results()
        .map(entry -> entry.group(1))
        .collect(Collectors.toSet());
  }

  @Test
  void headersNameTheOldestVersionAndTarget() throws IOException {
    for (String file : files()) {
      String header =
          file.endsWith("-sm75.ptx")
              ? ".version 6.3\n.target sm_75\n"
              : ".version 7.0\n.target sm_80\n";
      assertTrue(KernelFile.text(file).startsWith(header), file);
    }
  }

  @Test
  void everyKernelIsInTheFileWhereJavaLooksForIt() throws IOException {
    Set<String> found = new TreeSet<>();
    for (String file : files()) {
      assertFalse(entries(file).isEmpty(), file + " has no kernel");
      for (String kernel : entries(file)) {
        assertEquals(file, KernelFile.of(kernel));
        found.add(KernelFile.withoutVariant(kernel));
      }
    }
    Set<String> named = new TreeSet<>();
    KernelFile.SOURCES.values().forEach(named::addAll);
    assertEquals(named, found);
  }

  /** What is loaded is a kernel with what it names, and no more. */
  @Test
  void everyKernelCanStandAlone() throws IOException {
    for (String file : files()) {
      KernelText text = KernelText.of(KernelFile.text(file));
      assertEquals(entries(file), text.kernels().keySet(), file);
      for (String kernel : text.kernels().keySet()) {
        String alone = text.alone(kernel);
        assertTrue(alone.startsWith(KernelFile.text(file).substring(0, 44)), kernel);
        assertEquals(1, ENTRY.matcher(alone).results().count(), kernel);
        Set<String> declared = found(SHARED, alone);
        assertEquals(found(NAME, text.kernels().get(kernel)), declared, kernel);
      }
    }
  }

  private static Set<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
  }

  @Test
  void nothingInThemDependsOnTheMachineThatCompiledThem() throws IOException {
    for (String file : files()) {
      for (String word : List.of("//", ".file", ".loc", "/home", "/tmp", "\r")) {
        assertFalse(KernelFile.text(file).contains(word), file + " contains " + word);
      }
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
  @MethodSource("files")
  void kernelsAssembleForEveryTargetWithoutSpills(String ptx) throws Exception {
    assumeTrue(isOnPath("ptxas"), "ptxas is not on the PATH: nothing can be assembled");
    String targets = (ptx.contains("sm75") ? "75 " : "") + "80 86 89 90 100 120";
    Path file = Files.writeString(folder.resolve(ptx), KernelFile.text(ptx));
    List<String> spills = new ArrayList<>();
    List<String> crowded = new ArrayList<>();
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
        if (Integer.parseInt(kernel.group(5)) > REGISTERS
            && !FEW_BLOCKS.matcher(kernel.group(1)).matches()) {
          crowded.add("sm_%s: %s takes %s".formatted(target, kernel.group(1), kernel.group(5)));
        }
      }
      assertEquals(entries(ptx).size(), kernels, said);
    }
    assertEquals(List.of(), spills, "local memory where registers should do");
    assertEquals(List.of(), crowded, "registers that leave no room for a second block");
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
