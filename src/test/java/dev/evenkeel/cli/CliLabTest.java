package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
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
    Path out = folder.resolve("out");
    CommandLineRun run =
        CommandLineRun.without("lets-plot|-jvm-", "lab identity --smoke --out", out);
    run.refused("evenkeel: The lab can't draw its figures: Lets-Plot");
    assertEquals(1, run.err().lines().count(), run::toString);
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
