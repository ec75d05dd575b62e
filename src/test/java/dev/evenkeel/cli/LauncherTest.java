package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;

/** What scripts/evenkeel does before there is a Java to do anything. It builds nothing here. */
class LauncherTest {

  private static final Path BASH = Path.of("/bin/bash");
  private static final Path LAUNCHER = Path.of("scripts/evenkeel").toAbsolutePath();
  private static final Path ON_WINDOWS = Path.of("scripts/evenkeel.cmd").toAbsolutePath();

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

  @Test
  void onWindowsJavaGetsTheSameFlags() throws IOException {
    Set<String> elsewhere = flags(LAUNCHER);
    assertTrue(elsewhere.contains("-Xmn4m"), elsewhere.toString());
    Set<String> expected = new TreeSet<>(elsewhere);
    expected.remove("-Devenkeel.terminal=$terminal"); // which cmd can't tell
    expected.remove("-Devenkeel.command=\"$0\""); // as it was called
    assertEquals(expected, flags(ON_WINDOWS));
  }

  private static Set<String> flags(Path launcher) throws IOException {
    Matcher flag =
        Pattern.compile("(?<=[ =])(-X|-D(?=evenkeel|org)|--enable|--add)\\S+")
            .matcher(Files.readString(launcher));
    return flag.results().map(MatchResult::group).collect(Collectors.toCollection(TreeSet::new));
  }

  /** Its class path has the libraries that draw for those commands alone that reach them. */
  @Test
  void commandsThatDrawHaveWhatTheyNeed() throws IOException {
    Matcher listed =
        Pattern.compile("case \" \\$\\* \" in (.*?)\\) figures=")
            .matcher(Files.readString(LAUNCHER));
    assertTrue(listed.find());
    Set<String> given = new TreeSet<>();
    Matcher name = Pattern.compile("\" (\\S+) \"").matcher(listed.group(1));
    while (name.find()) {
      given.add(name.group(1));
    }
    Set<String> drawing = new TreeSet<>();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.evenkeel")) {
      if (type.isAnnotatedWith(Command.class)
          && type.getTransitiveDependenciesFromSelf().stream()
              .anyMatch(d -> d.getTargetClass().getPackageName().startsWith("org.jetbrains"))) {
        drawing.add(type.getAnnotationOfType(Command.class).name());
      }
    }
    drawing.remove("evenkeel"); // which names all others
    assertTrue(drawing.contains("lab"));
    assertEquals(drawing, given);
    assertEquals(drawing, givenOnWindows());
  }

  private static Set<String> givenOnWindows() throws IOException {
    return Pattern.compile("if \"%~1\"==\"(\\S+)\" set \"figures=")
        .matcher(Files.readString(ON_WINDOWS))
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
