package dev.evenkeel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process with the class path of the tests, for what can't be tried in their own. */
public final class OwnJvm {

  private OwnJvm() {}

  /**
   * Starts a main method; both of its outputs are one.
   *
   * @param options of the JVM, between blanks
   */
  public static Process start(String options, Class<?> main, String... arguments)
      throws IOException {
    return builder(options, main, arguments).redirectErrorStream(true).start();
  }

  /** The same before it starts, for outputs that go elsewhere. */
  public static ProcessBuilder builder(String options, Class<?> main, String... arguments) {
    return builder(Path.of(System.getProperty("java.home")), options, main, arguments);
  }

  /** The same of another Java. */
  public static ProcessBuilder builder(
      Path home, String options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin").resolve("java").toString());
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  /** What a main method says, which must end with 0. */
  public static String said(String options, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    return said(builder(options, main, arguments));
  }

  /** What a process says, which must end with 0; both of its outputs are one. */
  public static String said(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }
}
