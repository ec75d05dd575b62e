package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.evenkeel.CsvText;
import dev.evenkeel.io.NpyFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Input that is wrong ends in a line or two, with what happened, the value seen, what was expected
 * and what to do; in exit code 2; and without a stack trace.
 */
class CliMessagesTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path table;
  private static Path model;
  private static Path digits;

  @BeforeAll
  static void train() throws IOException {
    IntFunction<String> row = i -> i + "," + (i % 2 == 0 ? "x" : "y") + "," + i * 2.5;
    table = Files.writeString(shared.resolve("table.csv"), CsvText.of("size,kind,price", 60, row));
    model = shared.resolve("table");
    CommandLineRun.of("train --data", table, "--steps 2 --hidden 4 --batch 16 --out", model)
        .succeeded();
    digits = shared.resolve("digits");
    CommandLineRun.of("train --steps 2 --hidden 4 --out", digits).succeeded();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private CommandLineRun train(Object... more) {
    return CommandLineRun.of("train", more, "--out", folder.resolve("run"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "--epochs abc| 'abc' is not a whole number",
        "--epochs 0| --epochs must be at least 1, not 0",
        "--steps 0| --steps must be at least 1, not 0",
        "--steps 1.5| '1.5' is not a whole number",
        "--steps 5 --epochs 2| --epochs and --steps can't both say when training ends",
        "--batch 0| --batch must be at least 1, not 0",
        "--batch 1| A batch of 1 row is too small",
        "--hidden abc| 'abc' is not a whole number",
        "--hidden 8,-5| --hidden must be at least 1, not -5",
        "--hidden 0,0| --hidden must be at least 1, not 0",
        "--lr abc| 'abc' is not a finite number",
        "--lr NaN| 'NaN' is not a finite number",
        "--lr -1| --lr: The learning rate must be above 0 and finite, not -1.0",
        "--weight-decay -1| --weight-decay: ",
        "--optimizer adamm| --optimizer: Unknown optimizer 'adamm': expected sgd,",
        "--schedule x| --schedule: Unknown schedule 'x'",
        "--recipe x| --recipe x is not known; there are: plain, tabular",
        "--recipe tabular --valid 0| --recipe tabular needs rows to validate on, but --valid is 0. help: --valid 0.1, or --keep last",
        "--keep best --valid 0| --keep best needs rows to validate on, but --valid is 0",
        "--steps 1 --steps 2| --steps was given 2 times: 1, 2. help: once",
        "--steps 9223372036854775807| A training of 9,223,372,036,854,775,807 steps would be",
        "--epochs 999999999999| '999999999999' is too large",
        "--keep first| --keep first is not known; there are: last, best",
        "--keep last --patience 2| --patience 2 keeps the best epoch's weights, but --keep last does not",
        "--scale x| --scale x is not known; there are: standard, robust",
        "--decay-schedule x| cosine, flat-cosine, cosine-log or one-cycle.",
        "--dropout-schedule plateau| --dropout-schedule: Dropout can't follow a plateau",
        "--decay-schedule plateau| --decay-schedule: Weight decay can't follow a plateau",
        "--beta2 1| --beta2: beta2 must be at least 0 and below 1, not 1.0",
        "--optimizer sgd --beta2 0.9| --beta2: beta2 belongs to Adam and AdamW alone",
        "--warmup -4| --warmup must be at least 0, not -4",
        "--clip -1| --clip: The clipping norm must be at least 0 and finite, not -1.0",
        "--patience -1| --patience must be at least 0, not -1",
        "--patience 2 --valid 0| --patience 2 needs rows to validate on, but --valid is 0",
        "--act rulu| --act: Unknown activation 'rulu'; there are: identity, relu",
        "--norm layers| --norm layers is not known; there are: none, batch, layer, rms, group, group:G, instance:L, weight, normprop, ghost:K, mean-only",
        "--norm layer:3| --norm layer:3 is not known; there are: none,",
        "--norm group:x| --norm group:x: 'x' is not a whole number above 0",
        "--norm group --hidden 100| --norm group: Group norm can't part 100 features into 32 equal groups. help: the number of groups can be 25 or 50",
        "--norm group:4 --hidden 4| --norm group:4: Group norm over sets of 1 feature: each set has one element",
        "--norm layer --hidden 1| --norm layer: Layer norm over sets of 1 feature",
        "--norm instance| --norm instance needs the length of its groups: over a single feature each set has one element, so its deviation is 0 and every output would be β. help: --norm instance:L",
        "--norm instance:1| --norm instance:1: Instance norm over sets of 1 feature: each set has one element, so its deviation is 0",
        "--norm instance:7| can't part 256 features into groups of 7. help: the length of a group can be 4 or 8",
        "--norm ghost| --norm ghost needs the rows of its groups. help: --norm ghost:K",
        "--norm ghost:1| --norm ghost:1: Ghost batch norm takes groups of at least 2 rows, not 1",
        "--norm ghost:512 --batch 128| --norm ghost:512 needs batches of at least 512 rows, but these have 128: one group of them all is plain batch norm. help: smaller groups",
        "--norm ghost:129| --norm ghost:129 needs batches of at least 129 rows, but these have 128",
        "--norm ghost:4000 --batch 5000| --norm ghost:4000 needs batches of at least 4000 rows, but these have 12",
        "--norm weight --norm-place after| --norm-place after: --norm weight has no place",
        "--norm normprop --norm-place after| --norm-place after: --norm normprop has no place",
        "--norm rms --epsilon -1| --epsilon: RMS norm's epsilon must be at least 0, not -1.0",
        "--act selu --dropout 1| --dropout: The alpha dropout probability must be at least 0 and below 1, not 1.0",
        "--norm-place up| --norm-place up is not known; there are: before, after",
        "--hidden 0 --norm layers| --norm layers is not known",
        "--hidden 0 --norm-place up| --norm-place up is not known",
        "--hidden 0 --act rulu| --act: Unknown activation 'rulu'",
        "--dropout 1| --dropout: The dropout probability must be at least 0 and below 1, not 1.0",
        "--init foo| --init: Unknown initialiser 'foo'; there are: auto, he,",
        "--norm none --norm-place after| --norm-place has no effect with --norm none. help: leave it out",
        "--hidden 0 --running cumulative| --running has no effect without hidden layers",
        "--running cumulative --running-weight 0.3| --running-weight has no effect with --running cumulative",
        "--norm layer --running cumulative| --running has no effect with --norm layer",
        "--norm weight --running-weight 0.5| --running-weight has no effect with --norm weight",
        "--norm mean-only --running-variance biased| --running-variance has no effect with --norm mean-only",
        "--recipe tabular --epsilon 1e-3| --epsilon has no effect with --norm none, which is the default of --recipe. help:",
        "--running foo| --running foo is not known; there are: exponential, cumulative, population",
        "--running-weight 2| --running-weight: ",
        "--running-variance foo| 'foo' is not unbiased or biased",
        "--epsilon -1| --epsilon: Batch norm's epsilon must be at least 0, not -1.0",
        "--loss mee| --loss mee is not known; there are: cross-entropy, binary",
        "--loss mse| --loss mse is for regression, but the target holds classes",
        "--loss binary| --loss binary needs a target of two classes, not 10",
        "--label-smoothing 2| --label-smoothing: ",
        "--class-weights 1,2| --class-weights takes 'balanced' or 10 numbers",
        "--class-weights 0,0,0,0,0,0,0,0,0,0| --class-weights: At least one class weight must be above 0",
        "--class-weights a,b| one for each class, not a,b",
        "--metrics foo| --metrics: Unknown metric 'foo': expected accuracy",
        "--metrics rmse| --metrics rmse measures numbers, but the target holds classes",
        "--monitor acc| --monitor: Unknown metric 'acc'",
        "--valid abc| --valid abc is neither a share of the rows, as 0.1 is, nor a file that is there",
        "--valid 0.6 --test 0.6| --valid 0.6 and --test 0.6 leave no rows to train on",
        "--task foo| 'foo' is not classification or regression",
        "--task regression| digits has a target of its own, a class: --task regression",
        "--target 5| digits has a target of its own, a class: --target 5",
        "--drop 5| --drop, --categorical, --no-header and what else says how a table is read are for CSV files",
        "--missing x| --drop, --categorical, --no-header and what else",
        "--decimal x| --decimal: Decimals follow a point or a comma, not \"x\"",
        "--delimiter ab| --delimiter: Fields are separated by one character",
        "--header --no-header| --header and --no-header can't both be right",
        "--seed x| 'x' is not a whole number",
        "--threads 0| --threads takes 1 to 1024, not 0",
        "--threads x| '--threads': 'x' is not a whole number",
        "--device gpu| Unknown device 'gpu'; there are: auto, cpu, cuda, cuda:N",
        "--data nope.csv| There is no file nope.csv",
        "--data .| it is a folder",
        "--epoch 3| Unknown option '--epoch'; did you mean ",
        "extra| Unexpected argument 'extra'",
      })
  void aWrongValueIsNamed(String args, String words) {
    train(args).refused(words);
    assertFalse(Files.exists(folder.resolve("run")), "a refused run leaves no folder");
  }

  @Test
  void whatIsWrongWithAnyDataIsSaidBeforeTheyAreRead() throws IOException {
    Path broken = write("broken.csv", "a,b\n1,2\n3\n");
    train("--data", broken).refused("broken.csv, line 3");
    for (String command : new String[] {"train", "cross-validate", "lr-range"}) {
      CommandLineRun.of(command, "--data", broken, "--steps", 5, "--epochs", 2)
          .refused("--epochs and --steps can't both say when training ends");
    }
    CommandLineRun.of("tune", "--data", broken, "--act", "rulu").refused("activation 'rulu'");
    train("--data", broken, "--norm", "layers").refused("--norm layers is not known");
    train("--data", broken, "--metrics", "foo").refused("Unknown metric 'foo'");
    train("--data", broken, "--keep", "last", "--patience", 2).refused("--keep last does not");
    CommandLineRun.of("train", "--data", broken, "--out", model).refused("holds a run already");
    CommandLineRun.of("train", "--data", broken, "--out", broken).refused("but a folder is needed");
  }

  @Test
  void aWrongCommandIsNamed() {
    CommandLineRun.of("trian").refused("Unknown command 'trian'; did you mean train");
    CommandLineRun.of().refused("No command was given; there are: train", "calibrate", "doctor");
    CommandLineRun.of("evaluate").refused("Missing required option", "--model");
    CommandLineRun.of("train --epochs").refused("--epochs");
  }

  @Test
  void whatNoFileCanBeCalledIsNamed() {
    train("--data", "a\0b").refused("there can be no file \"a\0b\" on this system (", "help: ");
    CommandLineRun.of("train --out", List.of("a\0b"))
        .refused("'--out'", "there can be no file \"a\0b\" on this system (", "help: ");
    train("a\0b").refused("Unexpected argument 'a\0b'");
  }

  /** The stream of a console or a pipe may have any encoding. */
  @Test
  void theJsonObjectIsAscii() {
    CommandLineRun run = train("--data", "größe–1.csv", "--json");
    assertTrue(run.out().matches("\\p{ASCII}+"), run.out());
    assertTrue(run.out().contains("gr\\u00F6\\u00DFe\\u20131.csv"), run.out());
  }

  @Test
  void whatCannotBeAdaptedIsNamed() throws IOException {
    Path plain = shared.resolve("plain");
    CommandLineRun.of("train --steps 2 --norm layer --hidden 4 --out", plain).succeeded();
    Path out = folder.resolve("adapted");
    CommandLineRun.of("adapt --model", plain, "--out", out)
        .refused("The model has no batch norm, so it has no statistics to adapt", "help: ");
    Path row = write("row.csv", "size,kind,price\n3,x,4.5\n");
    CommandLineRun.of("adapt --model", model, "--data", row, "--out", out)
        .refused("Batch norm can't be adapted to one row", "help: at least 2 rows");
    CommandLineRun.of("adapt --model", model).refused("Missing required option", "--out");
    CommandLineRun.of("adapt --model", folder.resolve("none"), "--out", out)
        .refused("There is no model at ");
    Path other = write("other.csv", "width,kind,price\n3,x,4.5\n4,y,5\n");
    CommandLineRun.of("adapt --model", model, "--data", other, "--out", out).refused("size");
    assertFalse(Files.exists(out), "a refused run leaves no folder");
  }

  @Test
  void anAdaptedModelReplacesNoRunAndIsNoneToGoOnWith() throws IOException {
    byte[] before = Files.readAllBytes(model.resolve("model.safetensors"));
    CommandLineRun refused = CommandLineRun.of("adapt --model", model, "--out", model);
    refused.refused("holds a run already (checkpoint.safetensors)", "help: another --out");
    assertFalse(refused.err().contains("--resume"), refused::toString);
    assertArrayEquals(before, Files.readAllBytes(model.resolve("model.safetensors")));
  }

  @Test
  void wrongValuesOfBenchAreNamed() {
    CommandLineRun.of("bench --in 0").refused("--in must be at least 1, not 0");
    CommandLineRun.of("bench --out -1").refused("--out must be at least 1, not -1");
    CommandLineRun.of("bench --steps 0").refused("--steps must be at least 1, not 0");
    CommandLineRun.of("bench --warmup -1").refused("--warmup must be at least 0, not -1");
    CommandLineRun.of("bench --batch 0").refused("--batch must be at least 1, not 0");
    CommandLineRun.of("bench --batch 1 --hidden 4").refused("batch of one row", "at least 2");
    CommandLineRun.of("bench --lr 0").refused("--lr: The learning rate must be above 0");
  }

  @Test
  void aDeviceThatIsNotThereSaysWhy() {
    for (String device : new String[] {"cuda", "cuda:3"}) {
      train("--steps 1 --device", device)
          .refused("--device " + device + " can't be used: ", "help: --device cpu, or auto");
    }
  }

  @Test
  void aStackTraceIsShownOnRequestAlone() {
    CommandLineRun.of("train --data nope.csv").refused("nope.csv");
    CommandLineRun run = CommandLineRun.of("train --data nope.csv --debug");
    assertEquals(2, run.exitCode());
    assertTrue(run.err().contains("\tat dev.evenkeel.data.Catalog"), run::toString);
    CommandLineRun wrong = CommandLineRun.of("train --epochs x --debug");
    assertEquals(2, wrong.exitCode());
    assertTrue(wrong.err().contains("\tat "), wrong::toString);
  }

  @Test
  void anEmptyValueIsNoValue() {
    train("--data", List.of("")).refused("--data was given an empty value");
    train("--target", List.of(" ")).refused("--target was given an empty value");
    CommandLineRun.of("train --steps 1 --out", List.of(""))
        .refused("--out was given an empty value");
    CommandLineRun.of("ui --host", List.of("")).refused("--host was given an empty value");
  }

  @Test
  void stdoutIsNoFolder() {
    CommandLineRun.of("train --out -").refused("--out - stands for a stream");
    CommandLineRun.of("calibrate --out - --model", model)
        .refused("--out - stands for a stream, but a folder is wanted. help: --out DIR");
  }

  @Test
  void whatIsReadIsNotReplacedByPredictions() throws IOException {
    String before = Files.readString(table);
    CommandLineRun.of("predict --model", model, "--data", table, "--out", table)
        .refused("is the data itself, which the predictions would replace. help: another --out");
    assertEquals(before, Files.readString(table));
    Path file = model.resolve("model.safetensors");
    CommandLineRun.of("predict --model", model, "--data", table, "--out", file)
        .refused("is the model itself");
    CommandLineRun.of("predict --model", model, "--data", table, "--out", folder.resolve("p"))
        .succeeded();
  }

  @Test
  void aValueThatNoFloatCanHoldIsNamedWithItsLineAndCanBeClipped() throws IOException {
    String rows = CsvText.of("k,a,b", 50, i -> "x," + i + "," + i * 0.5);
    Path file = write("t.csv", rows + "y,1e300,9.5\n");
    train("--data", file).refused("line 52, column \"a\": the value is more than a float can hold");
    train("--data", file, "--scale robust --steps 1").succeeded();
  }

  @Test
  void aFileWithoutItsOptionIsGuessed() {
    train(table).refused("Unexpected argument", "did you mean --data " + table + "?");
    train("nope.csv").refused("Unexpected argument 'nope.csv'");
  }

  @Test
  void whatIsNoTextInUtf8IsNamed() throws IOException {
    Path file = folder.resolve("t.csv");
    Files.write(file, "a,b\n1,2\n3,4\n".getBytes(StandardCharsets.UTF_16LE));
    train("--data", file).refused("t.csv holds bytes of 0", "help: --encoding utf-16le, or save");
    Files.write(file, "a,b\n1,2\nB\u00e4r,4\n".getBytes(StandardCharsets.ISO_8859_1));
    train("--data", file)
        .refused("t.csv, line 3 holds bytes that are no text in UTF-8. help: --encoding latin1");
    train("--data", file, "--encoding klingon")
        .refused("--encoding: \"klingon\" is no encoding", "help: utf-8, latin1");
  }

  @Test
  void filesThatAreNoTextAreCalledWhatTheyAre() throws IOException {
    Map<String, String> files =
        Map.of(
            "PAR1\u0015\u0004\u0015", "is a Parquet file, and no table of text. help: convert it",
            "PK\u0003\u0004\u0014\0", "is a zip file, as XLSX and NPZ files are, and no table",
            "\u00d0\u00cf\u0011\u00e0\u00a1", "is an old Excel file (XLS), and no table of text",
            "\u0093NUMPY\1\0", "is an NPY file, and no table of text. help: call it .npy",
            "\u001f\u008b\u0008", "is compressed by gzip twice");
    for (Map.Entry<String, String> one : files.entrySet()) {
      byte[] bytes = one.getKey().getBytes(StandardCharsets.ISO_8859_1);
      Path file = folder.resolve("t.csv");
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
        out.write(bytes);
      }
      train("--data", file).refused("t.csv " + one.getValue());
      train("--data", file, "--encoding latin1 --delimiter ,").refused(one.getValue());
    }
    train("--steps 1 --data", write("t.csv", CsvText.of("PAR1,PK", 50, i -> i + "," + i)))
        .succeeded();
  }

  @Test
  void aTargetThatNoFloatCanHoldIsNamedWithItsLine() throws IOException {
    String rows = CsvText.of("a,b", 50, i -> i + "," + i * 0.5);
    Path file = write("t.csv", rows + "51,-1e39\n");
    train("--data", file).refused("line 52: the target \"b\" is -1.0E39, which no float can hold");
  }

  @Test
  void wordsFitOne() throws IOException {
    train("--data", write("t.csv", CsvText.of("a,k", 50, i -> i + ",7")))
        .says("whole numbers of 1 different value.");
    train("--data", write("one.csv", CsvText.of("a", 50, i -> i + ".5")))
        .refused(
            "one.csv has one column, a, so there is nothing to learn from", "help: --delimiter");
  }

  @Test
  void whatWentWrongIsOnStdoutOnlyAsTheJsonObjectThatWasAskedFor() throws IOException {
    assertEquals("", train("--data nope.csv").refused("nope.csv").out());
    for (String wrong : List.of("--data nope.csv", "--bogus 1", "--lr 1e30 --hidden 8")) {
      CommandLineRun run = train(wrong, "--json");
      assertTrue(run.exitCode() > 0, run::toString);
      JsonNode error = new JsonMapper().readTree(run.out()).get("error");
      assertTrue(run.err().contains("evenkeel: " + error.asText()), run::toString);
    }
  }

  @Test
  void aTrainingThatEndsInNanExitsWithOneAndKeepsNoFolder() {
    train("--lr 1e30 --hidden 8")
        .failed(1, "Training stopped at step ", "NaN", "help: try a smaller --lr");
    assertFalse(Files.exists(folder.resolve("run")));
    train("--lr 1e38 --hidden 8 --steps 1")
        .failed(1, "Training stopped after step 1", "NaN or infinite", "a smaller --lr");
    assertFalse(Files.exists(folder.resolve("run/checkpoint.safetensors")));
    CommandLineRun.of("bench --lr 1e38 --hidden 8 --steps 5").failed(1, "NaN");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--norm batch|a smaller --lr or --clip 1",
        "--norm batch --clip 1|a smaller --lr",
        "--norm none|a smaller --lr or --clip 1 or --norm batch",
        "--norm layer --clip 1|a smaller --lr or --norm batch",
      })
  void againstNanIsTriedWhatIsNotTriedYet(String args, String help) {
    for (String steps : List.of("--steps 1", "--epochs 3")) {
      CommandLineRun run = train("--lr 1e38 --hidden 8", args, steps).failed(1);
      String message =
          run.err().lines().filter(line -> line.startsWith("evenkeel: ")).toList().get(0);
      assertTrue(message.endsWith(". help: try " + help), message);
      assertFalse(message.contains("checkpoint"), message);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``| is empty: give a file with rows| t.csv",
        "a,b;| has a header but no rows|--no-header",
        "a,b;1,2;3;| line 3: it has 1 field, but line 1 has 2| quote a field",
        "a,a;1,2;| columns 1 and 2 are both called \"a\"| --no-header",
        "a,b;1,\"2;3,4;| cannot be read| quotes",
      })
  void aTableThatIsWrongIsNamedWithItsLine(String text, String words, String more)
      throws IOException {
    Path file = write("t.csv", text.replace(';', '\n'));
    train("--data", file).refused("t.csv", words, more);
  }

  @Test
  void aTextAmongNumbersIsNamedWithItsLine() throws IOException {
    for (String bad : new String[] {"oops", "inf", "1e999"}) {
      Path file = write("t.csv", CsvText.of("a,b", 50, i -> i + "," + i) + bad + ",3\n");
      train("--data", file)
          .refused(
              "line 52, column \"a\": \"" + bad + "\" is not a finite number", "--categorical a");
    }
  }

  @Test
  void aTargetThatIsTheSameInAllRowsIsRefused() throws IOException {
    train("--data", write("t.csv", CsvText.of("a,k", 50, i -> i + ",7")))
        .refused(
            "t.csv: the target \"k\" is 7 in every row to train on, so there is nothing to learn");
    assertFalse(Files.exists(folder.resolve("run")));
  }

  @Test
  void aNanAmongNumbersIsTakenAsMissing() throws IOException {
    String rows = CsvText.of("a,b", 50, i -> i + "," + i * 0.5);
    Path target = write("u.csv", rows + "3,NaN\n");
    CommandLineRun.of("train", "--data", target, "--steps 1", "--out", folder.resolve("first"))
        .succeeded()
        .says("u.csv, line 52: the target \"b\" is missing, so the row is left out.\n");
    Path features = write("t.csv", rows + "NaN,3.5\n");
    train("--data", features, "--steps 1").succeeded();
  }

  @Test
  void namesThatTheTableLacksAreNamedBesideThoseItHas() throws IOException {
    train("--data", table, "--target prize").refused("no column \"prize\"", "size, kind, price");
    train("--data", table, "--target 9").refused("no column \"9\"", "size, kind, price");
    train("--data", table, "--drop foo").refused("no column \"foo\"");
    train("--data", table, "--drop price").refused("\"price\" is the target", "--drop");
    train("--data", table, "--drop size,kind").refused("no column to learn from");
    train("--data", table, "--categorical foo").refused("no column \"foo\"");
    train("--data", table, "--target kind --task regression")
        .refused("cannot be predicted as a number", "\"x\"");
    train("--data", table, "--task classification")
        .refused("From 60 rows in 60 classes no fraction of 0.1");
    Path targets = write("y.csv", "y\n1\n");
    train("--data", table, "--target", targets)
        .refused("is a file, but the target of a table is one of its own columns", "join");
  }

  @Test
  void optionsOfTheOtherTaskAreRefused() {
    train("--data", table, "--metrics accuracy").refused("--metrics accuracy measures classes");
    train("--data", table, "--loss binary")
        .refused("--loss binary is for classification, but the target holds numbers", "mse or mae");
    train("--data", table, "--label-smoothing 0.1")
        .refused("--label-smoothing works with --loss cross-entropy alone");
    train("--data", table, "--loss huber --huber-delta -1").refused("--huber-delta: ");
  }

  @Test
  void arraysThatAreWrongAreNamed() throws IOException {
    Path x = folder.resolve("x.npy");
    Path y = folder.resolve("y.npy");
    NpyFiles.write(x, new int[] {40, 2}, new float[80]);
    NpyFiles.write(y, new int[] {39}, new float[39]);
    train("--data", x).refused("has no targets to learn from", "--target FILE");
    train("--data", x, "--target", y).refused("y.npy has 39 rows, but", "x.npy has 40");
    train("--data", x, "--target", folder.resolve("z.npy")).refused("There is no file", "z.npy");
    float[] half = new float[40];
    half[3] = 0.5f;
    NpyFiles.write(y, new int[] {40}, half);
    train("--data", x, "--target", y, "--task classification")
        .refused(
            "row 3 (from 0): 0.5 is no class. Classes are texts, or whole numbers below 16,777,216.");
    float[] holes = new float[80];
    holes[7] = Float.NaN;
    NpyFiles.write(x, new int[] {40, 2}, holes);
    train("--data", x, "--target", y).refused("row 3, column 1", "NaN", "must be finite");
    Path labels = write("labels.csv", "k\n1\n2\n");
    train("--data", x, "--target", labels)
        .refused("labels.csv is no NPY or IDX file, as the target of", "help: np.save('y.npy', y)");
    Files.write(x, new byte[0]);
    train("--data", x, "--target", y).refused("x.npy is damaged, or is not an NPY file");
  }

  @Test
  void aFolderThatCannotTakeTheRunIsNamed() throws IOException {
    CommandLineRun.of("train --steps 1 --out", digits)
        .refused("holds a run already", "--resume " + digits, "another --out");
    Path file = write("file", "");
    CommandLineRun.of("train --steps 1 --out", file).refused("is a file", "--out");
    CommandLineRun.of("train --steps 1 --out", file.resolve("sub"))
        .refused("can't be made", "--out");
  }

  @Test
  void aFolderThatCannotTakeEventsIsNamedBeforeTraining() throws IOException {
    Path file = write("file", "");
    CommandLineRun run =
        train("--steps 1 --tensorboard", file)
            .refused("is a file, but event files need a folder", "another --tensorboard");
    assertFalse(run.err().contains("epoch 1"), run::toString);
    train("--steps 1 --tensorboard", file.resolve("sub"))
        .refused("events can't be written to", "another --tensorboard");
    assertFalse(Files.exists(folder.resolve("run")), "a refused run leaves no folder");
    Path events = folder.resolve("run/tb");
    train("--batch 1 --tensorboard", events).refused("A batch of 1 row is too small");
    assertFalse(Files.exists(folder.resolve("run")), "nor one for the events of no run");
  }

  @Test
  void aFolderThatIsLockedIsNamed() throws IOException {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Assumptions.assumeTrue(
        locked.toFile().setWritable(false) && !Files.isWritable(locked),
        "this user may write everywhere");
    CommandLineRun.of("train --steps 1 --out", locked).refused("can't be written to");
    train("--steps 2 --hidden 4").succeeded();
    Path run = folder.resolve("run");
    assertTrue(run.toFile().setWritable(false));
    try {
      CommandLineRun resumed = CommandLineRun.of("train --resume", run);
      resumed.refused("can't be written to", "help: its permissions, or --resume with a copy");
      assertFalse(resumed.err().contains("--out"), resumed::toString);
    } finally {
      assertTrue(run.toFile().setWritable(true));
    }
  }

  @Test
  void aRunThatCannotGoOnSaysWhy() throws IOException {
    CommandLineRun.of("train --resume", folder)
        .refused("no checkpoint to resume", "the folder that --out named");
    CommandLineRun.of("train --resume", digits, "--lr 1")
        .refused("--lr can't be changed when a run is resumed", "help:", "--from " + digits);
    Path copy = Files.createDirectory(folder.resolve("copy"));
    Path checkpoint = copy.resolve("checkpoint.safetensors");
    flipBit(digits.resolve("checkpoint.safetensors"), checkpoint);
    CommandLineRun.of("train --resume", copy).refused("is damaged", "SHA-256");
    Files.copy(digits.resolve("model.safetensors"), folder.resolve("checkpoint.safetensors"));
    CommandLineRun.of("train --resume", folder).refused("is a finished model, not a checkpoint");
  }

  @Test
  void aRunWhoseDataChangedDoesNotGoOn() throws IOException {
    Path data = folder.resolve("d.csv");
    Files.copy(table, data);
    train("--data", data, "--steps 3 --hidden 4").succeeded();
    Files.writeString(data, Files.readString(data).replace("10,x,25.0", "10,x,26.0"));
    CommandLineRun.of("train --resume", folder.resolve("run")).refused("was trained on other data");
    Files.delete(data);
    CommandLineRun.of("train --resume", folder.resolve("run"))
        .refused("There is no file", "d.csv any more", "help: --data FILE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"evaluate --model", "predict --model", "report --model", "train --steps 1 --from"})
  void dataThatAModelNamesAndAreNotHereAreCalledIts(String command) throws IOException {
    Path here = Path.of("").toAbsolutePath();
    Path data = folder.resolve("d.csv");
    String relative = here.relativize(Files.copy(table, data)).toString();
    train("--data", relative, "--steps 3 --hidden 4").succeeded();
    Files.delete(data);
    CommandLineRun.of(command, folder.resolve("run"))
        .refused(
            "There is no file " + relative + " any more (in the folder " + here + ")",
            "on which " + folder.resolve("run/model.safetensors") + " was trained",
            "help: --data FILE says where it is now");
  }

  private static void flipBit(Path from, Path to) throws IOException {
    byte[] bytes = Files.readAllBytes(from);
    bytes[bytes.length - 9] ^= 4;
    Files.write(to, bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"evaluate", "predict"})
  void aModelThatIsDamagedOrNoneIsNamed(String command) throws IOException {
    Path bad = folder.resolve("bad.safetensors");
    flipBit(digits.resolve("model.safetensors"), bad);
    CommandLineRun.of(command, "--model", bad).refused("bad.safetensors is damaged", "SHA-256");
    byte[] whole = Files.readAllBytes(digits.resolve("model.safetensors"));
    Files.write(bad, Arrays.copyOf(whole, whole.length / 2));
    CommandLineRun.of(command, "--model", bad).refused("bad.safetensors is damaged");
    Files.write(bad, new byte[0]);
    CommandLineRun.of(command, "--model", bad).refused("bad.safetensors is damaged", "0 bytes");
    CommandLineRun.of(command, "--model", table).refused("is not a safetensors file");
    CommandLineRun.of(command, "--model nope").refused("no model at nope", "model.safetensors");
    CommandLineRun.of(command, "--model", folder).refused("There is no model at");
  }

  @Test
  void dataThatDoesNotSuitTheModelIsRefused() throws IOException {
    Path out = folder.resolve("p.csv");
    Path lacking = write("new.csv", "kind\nx\n");
    CommandLineRun.of("predict --model", model, "--data", lacking, "--out", out)
        .refused("new.csv has no column \"size\"", "Its columns are: kind");
    Path texts = write("new.csv", "size,kind\nbig,x\n");
    CommandLineRun.of("predict --model", model, "--data", texts, "--out", out)
        .refused("new.csv, line 2, column \"size\": \"big\" is not a finite number");
    Path unlabelled = write("new.csv", "size,kind\n1,x\n");
    CommandLineRun.of("evaluate --model", model, "--data", unlabelled)
        .refused("no column \"price\"");
    CommandLineRun.of("evaluate --model", model, "--data digits")
        .refused("64 columns without names", "a table with named columns");
    CommandLineRun.of("evaluate --model", digits, "--data", table)
        .refused("has 3 columns, but the model takes 64");
    CommandLineRun.of("evaluate --model", model, "--metrics accuracy")
        .refused("--metrics accuracy measures classes");
    CommandLineRun.of("evaluate --model", digits, "--metrics foo")
        .refused("--metrics: Unknown metric 'foo'");
    CommandLineRun.of("evaluate --model", model, "--data", table, "--target kind")
        .refused(
            "--target kind is not what the model was trained to predict: ", "leave --target out");
    Path x = folder.resolve("x.npy");
    NpyFiles.write(x, new int[] {2, 64}, new float[128]);
    CommandLineRun.of("evaluate --model", digits, "--data", x)
        .refused("no targets to measure against", "--target FILE");
    CommandLineRun.of("predict --model", digits, "--out", folder.resolve("no/p.csv"))
        .refused("Cannot write", "does not exist", "Create it first");
    assertFalse(Files.exists(out));
  }

  @Test
  void aLabelThatTheModelDoesNotKnowIsNamed() throws IOException {
    Path run = folder.resolve("run");
    train("--data", table, "--target kind --steps 1 --hidden 4").succeeded();
    Path later = write("later.csv", "size,kind,price\n1,x,2\n2,z,5\n");
    CommandLineRun.of("evaluate --model", run, "--data", later)
        .refused("line 3: the class \"z\"", "not among those trained on: x, y");
    Path x = folder.resolve("x.npy");
    Path y = folder.resolve("y.npy");
    NpyFiles.write(x, new int[] {2, 64}, new float[128]);
    NpyFiles.write(y, new int[] {2}, new float[] {0, 12});
    CommandLineRun.of("evaluate --model", digits, "--data", x, "--target", y)
        .refused("has 1 class of which training had no rows: \"12\"", "5 more");
  }

  @Test
  void aNetworkThatDoesNotFitIntoMemorySaysHowToGetMore() {
    train("--hidden 46000,46000").failed(1, "out of memory", "--hidden", "-Xmx");
    train("--hidden 100000,100000").refused("100000 x 100000 has more than 2,147,483,647");
    assertFalse(Files.exists(folder.resolve("run")));
  }
}
