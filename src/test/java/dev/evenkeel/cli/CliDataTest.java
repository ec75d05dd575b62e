package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.CsvText;
import dev.evenkeel.io.NpyFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every form of data that the commands take, from training to predictions. */
class CliDataTest {

  @TempDir Path folder;

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void textsAreClassesAndPredictionsHaveTheirProbabilities() throws IOException {
    IntFunction<String> row =
        i -> {
          double part = i % 3 * 4 + i / 150.0;
          return part + "," + -part + "," + List.of("rose", "lily", "iris").get(i % 3);
        };
    Path flowers = write("flowers.csv", CsvText.of("len,wid,kind", 150, row));
    Path run = folder.resolve("flowers");
    JsonNode result =
        CommandLineRun.of("train --data", flowers, "--batch 16 --out", run, "--json").json();
    assertEquals(
        CommandLineRun.trainKeys("test_accuracy", "valid_accuracy"), CommandLineRun.keys(result));
    assertEquals(1, result.get("test_accuracy").asDouble());
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", flowers, "--out", out).succeeded();
    List<String> lines = Files.readAllLines(out);
    assertEquals("kind,p(iris),p(lily),p(rose)", lines.get(0));
    String[] answer = lines.get(1).split(",");
    assertEquals("rose", answer[0]);
    double sum = IntStream.range(1, 4).mapToDouble(k -> Double.parseDouble(answer[k])).sum();
    assertEquals(1, sum, 1e-6);
    assertTrue(Double.parseDouble(answer[3]) > 0.5);
  }

  /** Objects in, vectors among their values, and objects out. */
  @Test
  void jsonIsAnsweredByJson() throws IOException {
    IntFunction<String> row =
        i ->
            "{\"id\":%d,\"words\":[%d,%s],\"kind\":\"%s\"}"
                .formatted(7 * i % 101, i % 2, i / 8.0, i % 2 == 0 ? "even" : "odd");
    Path data =
        write("d.jsonl", IntStream.range(0, 100).mapToObj(row).collect(Collectors.joining("\n")));
    Path run = folder.resolve("objects");
    CommandLineRun.of("train --data", data, "--drop id --batch 16 --epochs 20 --out", run)
        .succeeded()
        .says("column \"words\" holds vectors of 2 numbers, each an input");
    Path out = folder.resolve("p.jsonl");
    CommandLineRun.of("predict --model", run, "--data", data, "--with id,words --out", out)
        .succeeded();
    List<String> lines = Files.readAllLines(out);
    assertEquals(100, lines.size());
    assertTrue(
        lines
            .get(3)
            .matches(
                "\\{\"id\":21,\"words\":\\[1.0,0.375],\"kind\":\"odd\",\"p\\(even\\)\":.*,\"p\\(odd\\)\":.*}"),
        lines.get(3));
    CommandLineRun.of("predict --model", run, "--data", data, "--format jsonl --out -")
        .succeeded()
        .says("{\"kind\":\"even\",\"p(even)\":");
    CommandLineRun.of("evaluate --model", run, "--data", data).succeeded().says("accuracy");
    Path wrong = write("w.jsonl", "{\"words\":[1,2,3]}");
    CommandLineRun.of("predict --model", run, "--data", wrong, "--out", out)
        .refused("object 1, column \"words\": a vector of 3 numbers is not a vector of 2");
    assertEquals(lines, Files.readAllLines(out));
    CommandLineRun.of("train --data", data, "--missing [0,0]")
        .refused("--missing [0,0]: a list can't be a word for a missing value");
  }

  @Test
  void whatWasDroppedMayHoldMistakesLaterToo() throws IOException {
    IntFunction<String> row = i -> i + "," + (i == 70 ? "oops" : i) + "," + (3 * i % 71);
    Path data = write("d.csv", CsvText.of("x,note,y", 100, row));
    Path run = folder.resolve("dropped");
    CommandLineRun.of("train --data", data, "--drop note --hidden 4 --epochs 1 --out", run)
        .succeeded();
    CommandLineRun.of("train --resume", run).succeeded();
    CommandLineRun.of("evaluate --model", run, "--data", data).succeeded();
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", data, "--with note --out", out).succeeded();
    assertTrue(Files.readAllLines(out).get(71).startsWith("oops,"));
  }

  @Test
  void dataThatMovedAreStillThoseOfTraining() throws IOException {
    String csv = CsvText.of("x,y", 100, i -> i + "," + (3 * i % 71));
    Path data = write("d.csv", csv);
    Path run = folder.resolve("moved");
    CommandLineRun.of("train --data", data, "--hidden 4 --epochs 1 --out", run).succeeded();
    Path moved = Files.move(data, folder.resolve("moved.csv"));
    Object[] evaluate = {"evaluate --model", run, "--data", moved};
    CommandLineRun.of(evaluate).succeeded().says("20 test rows that training never saw");
    write("moved.csv", csv + "100,7\n");
    CommandLineRun.of(evaluate).succeeded().says("101 rows");
  }

  @Test
  void aLossOfNoRowIsExplained() throws IOException {
    Path data = write("k.csv", "x,k\n" + "1,no\n3,yes\n2,no\n".repeat(20));
    Path none = write("none.csv", "x,k\n" + "1,no\n2,no\n".repeat(3));
    Path run = folder.resolve("yes");
    Path other = folder.resolve("no");
    CommandLineRun.of("train --data", data, "--out", run, "--class-weights 0,1").succeeded();
    CommandLineRun.of("evaluate --model", run, "--data", none)
        .succeeded()
        .says("6 rows, loss NaN", "All these rows are of classes of weight 0");
    CommandLineRun.of("train --data", data, "--valid", none, "--out", other, "--class-weights 0,1")
        .refused("6 rows, all of classes of weight 0");
    assertFalse(Files.exists(other));
  }

  @Test
  void aRunGoesOnWithTheWeightsOfItsRows() throws IOException {
    IntFunction<String> row = i -> i + "," + i % 3 + "," + (3 * i % 41);
    Path data = write("w.csv", CsvText.of("x,w,y", 60, row));
    Path run = folder.resolve("weighted");
    CommandLineRun.of("train --data", data, "--weights w --hidden 4 --epochs 1 --out", run)
        .succeeded()
        .says("Column \"w\" says what each row counts");
    CommandLineRun.of("train --resume", run).succeeded();
    CommandLineRun.of("evaluate --model", run)
        .succeeded()
        .says("12 test rows that training never saw");
    Path bad = write("bad.csv", "x,w,y\n1,1,2\n" + "3,?,4\n".repeat(30) + "9,much,1\n");
    Path of = folder.resolve("of.csv");
    CommandLineRun.of("predict --model", run, "--data", bad, "--out", of).succeeded();
    Path none = write("none.csv", "x,w,y\n1,0,2\n3,0,4\n9,0,1\n");
    CommandLineRun.of("evaluate --model", run, "--data", none)
        .succeeded()
        .says("The weights of all these rows are 0");
    Path later = write("later.csv", "x,y\n1,2\n3,4\n9,1\n");
    CommandLineRun.of("evaluate --model", run, "--data", later).succeeded().says("3 rows");
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", later, "--out", out).succeeded();
    CommandLineRun.of("train --resume", run, "--target x")
        .refused("--target x is not what the model was trained to predict: y");
    CommandLineRun.of("train --from", run, "--weights w")
        .refused("--weights can't be chosen with --from");
  }

  @Test
  void aBinaryLossPredictsTwoProbabilities() throws IOException {
    Path data = write("b.csv", CsvText.of("x,y", 100, i -> i + "," + (i < 50 ? "no" : "yes")));
    Path run = folder.resolve("binary");
    CommandLineRun.of("train --data", data, "--loss binary --hidden 8 --batch 10 --out", run)
        .succeeded();
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", data, "--out", out).succeeded();
    List<String> lines = Files.readAllLines(out);
    assertEquals("y,p(no),p(yes)", lines.get(0));
    assertTrue(lines.get(1).startsWith("no,"), lines.get(1));
    assertTrue(lines.get(100).startsWith("yes,"), lines.get(100));
    String[] row = lines.get(1).split(",");
    assertEquals(1, Double.parseDouble(row[1]) + Double.parseDouble(row[2]), 1e-6);
  }

  @Test
  void aTargetIsFoundByNumberAndItsTaskCanBeForced() throws IOException {
    Path data = write("t.csv", CsvText.of("y,x", 60, i -> i % 3 + "," + i));
    CommandLineRun classes =
        CommandLineRun.of("train --data", data, "--target 1 --steps 1 --out", folder.resolve("a"));
    classes.succeeded().says("Column \"y\" is predicted by classification", "--task regression");
    JsonNode numbers =
        CommandLineRun.of(
                "train --data",
                data,
                "--target y --task REGRESSION --steps 1 --out",
                folder.resolve("b"),
                "--json")
            .json();
    assertEquals(CommandLineRun.trainKeys("test_rmse", "valid_rmse"), CommandLineRun.keys(numbers));
  }

  @Test
  void aFirstLineThatCountsRowsAndColumnsIsSkippedAndSaid() throws IOException {
    String csv = CsvText.of("60,2,red,blue", 60, i -> i + "," + -i + "," + i % 2);
    Path data = write("counted.csv", csv);
    Path run = folder.resolve("run");
    CommandLineRun.of("train --data", data, "--steps 1 --out", run)
        .succeeded()
        .says("line 1: taken for a count of rows and columns", "42 rows train");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".gz"})
  void idxFilesTrainEvaluateAndPredict(String ending) throws IOException {
    Path images = folder.resolve("train-images-idx3-ubyte" + ending);
    Path labels = folder.resolve("train-labels-idx1-ubyte" + ending);
    int[] pixels = IntStream.range(0, 80 * 4).map(i -> i / 4 % 2 * 200 + i % 50).toArray();
    idx(images, new int[] {80, 2, 2}, pixels);
    idx(labels, new int[] {80}, IntStream.range(0, 80).map(i -> i % 2).toArray());
    Path run = folder.resolve("run");
    CommandLineRun trained =
        CommandLineRun.of(
            "train --data", images, "--target", labels, "--hidden 4 --out", run, "--json");
    assertEquals(
        CommandLineRun.trainKeys("test_accuracy", "valid_accuracy"),
        CommandLineRun.keys(trained.json()));
    trained.says(
        "is predicted by classification, into 2 classes. If that is wrong, say --task regression");
    Path few = folder.resolve("few-idx3-ubyte" + ending);
    Path ones = folder.resolve("few-idx1-ubyte" + ending);
    idx(few, new int[] {3, 2, 2}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    idx(ones, new int[] {3}, 0, 0, 0);
    JsonNode evaluated =
        CommandLineRun.of("evaluate --model", run, "--data", few, "--target", ones, "--json")
            .json();
    assertEquals(
        Set.of("device", "rows", "loss", "accuracy", "classes", "confusion"),
        CommandLineRun.keys(evaluated));
    assertEquals(3, evaluated.get("rows").asInt());
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", few, "--out", out).succeeded();
    assertEquals("label,p(0),p(1)", Files.readAllLines(out).get(0));
    assertEquals(4, Files.readAllLines(out).size());
  }

  private static void idx(Path path, int[] dims, int... values) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * dims.length + values.length);
    bytes.put(new byte[] {0, 0, 8, (byte) dims.length});
    IntStream.of(dims).forEach(bytes::putInt);
    IntStream.of(values).forEach(value -> bytes.put((byte) value));
    try (OutputStream file = Files.newOutputStream(path);
        OutputStream out = path.toString().endsWith(".gz") ? new GZIPOutputStream(file) : file) {
      out.write(bytes.array());
    }
  }

  @Test
  void npyFilesTrainEvaluateAndPredict() throws IOException {
    Path x = folder.resolve("x.npy");
    Path y = folder.resolve("y.npy");
    float[] features = new float[120];
    float[] targets = new float[60];
    for (int i = 0; i < 60; i++) {
      features[2 * i] = i;
      features[2 * i + 1] = i % 7;
      targets[i] = 0.5f + 3 * i;
    }
    NpyFiles.write(x, new int[] {60, 2}, features);
    NpyFiles.write(y, new int[] {60}, targets);
    Path run = folder.resolve("run");
    CommandLineRun trained =
        CommandLineRun.of("train --data", x, "--target", y, "--hidden 4 --out", run, "--json");
    assertEquals(
        CommandLineRun.trainKeys("test_rmse", "valid_rmse"), CommandLineRun.keys(trained.json()));
    trained.says(
        "is predicted by regression. Only whole numbers of at most 20 different values, which repeat, are taken for classes");
    JsonNode evaluated =
        CommandLineRun.of("evaluate --model", run, "--data", x, "--target", y, "--json").json();
    assertEquals(12, evaluated.get("rows").asInt());
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", x, "--out", out).succeeded();
    assertEquals(61, Files.readAllLines(out).size());
    assertEquals("target", Files.readAllLines(out).get(0));
  }

  /** Called as they are: the answers are, and a file to measure by needs not have all of them. */
  @Test
  void wholeNumbersThatRepeatAreClasses() throws IOException {
    float[] values = new float[120];
    float[] labels = new float[60];
    for (int i = 0; i < 60; i++) {
      labels[i] = List.of(-1, 100, 7).get(i % 3);
      values[2 * i] = i % 3;
    }
    Path x = NpyFiles.write(folder.resolve("x.npy"), new int[] {60, 2}, values);
    Path y = NpyFiles.write(folder.resolve("y.npy"), new int[] {60}, labels);
    Path run = folder.resolve("run");
    CommandLineRun.of("train --lr 0.02 --hidden 8 --data", x, "--target", y, "--out", run)
        .succeeded()
        .says(
            "y.npy is predicted by classification, into 3 classes. If that is wrong, say --task regression.");
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", x, "--out", out).succeeded();
    List<String> answers = Files.readAllLines(out);
    assertEquals("label,p(-1),p(7),p(100)", answers.get(0));
    assertTrue(answers.get(1).startsWith("-1,0.9"), answers.get(1));
    assertTrue(answers.get(2).startsWith("100,"), answers.get(2));
    NpyFiles.write(x, new int[] {4, 2}, 1, 0, 2, 0, 1, 0, 2, 0);
    NpyFiles.write(y, new int[] {4}, 100, 7, 100, 7);
    CommandLineRun.of("evaluate --model", run, "--data", x, "--target", y)
        .succeeded()
        .says("accuracy 100.00 %");
    NpyFiles.write(y, new int[] {4}, 16_777_214, 16_777_215, 16_777_216, 8);
    CommandLineRun.of("evaluate --model", run, "--data", x, "--target", y)
        .refused("row 2 (from 0): 16777216 is no class. Classes are texts, or whole numbers below");
    NpyFiles.write(y, new int[] {4}, 100, 8, 100, 8);
    CommandLineRun.of("evaluate --model", run, "--data", x, "--target", y)
        .refused("1 class of which training had no rows: \"8\"");
  }

  @Test
  void anNpzFileTrainsAndBringsItsTestRows() throws IOException {
    Path file = imagesWithTest("all.npz", 120, 30);
    Path run = folder.resolve("run");
    CommandLineRun trained =
        CommandLineRun.of(
            "train --data", file, "--hidden 8 --batch 8 --lr 0.02 --out", run, "--json");
    trained.says(
        "The target of " + file + " is predicted by classification, into 3 classes.",
        "108 rows train, 12 validate, 30 test · split at random, the data's own test rows");
    assertTrue(trained.json().get("test_accuracy").asDouble() > 0.9, trained.err());
    JsonNode evaluated = CommandLineRun.of("evaluate --model", run, "--json").json();
    assertEquals(30, evaluated.get("rows").asInt());
    assertEquals(trained.json().get("test_accuracy"), evaluated.get("accuracy"));
    Path some = folder.resolve("y_some.npy");
    NpyFiles.write(some, "wide", "tall");
    Path x =
        NpyFiles.write(folder.resolve("x_some.npy"), new int[] {2, 2, 2}, 0, 9, 0, 9, 9, 9, 0, 0);
    JsonNode other =
        CommandLineRun.of("evaluate --model", run, "--data", x, "--target", some, "--json").json();
    assertEquals(2, other.get("rows").asInt());
    CommandLineRun.of("train --resume", run)
        .succeeded()
        .says("the data's own test rows", "nothing was left to train");
  }

  /** A box that was ticked or not: that it is empty says all that it says. */
  @Test
  void aColumnOfOneNumberAndGapsIsACategory() throws IOException {
    StringBuilder csv = new StringBuilder("smoker,x,y\n");
    for (int i = 0; i < 300; i++) {
      boolean smoker = i * 7 % 11 < 5;
      csv.append(smoker ? "1" : "").append(',').append(i % 13).append(',');
      csv.append(smoker ? 3 : 0.01 * (i % 5)).append('\n');
    }
    Path file = write("boxes.csv", csv.toString());
    Path run = folder.resolve("boxes");
    CommandLineRun trained =
        CommandLineRun.of(
            "train --data", file, "--task regression --hidden 8 --out", run, "--json");
    assertFalse(trained.err().contains("has one value"), trained.err());
    assertTrue(trained.json().get("test_rmse").asDouble() < 1, trained.out());
    Path later = write("later.csv", "smoker,x\n1,3\n,3\n1.0,3\n");
    List<String> answers =
        CommandLineRun.of("predict --model", run, "--data", later, "--out -")
            .out()
            .lines()
            .toList();
    assertEquals(answers.get(1), answers.get(3));
    assertTrue(Double.parseDouble(answers.get(1)) > 2 + Double.parseDouble(answers.get(2)));
  }

  @Test
  void anNpzFileMayBringItsValidationRows() {
    imagesWithTest("all.npz", 120, 30);
    Path x = folder.resolve("x_train.npy");
    Path y = folder.resolve("y_train.npy");
    Path xValid = NpyFiles.write(folder.resolve("x_valid.npy"), new int[] {2, 2, 2}, new float[8]);
    Path yValid = NpyFiles.write(folder.resolve("y_valid.npy"), "wide", "tall");
    Path file = NpyFiles.zip(folder.resolve("both.npz"), x, y, xValid, yValid);
    Path run = folder.resolve("run");
    CommandLineRun.of("train --data", file, "--hidden 8 --epochs 2 --out", run)
        .says("96 rows train, 2 validate, 24 test", "the data's own validation rows");
    CommandLineRun.of("train --data", file, "--test 0 --hidden 8 --out", folder.resolve("other"))
        .says("120 rows train, 2 validate, 0 test · the data's own validation rows");
    CommandLineRun.of("train --resume", run).succeeded();
    CommandLineRun.of("cross-validate --data", file, "--folds 3 --hidden 4 --epochs 1").succeeded();
  }

  /** Of 2 × 2 pixels, in three classes by name. */
  private Path imagesWithTest(String name, int train, int test) {
    List<Path> arrays = new ArrayList<>();
    for (int part = 0; part < 2; part++) {
      int rows = part == 0 ? train : test;
      float[] pixels = new float[4 * rows];
      String[] labels = new String[rows];
      for (int i = 0; i < rows; i++) {
        labels[i] = List.of("tall", "wide", "dark").get(i % 3);
        pixels[4 * i] = i % 3 == 0 ? 0 : 8 + i % 2;
        pixels[4 * i + 1] = i % 3 == 2 ? 0 : 8 + i % 4;
        pixels[4 * i + 2] = i % 3 == 0 ? 9 : i % 2;
        pixels[4 * i + 3] = i * 0.01f;
      }
      String ending = part == 0 ? "_train.npy" : "_test.npy";
      arrays.add(NpyFiles.write(folder.resolve("x" + ending), new int[] {rows, 2, 2}, pixels));
      arrays.add(NpyFiles.write(folder.resolve("y" + ending), labels));
    }
    return NpyFiles.zip(folder.resolve(name), arrays.toArray(Path[]::new));
  }
}
