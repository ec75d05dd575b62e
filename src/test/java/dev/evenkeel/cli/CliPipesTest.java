package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.io.Pipes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What predict reads and writes may be pipes, and rows keep what they are known by. */
@Timeout(60)
class CliPipesTest {

  private static final String ROWS = "id,a,town\n 007,1.50,\"Basel, Stadt\"\nx,2,Bern\n";

  @TempDir static Path shared;
  @TempDir Path folder;
  private static Path model;

  @BeforeAll
  static void train() throws IOException {
    IntFunction<String> row =
        i -> i + "," + (i % 2 == 0 ? "Bern" : "\"Basel, Stadt\"") + "," + i * i + ".5";
    Path data = Files.writeString(shared.resolve("t.csv"), CsvText.of("a,town,y", 60, row));
    model = shared.resolve("run");
    CommandLineRun.of("train --data", data, "--hidden 4 --steps 5 --out", model).succeeded();
  }

  private static CommandLineRun predict(Object... more) {
    return run("predict", more);
  }

  private static CommandLineRun run(String command, Object... more) {
    return CommandLineRun.of(command, "--model", model, more);
  }

  private Path rows() throws IOException {
    return Files.writeString(folder.resolve("rows.csv"), ROWS);
  }

  private List<String> expected() throws IOException {
    Path out = folder.resolve("expected.csv");
    predict("--data", rows(), "--out", out).succeeded();
    return Files.readAllLines(out);
  }

  private static CommandLineRun withStdin(String text, Object... args) {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
      return CommandLineRun.of(args);
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void aPipeIsReadOnceAndOneIsWrittenInto() throws Exception {
    Path in = Pipes.make(folder.resolve("in"));
    Path out = Pipes.make(folder.resolve("out"));
    CompletableFuture<Void> writing = Pipes.writing(in, ROWS);
    CompletableFuture<String> reading = Pipes.reading(out);
    predict("--data", in, "--out", out, "--with id").succeeded();
    writing.get(10, TimeUnit.SECONDS);
    List<String> lines = reading.get(10, TimeUnit.SECONDS).lines().toList();
    assertEquals(List.of("id,y", " 007," + expected().get(1), "x," + expected().get(2)), lines);
    assertFalse(Files.isRegularFile(out));
  }

  @Test
  void trainAndEvaluateTakePipesToo() throws Exception {
    Path in = Pipes.make(folder.resolve("in"));
    String table = Files.readString(shared.resolve("t.csv"));
    CompletableFuture<Void> writing = Pipes.writing(in, table);
    Path out = folder.resolve("run");
    CommandLineRun.of("train --data", in, "--hidden 4 --steps 5 --out", out).succeeded();
    writing.get(10, TimeUnit.SECONDS);
    CompletableFuture<Void> again = Pipes.writing(in, table);
    run("evaluate", "--data", in).succeeded().says("the 12 test rows that training never saw");
    again.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aMinusIsStdinAndStdout() throws IOException {
    CommandLineRun run = withStdin(ROWS, "predict --model", model, "--data - --out -").succeeded();
    assertEquals(expected(), run.out().lines().toList());
    assertTrue(run.err().contains("2 rows predicted to stdout"), run::toString);
    assertFalse(Files.exists(Path.of("-")));
    predict("--data", rows(), "--out - --json").refused("both write to stdout", "help: ");
  }

  @Test
  void aModelOfStdinDoesNotWaitForItAgainUnlessItIsTold() {
    Path out = folder.resolve("run");
    String rows = CsvText.of("a,kind", 200, i -> i + "," + "xyyxyx".charAt(i * i % 6));
    withStdin(rows, "train --data - --hidden 4 --steps 5 --out", out).succeeded();
    for (String command :
        List.of(
            "evaluate --model RUN",
            "report --model RUN",
            "calibrate --model RUN --out NEW/calibrated",
            "adapt --model RUN --out NEW/adapted",
            "predict --model RUN --out NEW/p.csv",
            "train --from RUN --steps 1 --out NEW/on",
            "train --resume RUN")) {
      String args = command.replace("RUN", out.toString()).replace("NEW", folder.toString());
      withStdin(rows, args)
          .refused("was trained on stdin", "help: --data FILE, or --data - to give it again");
      withStdin(rows, args, "--data -").succeeded();
    }
    withStdin(rows, "evaluate --data - --model", out).says("that training never saw");
  }

  @Test
  void columnsOfTheInputStandInFrontAsTheyWere() throws IOException {
    Path out = folder.resolve("p.csv");
    List<String> answers = expected();
    predict("--data", rows(), "--out", out, "--with town,1").succeeded();
    assertEquals(
        List.of("town,id,y", "\"Basel, Stadt\", 007," + answers.get(1), "Bern,x," + answers.get(2)),
        Files.readAllLines(out));
    predict("--data", rows(), "--out", out, "--with-inputs").succeeded();
    assertEquals(
        List.of(
            "id,a,town,y",
            " 007,1.50,\"Basel, Stadt\"," + answers.get(1),
            "x,2,Bern," + answers.get(2)),
        Files.readAllLines(out));
  }

  @Test
  void anAnswerIsNotCalledAsAnInputIs() throws IOException {
    Path out = folder.resolve("p.csv");
    predict("--data", shared.resolve("t.csv"), "--out", out, "--with-inputs").succeeded();
    List<String> lines = Files.readAllLines(out);
    assertEquals("a,town,y,predicted y", lines.get(0));
    assertTrue(lines.get(60).startsWith("59,\"Basel, Stadt\",3481.5,"), lines.get(60));
  }

  @Test
  void columnsThatAreNotThereAreNamed() throws IOException {
    predict("--data", rows(), "--with key").refused("has no column \"key\"", "id, a, town");
    predict("--data", rows(), "--with id --with-inputs").refused("leave one of them out");
  }
}
