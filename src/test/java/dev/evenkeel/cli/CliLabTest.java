package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lab from the command line. */
class CliLabTest {

  @TempDir Path folder;

  @Test
  void withoutANameItListsTheExperimentsAndTheirClaims() {
    CommandLineRun list = CommandLineRun.of("lab").succeeded();
    assertTrue(list.out().contains("identity"), list::toString);
    assertTrue(list.out().contains("batch norm gives its input z back"), list::toString);
  }

  @Test
  void anExperimentWritesItsReportAndSaysItsVerdict() throws Exception {
    Path out = folder.resolve("identity");
    CommandLineRun run =
        CommandLineRun.of("lab identity --smoke --device cpu --out", out, "--json");
    JsonNode json = run.succeeded().json();
    assertEquals("holds", json.get("verdicts").get("identity").asText());
    String report = Files.readString(Path.of(json.get("report").asText()));
    assertTrue(
        report.contains("scripts/evenkeel lab identity --smoke --device cpu --out"),
        "the command that makes it again");
  }

  /** As in the GPU bundle. */
  @Test
  void withoutWhatDrawsFiguresItSaysSoBeforeItMeasures() throws Exception {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(
                entry -> !Path.of(entry).getFileName().toString().matches("lets-plot.*|.*-jvm-.*"))
            .collect(Collectors.joining(File.pathSeparator));
    Path out = folder.resolve("out");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                "dev.evenkeel.cli.Main",
                "lab",
                "identity",
                "--smoke",
                "--out",
                out.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(2, process.waitFor(), said);
    assertEquals(1, said.lines().count(), said);
    assertTrue(said.startsWith("evenkeel: The lab can't draw its figures: Lets-Plot"), said);
    assertFalse(Files.exists(out));
  }

  @Test
  void wrongInputIsOneSentence() throws Exception {
    CommandLineRun.of("lab black-swans").refused("'black-swans'", "identity", "and all");
    CommandLineRun.of("lab identity --seeds 0").refused("--seeds");
    CommandLineRun.of("lab identity --full --smoke").refused("--full and --smoke");
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    CommandLineRun.of("lab identity --smoke --out", file).refused("folder", "--out");
  }
}
