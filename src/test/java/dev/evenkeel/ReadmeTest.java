package dev.evenkeel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the README's own code, and holds its commands against the real ones. */
class ReadmeTest {

  private final String readme = read(Path.of("README.md"));

  @Test
  void theExampleCompilesAndTrains(@TempDir Path folder) throws Exception {
    Matcher code = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL).matcher(readme);
    assertTrue(code.find(), "the README has a Java example");
    Path source = Files.writeString(folder.resolve("Example.java"), code.group(1));
    String classPath = System.getProperty("java.class.path");
    int errors =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", classPath, "-d", folder.toString(), source.toString());
    assertEquals(0, errors);

    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Process example =
        new ProcessBuilder(
                java.toString(),
                "-cp",
                folder + System.getProperty("path.separator") + classPath,
                "Example")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(example.getInputStream().readAllBytes());
    assertEquals(0, example.waitFor(), output);
    Matcher accuracy = Pattern.compile("accuracy=(0\\.\\d+)").matcher(output);
    assertTrue(accuracy.find(), output);
    assertTrue(Double.parseDouble(accuracy.group(1)) > 0.96, output);
    assertTrue(Files.exists(folder.resolve("runs/model.safetensors")));
    assertTrue(Files.exists(folder.resolve("digits.safetensors")));
  }

  @Test
  void theConsumerProjectOfTheBuildIsTheExample() {
    Matcher code = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL).matcher(readme);
    assertTrue(code.find());
    assertEquals(code.group(1), read(Path.of("src/it/consumer/src/main/java/Example.java")));
  }

  @Test
  void continuousIntegrationRunsItsTestCommand() {
    assertTrue(readme.contains("mvn verify"));
    assertTrue(read(Path.of(".ci/run")).contains("mvn -B verify"));
  }

  @Test
  void theScriptsItNamesAreThere() throws Exception {
    Matcher script = Pattern.compile("scripts/([a-z-]+)").matcher(readme);
    List<String> named = script.results().map(found -> found.group(1)).distinct().toList();
    assertTrue(named.size() >= 2, named.toString());
    try (Stream<Path> scripts = Files.list(Path.of("scripts"))) {
      List<String> present = scripts.map(path -> path.getFileName().toString()).toList();
      assertTrue(present.containsAll(named), named + " but only " + present);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
