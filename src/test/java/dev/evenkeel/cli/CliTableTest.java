package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.io.Pipes;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The options that say how a table is read, from training to later files. */
class CliTableTest {

  @TempDir Path folder;

  private Path write(String name, String header, IntFunction<String> row) throws IOException {
    byte[] text = CsvText.of(header, 60, row).getBytes(StandardCharsets.ISO_8859_1);
    return Files.write(folder.resolve(name), text);
  }

  private CommandLineRun train(Path data, Object... options) {
    return CommandLineRun.of("train --data", data, "--steps 2 --hidden 4 --out", run(), options);
  }

  private Path run() {
    return folder.resolve("run");
  }

  @Test
  void aNameWithACommaIsTakenWhole() throws IOException {
    IntFunction<String> row = i -> i + "," + i % 3 + "," + i % 7 + "," + 5 * i;
    Path data = write("names.csv", "\"id, nr\",\"a,b\",my size,y", row);
    train(data, List.of("--drop", "id, nr", "--categorical", "a,b,my size")).succeeded();
    String network = SavedModel.load(run()).preparation().orElseThrow().features().toString();
    assertFalse(network.contains("id, nr"), network);
    assertTrue(network.contains("Categorical[name=a,b"), network);
    assertTrue(network.contains("Categorical[name=my size"), network);
    CommandLineRun.of("evaluate --model", run()).succeeded().says("12 test rows");
    Path out = folder.resolve("p.csv");
    CommandLineRun.of(
            "predict --model", run(), "--data", data, "--out", out, "--with", List.of("a,b,id, nr"))
        .succeeded();
    assertEquals("\"a,b\",\"id, nr\",y", Files.readAllLines(out).get(0));
    CommandLineRun.of("train --data", data, "--categorical a")
        .refused(
            "has no column \"a\" to take", "Its columns are: \"id, nr\", \"a,b\", \"my size\", y.");
    Path wrong = write("wrong.csv", "my size,y", i -> (i == 7 ? "oops" : i) + "," + 5 * i);
    CommandLineRun.of("train --data", wrong)
        .refused(
            "with --missing; of a column that is not the target, --drop \"my size\" leaves it out, and --categorical \"my size\" makes categories");
  }

  @Test
  void whatWasChosenHoldsForLaterFiles() throws IOException {
    IntFunction<String> row =
        i ->
            (i % 9 == 0 ? "fehlt" : i + ",5")
                + "!B"
                + (i % 2 == 0 ? "\u00e4" : "\u00f6")
                + "r!"
                + i;
    Path data = write("t.csv", "1!2!3", row);
    train(data, "--delimiter ! --encoding latin1 --header --missing fehlt --decimal ,")
        .succeeded()
        .says("Column \"3\" is predicted by regression", "42 rows train");
    Path later = write("later.csv", "1!2!3", row);
    Path with = folder.resolve("with.csv");
    CommandLineRun.of("predict --model", run(), "--data", later, "--with 2 --out", with)
        .succeeded();
    assertEquals("B\u00e4r", Files.readAllLines(with).get(1).split(",")[0]);
    CommandLineRun.of("evaluate --model", run(), "--data", later).succeeded().says("12 test rows");
    Path out = folder.resolve("p.csv");
    Path other = folder.resolve("other.csv");
    Files.writeString(other, "7.5;B\u00e4r\n8.5;B\u00f6r\n");
    CommandLineRun said =
        CommandLineRun.of(
                "predict --model",
                run(),
                "--data",
                other,
                "--out",
                out,
                "--no-header --delimiter ; --decimal . --encoding utf-8")
            .succeeded();
    assertTrue(!said.err().contains("taken as missing"), said::toString);
    assertEquals(3, Files.readAllLines(out).size());
    CommandLineRun.of("predict --model", run(), "--data", other, "--out", out)
        .refused("other.csv has no column \"1\"");
    CommandLineRun.of("train --from", run(), "--decimal . --out", folder.resolve("b"))
        .refused("--decimal can't be chosen with --from");
  }

  @Test
  void postcodesAndClassNamesComeThroughPipesAsWritten() throws Exception {
    Path data =
        write("t.csv", "zip,y", i -> List.of("01067", "9000", "A1").get(i % 3) + ",0" + i % 3);
    Path pipe = Pipes.make(folder.resolve("pipe"));
    Thread writer = feed(pipe, Files.readString(data));
    train(pipe).succeeded().says("42 rows train");
    writer.join();
    Path out = folder.resolve("p.csv");
    writer = feed(pipe, "zip\n01067\n9000\n");
    CommandLineRun said =
        CommandLineRun.of("predict --model", run(), "--data", pipe, "--out", out).succeeded();
    writer.join();
    assertTrue(!said.err().contains("taken as missing"), said::toString);
    assertEquals("y,p(00),p(01),p(02)", Files.readAllLines(out).get(0));
  }

  private static Thread feed(Path pipe, String text) {
    Thread writer =
        new Thread(
            () -> {
              try {
                Files.writeString(pipe, text);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    writer.setDaemon(true);
    writer.start();
    return writer;
  }

  @Test
  void remarksAreNotOnStdoutAndDoNotStopTheRun() throws IOException {
    Path data =
        write(
            "t.csv",
            "pay,day,y",
            i -> (i % 8 == 0 ? "secret" : i) + ",2024-01-1" + i % 9 + "," + i);
    CommandLineRun json = train(data, "--json").succeeded();
    assertEquals(1, json.out().lines().count());
    for (String part :
        List.of("column \"pay\" was left out", "--missing WORDS", "dates in column \"day\"")) {
      assertTrue(json.err().contains(part), json::toString);
    }
    CommandLineRun.of("export --model", run(), "--format onnx")
        .succeeded()
        .says("ONNX can't read dates: the file takes \"day\" as days since 1970-01-01");
  }
}
