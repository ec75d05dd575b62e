package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Rows to train on are told less of their texts than the same rows later. */
  @ParameterizedTest
  @ValueSource(strings = {"", "--group who", "--weights w"})
  void rowsOfManyTextsAreKnownAgain(String options) throws IOException {
    StringBuilder csv = new StringBuilder("town,x,who,w,y\n");
    Random random = new Random(9);
    for (int i = 0; i < 300; i++) {
      int town = random.nextInt(40);
      csv.append(
          "town%d,%d,w%d,%d,%.3f%n".formatted(town, i % 7, i / 3, i % 3, town + i % 5 * 0.3));
    }
    Path towns = Files.writeString(folder.resolve("towns.csv"), csv.toString());
    Path of = folder.resolve("towns");
    String drop = options.contains("who") ? "w" : options.contains("w") ? "who" : "who,w";
    CommandLineRun.of(
            List.of("train", "--data", towns.toString(), "--drop", drop, "--hidden", "4"),
            "--epochs 1 --out",
            of,
            options.isEmpty() ? List.of() : options)
        .succeeded();
    Path copy = Files.copy(towns, folder.resolve("copy.csv"));
    for (List<Object> data : List.of(List.<Object>of(), List.<Object>of("--data", copy))) {
      CommandLineRun evaluated = CommandLineRun.of("evaluate --model", of, data);
      evaluated.succeeded();
      assertTrue((evaluated.out() + evaluated.err()).contains(UNSEEN), evaluated.out());
    }
  }

  private String report() throws IOException {
    CommandLineRun.of("report --model", run).succeeded();
    return Files.readString(run.resolve("report.html"));
  }

  private CommandLineRun evaluate() {
    return CommandLineRun.of("evaluate --model", run, "--json");
  }

  private CommandLineRun evaluate(Path other) {
    return CommandLineRun.of("evaluate --model", run, "--data", other, "--json");
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

  /** By what it holds: the name is no promise. */
  @Test
  void ofACopyTheTestRowsAreMeasured() throws IOException {
    JsonNode expected = evaluate().json();
    String text = Files.readString(data);
    Path copy = Files.writeString(folder.resolve("copy.csv"), text);
    Path zipped = folder.resolve("copy.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    for (Path same : List.of(copy, zipped)) {
      CommandLineRun evaluated = evaluate(same);
      assertEquals(expected, evaluated.json());
      evaluated.says(
          same + " holds the data of training under another name",
          "Of " + same + ", the 20 test rows " + UNSEEN);
    }
    CommandLineRun.of("report --model", run, "--data", copy).succeeded();
    assertTrue(Files.readString(run.resolve("report.html")).contains("20 rows " + UNSEEN));
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
      assertEquals(expected, evaluate(Path.of("-")).json());
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void ofACopyWithOneRowMoreAllRowsAreMeasured() throws IOException {
    Path more = Files.writeString(folder.resolve("more.csv"), Files.readString(data) + "1,1,3\n");
    CommandLineRun evaluated = evaluate(more);
    assertEquals(101, evaluated.json().get("rows").asInt());
    assertFalse(evaluated.json().has("data_changed"));
    assertFalse(evaluated.err().contains(UNSEEN), evaluated::toString);
    evaluated.says(more + ": 70 of the 101 rows are to the model the same as a row that trained");
    Path others = Files.writeString(folder.resolve("others.csv"), "a,b,y\n" + "2,2,6\n".repeat(9));
    assertFalse(evaluate(others).err().contains("the same as"));
    Files.delete(data);
    assertFalse(evaluate(more).err().contains("the same as"), "those that trained are gone");
  }

  /** The same after training and again, and of which data they are. */
  @Test
  void theReportTellsTheDataAndWhatWasMeasured() throws IOException {
    String rmse = Evaluation.format("rmse", evaluate().json().get("rmse").asDouble());
    String row = "<td>rmse</td><td>" + rmse.substring("rmse ".length()) + "</td>";
    String trained = Files.readString(run.resolve("report.html"));
    for (String report : List.of(trained, report())) {
      assertTrue(report.contains("<td>data</td><td>" + data + "</td>"));
      assertTrue(report.contains("<td>target</td><td>y</td>"));
      assertTrue(report.contains(row), row);
    }
    Path other = Files.writeString(folder.resolve("100%d.csv"), "a,b,y\n1,1,3\n");
    CommandLineRun.of("report --model", run, "--data", other).succeeded();
    String report = Files.readString(run.resolve("report.html"));
    assertTrue(report.contains("On 1 row of " + other + "."));
    assertFalse(report.contains(row));
  }

  @Test
  void aMetricThatOtherRowsDoNotHaveIsNoObstacle() throws IOException {
    String rows = "0.1,no\n0.9,yes\n0.2,no\n0.7,yes\n".repeat(10);
    Path classes = Files.writeString(folder.resolve("c.csv"), "x,y\n" + rows);
    run = folder.resolve("classes");
    CommandLineRun.of("train --data", classes, "--metrics auc --epochs 1 --out", run).succeeded();
    Path one = Files.writeString(folder.resolve("one.csv"), "x,y\n0.1,no\n0.3,no\n");
    CommandLineRun.of("report --model", run, "--data", one).succeeded();
    String report = Files.readString(run.resolve("report.html"));
    assertTrue(report.contains("<td>auc</td><td>"));
    assertTrue(report.contains("On 2 rows of " + one));
  }

  /** Nor is it of others that can't be parted at all, or not as those were. */
  @Test
  void ofFewRowsAllAreMeasured() throws IOException {
    Path one = Files.writeString(folder.resolve("one.csv"), "a,b,y\n1,1,3\n");
    assertEquals(1, evaluate(one).json().get("rows").asInt());
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
