package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.CsvText;
import dev.evenkeel.OwnJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A run's folder belongs to one process, which ends well when it is told to. */
@Timeout(120)
class CliRunFolderTest {

  @TempDir Path folder;
  private Path data;
  private Path run;

  @BeforeEach
  void write() throws IOException {
    String csv = CsvText.of("a,b,y", 100, i -> i + "," + i * 7 % 11 + "," + 3 * i);
    data = Files.writeString(folder.resolve("d.csv"), csv);
    run = folder.resolve("run");
  }

  /** In a process of its own, which would take hours. */
  private Process start() throws IOException {
    return OwnJvm.start(
        "-Xmx256m -XX:TieredStopAtLevel=1",
        Main.class,
        "train",
        "--data=" + data,
        "--out=" + run,
        "--hidden=4",
        "--epochs=10000000");
  }

  private static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static void awaitEpoch(BufferedReader lines) throws IOException {
    List<String> all = new ArrayList<>();
    for (String line; (line = lines.readLine()) != null; all.add(line)) {
      if (line.startsWith("epoch 3/")) {
        return;
      }
    }
    throw new AssertionError(all.toString());
  }

  private static CommandLineRun resume(Path run, Object... more) {
    return CommandLineRun.of("train --resume", run, more);
  }

  @Test
  void aSignalStopsARunWithACheckpointAndTheWayOnAndTwoRunsInOneFolderAreRefused()
      throws Exception {
    Process process = start();
    try (BufferedReader lines = lines(process)) {
      awaitEpoch(lines);
      Path halfWritten = Files.writeString(run.resolve(".checkpoint.safetensors.1.tmp"), "half");
      resume(run).refused("is being trained by process " + process.pid(), "help: wait");
      assertTrue(Files.exists(halfWritten), "it may be the other run's");

      new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor();
      List<String> rest = lines.lines().toList();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      assertEquals(143, process.exitValue(), rest::toString);
      assertTrue(rest.stream().anyMatch(line -> line.startsWith("Stopping with a")), "at once");
      assertTrue(rest.get(rest.size() - 1).contains("help: --resume " + run), rest::toString);
    } finally {
      process.destroyForcibly();
    }
    assertTrue(Files.exists(run.resolve("checkpoint.safetensors")));
    assertFalse(Files.exists(run.resolve("running")));
    assertFalse(Files.exists(run.resolve("stop")));
  }

  @Test
  void theMarkOfAKilledRunBlocksNobody() throws Exception {
    Process process = start();
    try (BufferedReader lines = lines(process)) {
      awaitEpoch(lines);
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertTrue(Files.exists(run.resolve("running")));
    resume(run, "--lr 1").refused("can't be changed");
    Files.delete(data);
    resume(run).refused("There is no file " + data + " any more", "help: --data FILE");
  }

  private void trainBriefly() {
    CommandLineRun.of("train --data", data, "--out", run, "--hidden 4 --epochs 2 --json")
        .succeeded();
  }

  @Test
  void aRunGoesOnWithDataThatLieElsewhereNow() throws IOException {
    trainBriefly();
    Path moved = Files.move(data, folder.resolve("mv.csv"));
    resume(run, "--data", moved).succeeded();
    CommandLineRun.of("evaluate --model", run).succeeded().says("that training never saw");
    resume(run.resolve("checkpoint.safetensors"), "--data", moved).succeeded();
    Files.writeString(moved, Files.readString(moved) + "1,2,3\n");
    resume(run, "--data", moved).refused("was trained on other data");
  }

  @Test
  void scriptsHearWhereTheModelIsAndWhichEpochWasBest() {
    JsonNode result =
        CommandLineRun.of(
                "train --data", data, "--out", run, "--hidden 4 --epochs 3 --metrics mae --json")
            .json();
    assertEquals(run.resolve("model.safetensors").toString(), result.get("model").asText());
    assertEquals(run.resolve("report.html").toString(), result.get("report").asText());
    assertTrue(result.get("best_epoch").asInt() >= 1, result::toString);
    assertTrue(result.get("valid_mae").asDouble() > 0, result::toString);
  }

  @Test
  void theDeviceIsSpokenOfOnlyWhereItComputesAndBriefly() {
    CommandLineRun missing = CommandLineRun.of("train --data nope.csv --out", run);
    assertFalse(missing.err().contains("Using the CPU"), missing::toString);
    CommandLineRun trained =
        CommandLineRun.of("train --data", data, "--out", run, "--hidden 4 --steps 2 --device auto");
    trained.succeeded();
    assertFalse(trained.out().contains("Using the CPU"), trained::toString);
    assertFalse(trained.err().contains("install"), trained::toString);
  }
}
