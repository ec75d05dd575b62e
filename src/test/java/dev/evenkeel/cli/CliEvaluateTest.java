package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.CsvText;
import dev.evenkeel.metric.Confusion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What evaluate tells beyond its metrics. */
class CliEvaluateTest {

  @TempDir static Path shared;

  private static Path classes;
  private static Path numbers;

  @BeforeAll
  static void train() throws IOException {
    Random random = new Random(3);
    List<String> kinds = new ArrayList<>(List.of("size,shop,kind"));
    List<String> prices = new ArrayList<>(List.of("size,shop,price"));
    for (int i = 0; i < 300; i++) {
      int size = random.nextInt(90);
      String shop = List.of("a", "b", "c").get(random.nextInt(3));
      kinds.add("%d,%s,%s".formatted(size, shop, List.of("low", "mid", "top").get(size / 30)));
      prices.add("%d,%s,%d".formatted(size, shop, 100 * size + random.nextInt(9)));
    }
    classes = trained("kinds", kinds, "kind");
    numbers = trained("prices", prices, "price");
  }

  private static Path trained(String name, List<String> lines, String target) throws IOException {
    Path data = Files.write(shared.resolve(name + ".csv"), lines);
    Path run = shared.resolve(name);
    CommandLineRun.of(
            "train --data",
            data,
            "--target",
            target,
            "--hidden 16 --epochs 40 --batch 8 --lr 0.01 --out",
            run,
            "--metrics",
            target.equals("kind") ? "f1,auc,brier" : "mae",
            "--monitor",
            target.equals("kind") ? "balanced-accuracy" : "loss",
            "--patience 20")
        .succeeded();
    return run;
  }

  @Test
  void everyClassHasItsCountsAndTheMatrixAddsUpToThem() {
    JsonNode result = CommandLineRun.of("evaluate --model", classes, "--json").json();
    JsonNode all = result.get("classes");
    assertEquals(3, all.size());
    int rows = 0;
    int right = 0;
    double f1 = 0;
    for (int k = 0; k < 3; k++) {
      JsonNode one = all.get(k);
      assertEquals(Set.of("class", "rows", "precision", "recall", "f1"), CommandLineRun.keys(one));
      assertEquals(List.of("low", "mid", "top").get(k), one.get("class").asText());
      int sum = 0;
      for (JsonNode count : result.get("confusion").get(k)) {
        sum += count.asInt();
      }
      int own = result.get("confusion").get(k).get(k).asInt();
      assertEquals(sum, one.get("rows").asInt());
      assertEquals((double) own / sum, one.get("recall").asDouble());
      rows += sum;
      right += own;
      f1 += one.get("f1").asDouble() / 3;
    }
    assertEquals(result.get("rows").asInt(), rows);
    assertEquals((double) right / rows, result.get("accuracy").asDouble());
    assertEquals(result.get("f1").asDouble(), f1, 1e-12);
    assertTrue(result.has("balanced-accuracy"), "what was monitored is measured");
  }

  @Test
  void newMetricsAreInTheHistoryAndInWhatEvaluateIsAskedFor() throws IOException {
    String header = Files.readAllLines(classes.resolve("history.csv")).get(0);
    assertTrue(header.contains("valid_f1,valid_auc,valid_brier,valid_balanced-accuracy"), header);
    CommandLineRun.of("evaluate --model", classes, "--metrics mcc,prauc,ece,f1")
        .succeeded()
        .says("mcc 0.", "prauc 0.", "ece 0.", "\nf1 ", " %");
    CommandLineRun.of("evaluate --model", numbers, "--metrics ece")
        .refused("--metrics ece measures classes", "help: rmse, mae, r2");
    CommandLineRun.of("evaluate --model", classes, "--metrics r2")
        .refused("--metrics r2 measures numbers", "help: accuracy, ");
  }

  @Test
  void aClassWithoutRowsIsNamedBeforeAnythingIsMeasured() throws IOException {
    String rows = "size,shop,kind\n3,a,low\n50,b,mid\n4,a,low\n";
    Path few = Files.writeString(shared.resolve("few.csv"), rows);
    CommandLineRun run =
        CommandLineRun.of("evaluate --model", classes, "--data", few)
            .refused(
                "auc needs rows of every class, but of 3 rows none is of class \"top\"",
                "help: more rows, or other metrics");
    assertFalse(run.out().contains("accuracy"), run::toString);
    CommandLineRun.of("evaluate --model", classes, "--data", few, "--metrics accuracy,f1")
        .succeeded();
    Path weighted = Files.writeString(shared.resolve("weighted.csv"), weighted());
    Path out = shared.resolve("weighted");
    CommandLineRun.of("train --hidden 4 --steps 2 --weights w --data", weighted, "--out", out)
        .succeeded();
    CommandLineRun.of("evaluate --metrics prauc --data", weighted, "--model", out).succeeded();
    String without = weighted().replace(",1,mid", ",0,mid");
    Files.writeString(weighted, without);
    CommandLineRun.of("evaluate --metrics prauc --data", weighted, "--model", out)
        .refused("prauc needs rows of every class, but of 90 rows none is of class \"mid\"");
  }

  private static String weighted() {
    return CsvText.of("size,w,kind", 90, i -> i + ",1," + List.of("low", "mid").get(i % 2));
  }

  @Test
  void trainingIsRefusedBeforeItWhereItsMetricNeedsAClassThatIsNotThere() throws IOException {
    Path test = Files.writeString(shared.resolve("t.csv"), "size,shop,kind\n3,a,low\n4,a,mid\n");
    Path out = shared.resolve("untrained");
    CommandLineRun.of(
            "train --metrics auc --target kind --data",
            shared.resolve("kinds.csv"),
            "--test",
            test,
            "--out",
            out)
        .refused("auc needs rows of every class, but of 2 test rows none is of class \"top\"");
    assertFalse(Files.exists(out));
  }

  @Test
  void ofNumbersTheResidualsAreTold() {
    CommandLineRun.of("evaluate --model", numbers).succeeded().says("true − predicted", "95 %");
    JsonNode result = CommandLineRun.of("evaluate --model", numbers, "--json").json();
    JsonNode price = result.get("residuals").get(0);
    assertEquals(Set.of("target", "q5", "q25", "q50", "q75", "q95"), CommandLineRun.keys(price));
    assertEquals("price", price.get("target").asText());
    assertTrue(price.get("q5").asDouble() < price.get("q95").asDouble(), price::toString);
    assertFalse(result.has("classes"));
  }

  @Test
  void importanceIsOfTheFirstMetricAndFindsTheColumnThatMatters() {
    CommandLineRun run = CommandLineRun.of("evaluate --model", classes, "--importance");
    run.succeeded().says("by how much f1 falls", "size ");
    assertTrue(run.out().indexOf("\nsize ") < run.out().indexOf("\nshop "), run::toString);
    JsonNode found =
        CommandLineRun.of("evaluate --model", numbers, "--importance --metrics rmse,r2 --json")
            .json()
            .get("importance");
    assertEquals("rmse", found.get("metric").asText());
    assertEquals(5, found.get("repeats").asInt());
    assertEquals(2, found.get("columns").size());
    assertEquals("size", found.get("columns").get(0).get("column").asText());
    assertTrue(found.get("columns").get(0).get("mean").asDouble() > 1000, found::toString);
    assertTrue(found.get("columns").get(1).get("mean").asDouble() < 500, found::toString);
    CommandLineRun.of("evaluate --model", numbers, "--importance")
        .succeeded()
        .says("by how much mae rises");
  }

  @Test
  void dataWithoutColumnsHaveNoImportance() {
    Path run = shared.resolve("digits");
    CommandLineRun.of("train --steps 1 --hidden 4 --out", run).succeeded();
    CommandLineRun.of("evaluate --model", run, "--importance")
        .refused("Importance is told of a table's columns", "64 columns without names", "help: ");
  }

  @Test
  void theTablesAreAlignedAndLongNamesCut() {
    Confusion confusion =
        new Confusion(
            new double[] {1500, 0, 3}, new double[][] {{1400, 0, 100}, {0, 0, 0}, {3, 0, 0}});
    String long1 = "a name that\nis longer than a col.";
    assertEquals(
        List.of(
            "",
            "class                      rows  precision  recall      F1",
            "a name that …than a col.  1,500     99.8 %  93.3 %  96.5 %",
            "seldom                        0          –       –       –",
            "x                             3      0.0 %   0.0 %   0.0 %",
            "",
            "true \\ predicted          a name tha…han a col.  seldom    x",
            "a name that …than a col.                  1,400       ·  100",
            "seldom                                        ·       ·    ·",
            "x                                             3       ·    ·"),
        new ClassReport(List.of(long1, "seldom", "x"), confusion, false).lines());
  }

  @Test
  void rowsThatHaveWeightsCountWhatTheyWeigh() {
    Confusion confusion =
        new Confusion(new double[] {1234.5, 2.25}, new double[][] {{1234.5, 0}, {2, 0.25}});
    assertEquals(
        List.of(
            "",
            "class  weight  precision   recall      F1",
            "a       1,235     99.8 %  100.0 %  99.9 %",
            "b        2.25    100.0 %   11.1 %  20.0 %",
            "",
            "true \\ predicted      a      b",
            "a                 1,235      ·",
            "b                     2  0.250"),
        new ClassReport(List.of("a", "b"), confusion, true).lines());
  }

  @Test
  void namesThatAreAlikeStayApartWhenCut() {
    assertEquals("kin…-a", TextTable.cut("kind-number-a", 6));
    assertEquals("kin…-b", TextTable.cut("kind-number-b", 6));
    assertEquals("number", TextTable.cut("number", 6));
    assertEquals("\ud83d\ude00a…\ud83d\ude00", TextTable.cut("\ud83d\ude00abcd\ud83d\ude00", 4));
  }

  @Test
  void beyondTwelveClassesTheMostFrequentConfusionsStandForTheMatrix() {
    double[][] counts = new double[60][60];
    for (int k = 0; k < 60; k++) {
      counts[k][k] = 100 - k;
    }
    counts[3][7] = 4;
    counts[5][1] = 9;
    double[] rows = Arrays.stream(counts).mapToDouble(of -> Arrays.stream(of).sum()).toArray();
    List<String> names = IntStream.range(0, 60).mapToObj(k -> "class " + k).toList();
    List<String> lines = new ClassReport(names, new Confusion(rows, counts), false).lines();
    assertTrue(lines.contains("the 20 classes of the lowest F1, of 60; --json has all"));
    assertTrue(lines.get(2).startsWith("class 5 "), lines::toString);
    int start = lines.indexOf("true     taken for  rows");
    assertEquals("class 5  class 1       9", lines.get(start + 1));
    assertEquals("class 3  class 7       4", lines.get(start + 2));
    assertEquals(
        "the most frequent confusions; the matrix of all 60 classes is in --json",
        lines.get(start + 3));
    counts[3][7] = 0;
    counts[5][1] = 0;
    assertTrue(
        new ClassReport(names, new Confusion(rows, counts), true)
            .lines()
            .contains("No row was taken for another class."));
  }
}
