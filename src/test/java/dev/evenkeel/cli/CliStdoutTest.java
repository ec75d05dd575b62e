package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.OwnJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stdout can't take is not lost in silence, in processes of their own. */
@Timeout(120)
class CliStdoutTest {

  private static final Path FULL = Path.of("/dev/full");

  /** Rows whose predictions are more than a pipe holds. */
  private static final int MANY = 20_000;

  @TempDir static Path shared;
  private static Path model;
  private static Path many;

  @BeforeAll
  static void train() throws IOException {
    Path data = Files.writeString(shared.resolve("t.csv"), rows(60));
    many = Files.writeString(shared.resolve("many.csv"), rows(MANY));
    model = shared.resolve("run");
    CommandLineRun.of("train --data", data, "--hidden 4 --steps 5 --out", model).succeeded();
  }

  private static String rows(int count) {
    return CsvText.of("a,y", count, i -> i + "," + i * 2.5);
  }

  private static ProcessBuilder command(String line) {
    String[] words =
        Stream.of(line.split(" "))
            .map(word -> word.equals("RUN") ? model.toString() : word)
            .map(word -> word.equals("MANY") ? many.toString() : word)
            .toArray(String[]::new);
    return OwnJvm.builder("-XX:TieredStopAtLevel=1", Main.class, words);
  }

  private static String err(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "evaluate --model RUN --json",
        "predict --model RUN --data MANY --out -"
      })
  void aFullDiskIsAnError(String line) throws Exception {
    Assumptions.assumeTrue(Files.exists(FULL), "there is no " + FULL + " here");
    Process process = command(line).redirectOutput(FULL.toFile()).start();
    String err = err(process);
    assertEquals(1, process.waitFor(), err);
    String last = err.lines().reduce((one, next) -> next).orElse("");
    assertTrue(last.startsWith("evenkeel: stdout did not take all"), err);
    assertTrue(!err.contains("rows predicted") && !err.contains("\tat "), err);
  }

  @Test
  void anotherFailureKeepsItsCode() throws Exception {
    Assumptions.assumeTrue(Files.exists(FULL), "there is no " + FULL + " here");
    Process process = command("evaluate --model nope --json").redirectOutput(FULL.toFile()).start();
    String err = err(process);
    assertEquals(2, process.waitFor(), err);
    assertTrue(err.contains("no model at nope") && err.contains("stdout did not take all"), err);
  }

  /** As head does. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evaluate --model RUN --device cpu",
        "predict --model RUN --device cpu --data MANY --out -"
      })
  void aReaderThatHasEnoughIsNotToldOff(String line) throws Exception {
    Process process = command(line).start();
    process.getInputStream().close();
    assertEquals("", err(process));
    assertEquals(0, process.waitFor());
  }
}
