package dev.evenkeel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Compiles and runs the README's own code, and holds its commands against the real ones. */
class ReadmeTest {

  private static final Path EXAMPLE = Path.of("src/it/consumer");

  private static final String CLASS_PATH = System.getProperty("java.class.path");

  private final String readme = read(Path.of("README.md"));

  @Test
  void theExampleCompilesAndTrains(@TempDir Path folder) throws Exception {
    Path source = Files.writeString(folder.resolve("Example.java"), shown("java"));
    compile(source);

    String output = run(folder);
    Matcher accuracy = Pattern.compile("accuracy=(0\\.\\d+|1\\.0)").matcher(output);
    assertTrue(accuracy.find(), output);
    assertTrue(Double.parseDouble(accuracy.group(1)) > 0.96, output);
    assertTrue(Files.exists(folder.resolve("runs/model.safetensors")));
    try (OrtSession onnx =
        OrtEnvironment.getEnvironment()
            .createSession(
                folder.resolve("digits.onnx").toString(), new OrtSession.SessionOptions())) {
      assertEquals(Set.of("probabilities"), onnx.getOutputNames());
    }
  }

  @Test
  void theExampleOfThePackageForTrainingCompiles(@TempDir Path folder) throws Exception {
    String description = read(Path.of("src/main/java/dev/evenkeel/train/package-info.java"));
    Matcher code =
        Pattern.compile("\\{@code\\n(.*?)\\n \\* }</pre>", Pattern.DOTALL).matcher(description);
    assertTrue(code.find());
    StringBuilder source = new StringBuilder("import java.nio.file.Path;\n");
    for (String room : List.of("backend", "deploy", "nn", "train")) {
      source.append("import dev.evenkeel.").append(room).append(".*;\n");
    }
    source
        .append("class Example {{\n")
        .append(code.group(1).replaceAll("(?m)^ \\* ", ""))
        .append("\n}}");
    compile(Files.writeString(folder.resolve("Example.java"), source));
  }

  @ParameterizedTest
  @CsvSource({
    "'float[][] rows', arrays, 'accuracy=(0\\.9\\d*|1\\.0)'",
    "'record Plane', plane, 'rmse=\\d\\.\\d'",
    "'List<Map<String', homes, 'Column \"price\".*rmse=1?\\d{1,4}\\..*loss=0\\.0\\d*, rmse=1?\\d{4}\\.'",
  })
  void theExamplesOfDataInMemoryTrain(
      String beginning, String run, String words, @TempDir Path folder) throws Exception {
    String page = read(Path.of("docs/embedding.md"));
    Matcher code =
        Pattern.compile("```java\\n(%s.*?)```".formatted(Pattern.quote(beginning)), Pattern.DOTALL)
            .matcher(page);
    assertTrue(code.find());
    StringBuilder source = new StringBuilder("import java.nio.file.Path;\nimport java.util.*;\n");
    source
        .append("import dev.evenkeel.data.*;\nimport dev.evenkeel.tensor.Rows;\n")
        .append("import dev.evenkeel.train.*;\n")
        .append("class Example { public static void main(String[] args) {\n")
        .append(code.group(1))
        .append("System.out.println(trained.last().validation());\n");
    if (run.equals("homes")) {
      Matcher measured =
          Pattern.compile("```java\\n(SavedModel saved.*?)```", Pattern.DOTALL).matcher(page);
      assertTrue(measured.find());
      source.append(measured.group(1)).append("System.out.println(measured);\n");
    }
    source.append("}}");
    compile(Files.writeString(folder.resolve("Example.java"), source));
    String output = run(folder);
    assertTrue(Pattern.compile(words, Pattern.DOTALL).matcher(output).find(), output);
    assertTrue(Files.exists(folder.resolve("runs").resolve(run).resolve("model.safetensors")));
  }

  @Test
  void theExampleOfAListenerEndsItsTraining(@TempDir Path folder) throws Exception {
    String page = read(Path.of("docs/embedding.md"));
    StringBuilder source = new StringBuilder("import java.nio.file.Path;\nimport java.util.*;\n");
    for (String room : List.of("backend", "nn", "train")) {
      source.append("import dev.evenkeel.").append(room).append(".*;\n");
    }
    source.append("class Example { public static void main(String[] args) {\n");
    for (String beginning : List.of("List<Map<String, Object>> homes", "try (Backend backend")) {
      Matcher code =
          Pattern.compile(
                  "```java\\n(%s.*?)```".formatted(Pattern.quote(beginning)), Pattern.DOTALL)
              .matcher(page);
      assertTrue(code.find(), beginning);
      source.append(code.group(1));
    }
    String text = source.append("}}").toString();
    text =
        text.replace("trainer.fit();", "trainer.fit(); System.out.println(ended.stoppedEarly());");
    compile(Files.writeString(folder.resolve("Example.java"), text));
    String output = run(folder);
    assertTrue(output.contains("true"), output);
    assertTrue(Files.exists(folder.resolve("runs/own/model.safetensors")));
  }

  @Test
  void theExampleForThoseWhoComeFromElsewhereTrains(@TempDir Path folder) throws Exception {
    String page = read(Path.of("docs/coming.md"));
    Matcher code = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL).matcher(page);
    assertTrue(code.find());
    StringBuilder source = new StringBuilder("import java.nio.file.Path;\n");
    for (String room : List.of("deploy", "nn", "optim", "train")) {
      source.append("import dev.evenkeel.").append(room).append(".*;\n");
    }
    source
        .append("class Example { public static void main(String[] args) {\n")
        .append(code.group(1))
        .append(
            "System.out.println(predictor.classes() + \" \" + trained.last().validation());\n}}");
    compile(Files.writeString(folder.resolve("Example.java"), source));
    assertTrue(run(folder).contains("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9] {loss="));
  }

  @Test
  void theConsumerProjectOfTheBuildIsTheExample() {
    assertEquals(shown("java"), read(EXAMPLE.resolve("src/main/java/Example.java")));
    assertEquals(shown("xml"), read(EXAMPLE.resolve("pom.xml")));
  }

  @Test
  void theConsumerProjectHasTwentyLines() {
    List<String> lines = (shown("xml") + shown("java")).lines().toList();
    assertTrue(lines.size() <= 20, lines.size() + " lines");
    for (String line : lines) {
      assertTrue(line.length() <= 110, line);
    }
  }

  @Test
  void theConsumerProjectNamesTheVersionsOfOurOwn() {
    String own = read(Path.of("pom.xml"));
    Matcher dependency =
        Pattern.compile("<artifactId>([a-z-]+)</artifactId>\\s*<version>([^<]+)</version>\\s*</dep")
            .matcher(shown("xml"));
    List<String> names = new ArrayList<>();
    while (dependency.find()) {
      names.add(dependency.group(1));
      String entry =
          "<artifactId>%s</artifactId>\\s*<version>%s</version>"
              .formatted(dependency.group(1), Pattern.quote(dependency.group(2)));
      assertTrue(Pattern.compile(entry).matcher(own).find(), dependency.group());
    }
    assertEquals(List.of("evenkeel", "tribuo-util-onnx"), names);
  }

  @Test
  void theDependenciesForGradleHaveTheVersionsOfOurOwn() throws Exception {
    Element own = pom();
    Map<String, String> versions = new HashMap<>();
    versions.put("dev.evenkeel:evenkeel", text(own, "version"));
    NodeList dependencies = own.getElementsByTagName("dependency");
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element one = (Element) dependencies.item(i);
      String name = text(one, "groupId") + ":" + text(one, "artifactId");
      Matcher property = Pattern.compile("\\$\\{(.*)}").matcher(text(one, "version"));
      versions.put(name, property.matches() ? text(own, property.group(1)) : text(one, "version"));
    }
    Matcher shown =
        Pattern.compile("(?:implementation|runtimeOnly) '([\\w.]+:\\w+):([^:']+)")
            .matcher(read(Path.of("docs/embedding.md")));
    List<String> names = new ArrayList<>();
    while (shown.find()) {
      names.add(shown.group(1).replaceFirst(".*:", ""));
      assertEquals(versions.get(shown.group(1)), shown.group(2), shown.group(1));
    }
    assertEquals(List.of("evenkeel", "javacpp", "openblas", "dnnl"), names);
  }

  /** Of JCuda's own dependencies Gradle finds no file: they are named by properties of Maven's. */
  @Test
  void whatJCudaDependsOnIsLeftOut() throws Exception {
    NodeList dependencies = pom().getElementsByTagName("dependency");
    int seen = 0;
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element one = (Element) dependencies.item(i);
      if (Set.of("jcuda", "jcublas", "jcudnn").contains(text(one, "artifactId"))) {
        Element left = (Element) one.getElementsByTagName("exclusion").item(0);
        assertEquals("*:*", text(left, "groupId") + ":" + text(left, "artifactId"));
        seen++;
      }
    }
    assertEquals(3, seen);
  }

  private static Element pom() throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(Path.of("pom.xml").toFile())
        .getDocumentElement();
  }

  /** Of the first element of that name. */
  private static String text(Element in, String name) {
    return in.getElementsByTagName(name).item(0).getTextContent();
  }

  /** The README's first block of code in that language. */
  private String shown(String language) {
    Matcher code =
        Pattern.compile("```%s\\n(.*?)```".formatted(language), Pattern.DOTALL).matcher(readme);
    assertTrue(code.find(), "the README has no example in " + language);
    return code.group(1);
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

  /** Word for word and in order, where the README's table is all that they need. */
  @Test
  void theCommandsOnTheExampleRun(@TempDir Path folder) throws Exception {
    Files.createDirectory(folder.resolve("examples"));
    for (String name : List.of("houses.csv", "houses-new.csv")) {
      Path example = Path.of("examples", name);
      Files.copy(example, folder.resolve(example));
    }
    String section = readme.substring(0, readme.indexOf("## Finding good settings"));
    Matcher command =
        Pattern.compile("(?m)^    scripts/evenkeel (.*houses.*?)(?: +#.*)?$").matcher(section);
    List<String> commands = command.results().map(found -> found.group(1)).toList();
    assertTrue(commands.size() >= 6, commands.toString());
    for (String line : commands) {
      List<String> words = new ArrayList<>(List.of("dev.evenkeel.cli.Main"));
      words.addAll(List.of(line.split(" ")));
      run(folder, words);
    }
    assertEquals(41, Files.readAllLines(folder.resolve("predictions.csv")).size());
    for (String made : List.of("model.safetensors", "model.onnx", "report.html")) {
      assertTrue(Files.exists(folder.resolve("runs/houses-1").resolve(made)), made);
    }
  }

  /** What the compiled example prints, in a Java of its own. */
  private static String run(Path folder) throws Exception {
    return run(folder, List.of("Example"));
  }

  private static String run(Path folder, List<String> classAndArguments) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java, "-cp"));
    command.add(folder + System.getProperty("path.separator") + CLASS_PATH);
    command.addAll(classAndArguments);
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  private static void compile(Path source) {
    String folder = source.getParent().toString();
    int errors =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", CLASS_PATH, "-d", folder, source.toString());
    assertEquals(0, errors);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
