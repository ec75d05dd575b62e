package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several targets of two values each, which may be true together. */
class CliFlagsTest {

  private static final String HELD =
      "--target urgent,spam,reply --hidden 16 --batch 32 --lr 0.01 --threads 1";

  @TempDir static Path shared;

  private static Path data;
  private static Path run;

  @BeforeAll
  static void train() throws IOException {
    Random random = new Random(3);
    List<String> lines = new ArrayList<>(List.of("x,y,color,urgent,spam,reply"));
    for (int i = 0; i < 400; i++) {
      double x = random.nextGaussian();
      double y = random.nextGaussian();
      boolean red = random.nextInt(3) == 0;
      int urgent = x + 0.3 * random.nextGaussian() > 0 ? 1 : 0;
      int spam = x * y > 0.2 ? 1 : 0;
      String reply = red && y > -0.5 ? "yes" : "no";
      String color = red ? "red" : "blue";
      lines.add("%.3f,%.3f,%s,%d,%d,%s".formatted(x, y, color, urgent, spam, reply));
    }
    data = Files.write(shared.resolve("mails.csv"), lines);
    run = shared.resolve("mails");
    CommandLineRun.of("train --data", data, HELD, "--epochs 30 --out", run)
        .succeeded()
        .says(
            "Columns \"urgent\", \"spam\", \"reply\" are predicted as flags, the probability of each by itself, because each holds 0 and 1 alone, or two texts.",
            "test accuracy ");
  }

  private static String[] fields(List<String> lines, int row) {
    return lines.get(row + 1).split(",");
  }

  /** What evaluate says is what the predictions give by hand. */
  @Test
  void eachFlagIsMeasuredByItself() throws IOException {
    List<String> rows = Files.readAllLines(data);
    Path some = Files.write(shared.resolve("some.csv"), rows.subList(0, 300));
    Path out = shared.resolve("answers.csv");
    CommandLineRun.of("predict --model", run, "--data", some, "--with urgent,spam,reply --out", out)
        .succeeded();
    List<String> lines = Files.readAllLines(out);
    assertEquals(
        "urgent,spam,reply,predicted urgent,predicted spam,predicted reply,p(urgent),p(spam),p(reply=yes)",
        lines.get(0));
    CommandLineRun evaluated =
        CommandLineRun.of(
            "evaluate --model", run, "--data", some, "--metrics accuracy,f1,auc,logloss --json");
    JsonNode json = evaluated.json();
    assertEquals(
        Set.of("device", "rows", "loss", "accuracy", "f1", "auc", "logloss", "flags", "all_right"),
        CommandLineRun.keys(json));
    evaluated.says("\nflag ", "\nurgent ", "\nreply=yes ", "all flags right in ");
    int n = lines.size() - 1;
    double allAccuracy = 0;
    double allF1 = 0;
    double allAuc = 0;
    double loss = 0;
    boolean[] wrong = new boolean[n];
    for (int k = 0; k < 3; k++) {
      String yes = k == 2 ? "yes" : "1";
      int right = 0;
      int taken = 0;
      int found = 0;
      int positive = 0;
      double before = 0;
      for (int i = 0; i < n; i++) {
        boolean truth = fields(lines, i)[k].equals(yes);
        boolean answer = fields(lines, i)[3 + k].equals(yes);
        double p = Double.parseDouble(fields(lines, i)[6 + k]);
        assertEquals(answer, p > 0.5);
        right += truth == answer ? 1 : 0;
        taken += answer ? 1 : 0;
        found += truth && answer ? 1 : 0;
        positive += truth ? 1 : 0;
        wrong[i] |= truth != answer;
        loss -= Math.log(truth ? p : 1 - p) / 3 / n;
        for (int j = 0; truth && j < n; j++) {
          if (!fields(lines, j)[k].equals(yes)) {
            double other = Double.parseDouble(fields(lines, j)[6 + k]);
            before += other < p ? 1 : other == p ? 0.5 : 0;
          }
        }
      }
      double accuracy = (double) right / n;
      double f1 = 2.0 * found / (taken + positive);
      double auc = before / positive / (n - positive);
      JsonNode own = json.get("flags").get(k);
      assertEquals(List.of("urgent", "spam", "reply=yes").get(k), own.get("flag").asText());
      assertEquals((double) positive / n, own.get("share").asDouble(), 1e-9);
      assertEquals(accuracy, own.get("accuracy").asDouble(), 1e-9);
      assertEquals((double) found / taken, own.get("precision").asDouble(), 1e-9);
      assertEquals((double) found / positive, own.get("recall").asDouble(), 1e-9);
      assertEquals(f1, own.get("f1").asDouble(), 1e-9);
      assertEquals(auc, own.get("auc").asDouble(), 1e-4);
      assertTrue(accuracy > 0.85, own::toString);
      allAccuracy += accuracy / 3;
      allF1 += f1 / 3;
      allAuc += auc / 3;
    }
    assertEquals(allAccuracy, json.get("accuracy").asDouble(), 1e-9);
    assertEquals(allF1, json.get("f1").asDouble(), 1e-9);
    assertEquals(allAuc, json.get("auc").asDouble(), 1e-4);
    assertEquals(loss, json.get("logloss").asDouble(), 1e-5);
    assertEquals(loss, json.get("loss").asDouble(), 1e-5);
    int whole = 0;
    for (boolean one : wrong) {
      whole += one ? 0 : 1;
    }
    assertEquals((double) whole / n, json.get("all_right").asDouble(), 1e-9);
  }

  @Test
  void aRunIsResumedAndOthersStartFromIt() throws IOException {
    Path half = shared.resolve("half");
    CommandLineRun.of("train --data", data, HELD, "--epochs 4 --out", half).succeeded();
    byte[] model = Files.readAllBytes(half.resolve("model.safetensors"));
    Files.delete(half.resolve("model.safetensors"));
    CommandLineRun.of("train --threads 1 --resume", half).succeeded();
    assertArrayEquals(model, Files.readAllBytes(half.resolve("model.safetensors")));
    Path from = shared.resolve("from");
    CommandLineRun.of("train --from", run, "--target urgent,spam,reply --epochs 1 --out", from)
        .succeeded();
  }

  /** Its f1 is that of being true, not the mean of being and not being. */
  @Test
  void aFlagAloneIsMeasuredAsOneOfSeveral() throws IOException {
    Path one = shared.resolve("alone");
    String few = "--target spam --task flags --epochs 3 --lr 0.01 --hidden 16 --metrics f1 --out";
    CommandLineRun.of("train --data", data, few, one).succeeded();
    JsonNode json = CommandLineRun.of("evaluate --model", one, "--json").json();
    assertEquals(json.get("flags").get(0).get("f1"), json.get("f1"));
    String report = Files.readString(one.resolve("report.html"));
    assertTrue(report.contains("<tr><td>spam</td><td>"), "a table of flags");
  }

  /** A row of weight 3 is three rows, one of weight 0 none. */
  @Test
  void rowsCountAsTheyWeigh() throws IOException {
    String head = "x,y,color,urgent,spam,reply";
    String[] rows = {"1,1,red,1,1,yes", "-1,1,blue,1,0,no", "-1,-1,red,0,0,no", "2,-1,blue,0,1,no"};
    int[] weights = {1, 3, 0, 2};
    List<String> weighted = new ArrayList<>(List.of(head + ",w"));
    List<String> repeated = new ArrayList<>(List.of(head));
    for (int i = 0; i < rows.length; i++) {
      weighted.add(rows[i] + "," + weights[i]);
      repeated.addAll(Collections.nCopies(weights[i], rows[i]));
    }
    Path first = Files.write(shared.resolve("weighted.csv"), weighted);
    Path second = Files.write(shared.resolve("repeated.csv"), repeated);
    String asked = "--metrics accuracy,f1,auc,brier --json";
    Path model = shared.resolve("weighing");
    List<String> lines = new ArrayList<>(List.of(head + ",w"));
    List<String> all = Files.readAllLines(data);
    all.subList(1, all.size()).forEach(line -> lines.add(line + ",1"));
    Path training = Files.write(shared.resolve("training.csv"), lines);
    CommandLineRun.of("train --data", training, HELD, "--weights w --epochs 3 --out", model)
        .succeeded();
    JsonNode byWeights =
        CommandLineRun.of("evaluate --model", model, "--data", first, asked).json();
    JsonNode byRows = CommandLineRun.of("evaluate --model", model, "--data", second, asked).json();
    for (String name : List.of("accuracy", "auc", "brier", "all_right", "flags")) {
      assertEquals(near(byRows.get(name)), near(byWeights.get(name)), name);
    }
  }

  private static String near(JsonNode node) {
    return node.toString().replaceAll("(\\.[0-9]{6})[0-9]+", "$1");
  }

  @Test
  void allThatTakesDataTakesFlags() {
    String few = "--data " + data + " --target urgent,spam,reply --hidden 8 ";
    CommandLineRun.of("cross-validate", few, "--epochs 2 --folds 2 --metrics f1,auc")
        .succeeded()
        .says("auc 0.");
    CommandLineRun.of("tune", few, "--epochs 1 --trials 2 --out", shared.resolve("tuned"))
        .succeeded();
    CommandLineRun.of("lr-range", few, "--range-steps 40 --out", shared.resolve("range"))
        .succeeded();
    CommandLineRun.of("summary", few).succeeded().says("[N, 3]");
    CommandLineRun.of("evaluate --importance --model", run).succeeded().says("how much accuracy");
    CommandLineRun.of("report --model", run).succeeded();
    String tabular = "--recipe tabular --epochs 2 --hidden 8 --target spam,urgent --out";
    CommandLineRun.of("train --data", data, tabular, shared.resolve("tabular")).succeeded();
    String numbers = "--target urgent,spam --task regression --steps 2 --out";
    CommandLineRun.of("train --data", data, numbers, shared.resolve("numbers"))
        .succeeded()
        .says("are predicted together, by regression", "test rmse");
    String one = "--target spam --task flags --steps 2 --out";
    CommandLineRun.of("train --data", data, one, shared.resolve("one"))
        .succeeded()
        .says("Column \"spam\" is predicted as a flag, by its probability, as asked.");
  }

  @Test
  void whatIsNoFlagIsNamed() throws IOException {
    CommandLineRun.of("train --data", data, "--target urgent,x --task flags")
        .refused("column \"x\" can't be a flag: it holds other numbers than 0 and 1");
    CommandLineRun.of("train --data", data, "--target urgent,spam,urgent")
        .refused("column \"urgent\" is named as a target twice");
    CommandLineRun.of("train --data", data, HELD, "--loss mse")
        .refused("--loss mse is not for flags", "help: --loss binary");
    CommandLineRun.of("train --data", data, HELD, "--metrics top2")
        .refused("--metrics top2 looks for one class among several");
    CommandLineRun.of("train --data", data, HELD, "--metrics rmse").refused("measures numbers");
    CommandLineRun.of("train --data", data, HELD, "--class-weights balanced")
        .refused("--class-weights works with --loss cross-entropy alone, not with binary");
    CommandLineRun.of("train --data digits --task flags")
        .refused("digits has a target of its own, a class: --task flags can't change it");
    CommandLineRun.of("calibrate --model", run, "--out", shared.resolve("calibrated"))
        .refused("predicts flags, but only the probabilities of classes are calibrated");
    String row = "x,y,color,urgent,spam,reply\n1,1,red,";
    Path later = Files.writeString(shared.resolve("later.csv"), row + "1,0,maybe\n");
    CommandLineRun.of("evaluate --model", run, "--data", later)
        .refused("line 2: the target \"reply\" is \"maybe\"", "is no or yes");
    Files.writeString(later, row + "2,0,no\n");
    CommandLineRun.of("evaluate --model", run, "--data", later)
        .refused("line 2: the target \"urgent\" is \"2\"", "is 0 or 1");
    Files.writeString(later, row + "1,0,no\n1,1,red,1,1,no\n");
    CommandLineRun.of("evaluate --model", run, "--data", later, "--metrics auc")
        .refused(
            "auc needs rows of both values of a flag, but \"urgent\" is the same in all 2 rows");
    CommandLineRun.of("evaluate --model", run, "--data", later).succeeded().says("–");
  }
}
