package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A command line run in this process: its exit code, and what it printed where. */
record CommandLineRun(int exitCode, String out, String err) {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final List<String> TRAIN_KEYS =
      List.of(
          "best_epoch",
          "checkpoint",
          "device",
          "epochs",
          "model",
          "parameters",
          "report",
          "seconds",
          "steps",
          "train_loss",
          "valid_loss");

  /**
   * Texts are parted at blanks, the words of lists stay as they are, and arrays are what they hold.
   */
  static CommandLineRun of(Object... args) {
    return printing(args, Main::run);
  }

  private static Stream<String> words(Object arg) {
    if (arg instanceof Object[] several) {
      return Stream.of(several).flatMap(CommandLineRun::words);
    } else if (arg instanceof List<?> words) {
      return words.stream().map(Object::toString);
    }
    return arg instanceof String text ? Stream.of(text.split(" ")) : Stream.of(arg.toString());
  }

  /**
   * In a class path of its own, as of a program that has Evenkeel but not that optional part.
   *
   * @param library a pattern in the names of its files
   */
  static CommandLineRun without(String library, Object... args) {
    Predicate<String> left = Pattern.compile(library).asPredicate();
    List<URL> classPath = new ArrayList<>();
    try {
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
        Path file = Path.of(entry);
        if (!left.test(file.getFileName().toString())) {
          classPath.add(file.toUri().toURL());
        }
      }
      try (URLClassLoader loader =
          new URLClassLoader(classPath.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
        Method main =
            loader.loadClass(Main.class.getName()).getDeclaredMethod("run", String[].class);
        main.setAccessible(true);
        return printing(args, texts -> invoke(main, texts));
      }
    } catch (ReflectiveOperationException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static int invoke(Method main, String[] args) {
    try {
      return (int) main.invoke(null, (Object) args);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static CommandLineRun printing(Object[] args, ToIntFunction<String[]> main) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
      int code = main.applyAsInt(words(args).toArray(String[]::new));
      return new CommandLineRun(code, text(outBytes), text(errBytes));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** With the line ends of any system. */
  private static String text(ByteArrayOutputStream printed) {
    return printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }

  /** It must have worked. */
  CommandLineRun succeeded() {
    assertEquals(0, exitCode, this::toString);
    assertFalse(err.contains("evenkeel:"), this::toString);
    return this;
  }

  /** It must have failed on its input, in a line or two with all of the words, without a trace. */
  CommandLineRun refused(String... words) {
    return failed(2, words);
  }

  CommandLineRun failed(int code, String... words) {
    assertEquals(code, exitCode, this::toString);
    List<String> complaint = err.lines().dropWhile(line -> !line.startsWith("evenkeel: ")).toList();
    assertTrue(complaint.size() == 1 || complaint.size() == 2, this::toString);
    assertFalse(err.contains("\tat "), this::toString);
    assertFalse(err.contains("Exception"), this::toString);
    for (String word : words) {
      assertTrue(complaint.get(0).contains(word), () -> "no \"" + word + "\" in " + this);
    }
    return this;
  }

  /** stdout must be one JSON object and nothing else. */
  JsonNode json() {
    succeeded();
    try {
      JsonNode node = MAPPER.readTree(out);
      assertTrue(node.isObject(), this::toString);
      assertEquals(1, out.lines().count(), this::toString);
      return node;
    } catch (IOException e) {
      throw new AssertionError(this.toString(), e);
    }
  }

  static Set<String> keys(JsonNode node) {
    Set<String> keys = new LinkedHashSet<>();
    node.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  /** What train's JSON holds, and in addition, in any order. */
  static Set<String> trainKeys(String... more) {
    Set<String> keys = new TreeSet<>(TRAIN_KEYS);
    keys.addAll(List.of(more));
    return keys;
  }

  CommandLineRun says(String... words) {
    for (String word : words) {
      assertTrue((out + err).contains(word), () -> "no \"" + word + "\" in " + this);
    }
    return this;
  }
}
