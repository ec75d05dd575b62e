package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that an older version began: killed after its first epoch of 400, it lies here as that
 * version left it, with what its model predicted when that version went on.
 */
class OlderRunTest {

  @TempDir Path folder;

  @Test
  void itGoesOnAndPredictsAsItDidThen() throws IOException, URISyntaxException {
    Path older = Path.of(OlderRunTest.class.getResource("older/2026-12-01").toURI());
    for (String name : List.of("checkpoint.safetensors", "history.csv", "layers.csv")) {
      Files.copy(older.resolve(name), folder.resolve(name));
    }
    Path rows = older.resolve("shops.csv");
    CommandLineRun.of("train --resume", folder, "--data", rows).succeeded();

    Path said = folder.resolve("predictions.csv");
    CommandLineRun.of("predict --model", folder, "--data", rows, "--out", said).succeeded();
    List<String> then = Files.readAllLines(older.resolve("predictions.csv"));
    List<String> now = Files.readAllLines(said);
    assertEquals(then.get(0), now.get(0));
    for (int row = 1; row < then.size(); row++) { // other processors round otherwise
      assertEquals(
          Double.parseDouble(then.get(row)), Double.parseDouble(now.get(row)), 1, "row " + row);
    }
    CommandLineRun.of("evaluate --model", folder, "--data", rows).succeeded();
  }
}
