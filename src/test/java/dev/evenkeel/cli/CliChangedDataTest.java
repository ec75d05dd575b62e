package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows are called unseen only where they are. */
class CliChangedDataTest {

  private static final String UNSEEN = "that training never saw";

  @TempDir Path folder;
  private Path data;
  private Path run;

  @BeforeEach
  void train() throws IOException {
    Random random = new Random(4);
    StringBuilder csv = new StringBuilder("a,b,y\n");
    for (int i = 0; i < 100; i++) {
      double a = random.nextDouble();
      csv.append("%.4f,%.4f,%.4f%n".formatted(a, random.nextDouble(), 3 * a));
    }
    data = Files.writeString(folder.resolve("grow.csv"), csv.toString());
    run = folder.resolve("run");
    CommandLineRun.of("train --data", data, "--hidden 4 --epochs 2 --out", run).succeeded();
  }

  private String report() throws IOException {
    CommandLineRun.of("report --model", run).succeeded();
    return Files.readString(run.resolve("report.html"));
  }

  private CommandLineRun evaluate() {
    return CommandLineRun.of("evaluate --model", run, "--json");
  }

  private void assertNothingIsCalledUnseen(int rows) throws IOException {
    CommandLineRun evaluated = evaluate();
    JsonNode result = evaluated.json();
    assertEquals(rows, result.get("rows").asInt());
    assertTrue(result.get("data_changed").asBoolean());
    assertFalse(evaluated.err().contains(UNSEEN), evaluated::toString);
    evaluated.says("grow.csv has changed since training", "all its rows", "help: ");
    String report = report();
    assertFalse(report.contains(UNSEEN));
    assertTrue(report.contains(rows + " rows of a file that changed since training"));
  }

  @Test
  void ofAFileThatGrewAllRowsAreMeasuredAndNoneIsCalledUnseen() throws IOException {
    assertTrue(evaluate().err().contains("the 20 test rows " + UNSEEN));
    assertTrue(report().contains("20 rows " + UNSEEN));
    Files.writeString(data, Files.readString(data) + "0.5,0.5,1.5\n".repeat(30));
    assertNothingIsCalledUnseen(130);
    CommandLineRun.of("train --from", run, "--epochs 1 --out", folder.resolve("on"))
        .succeeded()
        .says("grow.csv has changed since");
  }

  /** Another split tests on rows that the first model learned from. */
  @Test
  void rowsThatTheFirstModelMayKnowAreNotCalledUnseen() throws IOException {
    Path copy = Files.copy(data, folder.resolve("copy.csv"));
    Path first = run;
    run = folder.resolve("other");
    CommandLineRun.of("train --from", first, "--data", copy, "--seed 2 --epochs 1 --out", run)
        .succeeded();
    String may = "20 rows that this training never saw, but the model that it started from may";
    assertTrue(Files.readString(run.resolve("report.html")).contains(may));
    assertTrue(report().contains(may));
    assertFalse(evaluate().err().contains(UNSEEN));
    CommandLineRun.of("train --resume", run).succeeded();
    assertFalse(evaluate().err().contains(UNSEEN));
    Path second = run;
    run = folder.resolve("third");
    CommandLineRun.of("train --from", second, "--epochs 1 --out", run).succeeded();
    assertFalse(evaluate().err().contains(UNSEEN));
    run = folder.resolve("on");
    CommandLineRun.of("train --from", first, "--epochs 1 --out", run).succeeded();
    assertTrue(evaluate().err().contains(UNSEEN), "its own rows, split as they were");
  }

  @Test
  void soOfOneWhoseLinesWereShuffled() throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(data));
    Collections.shuffle(lines.subList(1, lines.size()), new Random(1));
    Files.write(data, lines);
    assertNothingIsCalledUnseen(100);
  }

  @Test
  void withoutTestRowsTheReportSaysThatTrainingSawThem() throws IOException {
    run = folder.resolve("all");
    CommandLineRun.of("train --data", data, "--hidden 4 --test 0 --steps 2 --out", run).succeeded();
    assertTrue(report().contains("100 rows, which training saw"));
    evaluate().says("trained without test rows", "which training saw", "help: ");
  }
}
