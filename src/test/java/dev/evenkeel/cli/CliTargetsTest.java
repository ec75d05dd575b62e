package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several targets of a table, from training to every other command. */
class CliTargetsTest {

  private static final double ROUNDED = 1e-6; // to floats, and summed in another order

  @TempDir static Path shared;

  private static Path data;
  private static Path run;

  @BeforeAll
  static void train() throws IOException {
    Random random = new Random(7);
    List<String> lines = new ArrayList<>(List.of("area,town,\"price, net\",load"));
    for (int i = 0; i < 200; i++) {
      int area = 20 + random.nextInt(100);
      int town = random.nextInt(3);
      double load = area / 32.0 - town + random.nextInt(8) / 16.0;
      lines.add("%d,t%d,%d,%s".formatted(area, town, 1000 * area + 5000 * town, load));
    }
    data = Files.write(shared.resolve("homes.csv"), lines);
    run = shared.resolve("homes");
    train("--target load --target", List.of("price, net"), "--epochs 30 --out", run)
        .succeeded()
        .says("Columns \"load\", \"price, net\" are predicted together, by regression.");
  }

  private static CommandLineRun train(Object... options) {
    return run("train", options);
  }

  private static CommandLineRun run(String command, Object... options) {
    return CommandLineRun.of(command, "--data", data, "--hidden 8 --batch 16 --lr 0.01", options);
  }

  private static List<String> columns(List<String> lines, int... indexes) {
    List<String> chosen = new ArrayList<>();
    for (String line : lines) {
      String[] fields = line.replace("price, net", "price").replace("\"", "").split(",");
      List<String> own = new ArrayList<>();
      for (int index : indexes) {
        own.add(fields[index]);
      }
      chosen.add(String.join(",", own));
    }
    return chosen;
  }

  /** What evaluate says of a target is what its predictions give by hand. */
  @Test
  void eachTargetIsMeasuredInItsOwnUnits() throws IOException {
    List<String> rows = Files.readAllLines(data);
    Path copy = Files.write(shared.resolve("most.csv"), rows.subList(0, rows.size() - 1));
    Path out = shared.resolve("measured.csv");
    CommandLineRun.of("predict --model", run, "--data", copy, "--with load,3 --out", out)
        .succeeded();
    List<String> lines = Files.readAllLines(out);
    assertEquals("load,\"price, net\",predicted load,\"predicted price, net\"", lines.get(0));
    CommandLineRun evaluated = CommandLineRun.of("evaluate --model", run, "--data", copy, "--json");
    JsonNode json = evaluated.json();
    assertEquals(
        Set.of("device", "rows", "loss", "rmse", "targets", "residuals"),
        CommandLineRun.keys(json));
    evaluated.says("\ntarget ", "rmse", "mae", "r2\nload ", "\nprice, net ");
    double all = 0;
    for (int target = 0; target < 2; target++) {
      double[] truth = numbers(lines, target);
      double[] answers = numbers(lines, 2 + target);
      double mean = DoubleStream.of(truth).average().orElseThrow();
      double squares = 0;
      double absolute = 0;
      double total = 0;
      for (int i = 0; i < truth.length; i++) {
        squares += Math.pow(truth[i] - answers[i], 2);
        absolute += Math.abs(truth[i] - answers[i]);
        total += Math.pow(truth[i] - mean, 2);
      }
      all += squares;
      JsonNode own = json.get("targets").get(target);
      assertEquals(List.of("load", "price, net").get(target), own.get("target").asText());
      assertClose(Math.sqrt(squares / truth.length), own.get("rmse"));
      assertClose(absolute / truth.length, own.get("mae"));
      assertClose(1 - squares / total, own.get("r2"));
      assertTrue(own.get("r2").asDouble() > 0.8, own::toString);
    }
    assertClose(Math.sqrt(all / 2 / (lines.size() - 1)), json.get("rmse"));
  }

  private static void assertClose(double expected, JsonNode seen) {
    assertEquals(expected, seen.asDouble(), ROUNDED * Math.abs(expected));
  }

  private static double[] numbers(List<String> lines, int column) {
    return columns(lines.subList(1, lines.size()), column).stream()
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  @Test
  void oneTargetIsToldAsBefore() {
    Path one = shared.resolve("one");
    train("--target load --steps 1 --out", one).succeeded();
    CommandLineRun evaluated = CommandLineRun.of("evaluate --model", one, "--json");
    assertFalse(evaluated.json().has("targets"));
    assertFalse(evaluated.err().contains("\ntarget "), evaluated::toString);
  }

  @Test
  void onlyEvaluateNeedsTheTargets() throws IOException {
    List<String> lines = Files.readAllLines(data);
    Path some = Files.write(shared.resolve("some.csv"), columns(lines, 0, 1, 3));
    Path none = Files.write(shared.resolve("none.csv"), columns(lines, 0, 1));
    CommandLineRun.of("evaluate --model", run, "--data", some)
        .refused("some.csv has no column \"price, net\". Its columns are: area, town, load.");
    Path out = shared.resolve("none-answers.csv");
    CommandLineRun.of("predict --model", run, "--data", none, "--out", out).succeeded();
    assertEquals("load,\"price, net\"", Files.readAllLines(out).get(0));
    Path adapted = shared.resolve("adapted");
    CommandLineRun.of("adapt --model", run, "--data", none, "--out", adapted).succeeded();
    CommandLineRun.of("evaluate --model", adapted, "--data", data).succeeded();
    train("--target load,3 --test", some, "--out", shared.resolve("tested"))
        .refused("some.csv has no column \"price, net\"");
  }

  @Test
  void whatGoesOnWithAModelKnowsItsTargets() throws IOException {
    CommandLineRun.of("train --resume", run).succeeded();
    Path from = shared.resolve("from");
    CommandLineRun.of("train --from", run, "--steps 1 --out", from).succeeded();
    CommandLineRun.of("train --from", run, "--target load,area --out", from)
        .refused("--target load,area is not what the model was trained to predict: ");
    JsonNode importance =
        CommandLineRun.of("evaluate --model", run, "--importance --metrics r2 --json")
            .json()
            .get("importance");
    assertEquals("area", importance.get("columns").get(0).get("column").asText());
    assertEquals(2, importance.get("columns").size());
    String report = Files.readString(run.resolve("report.html"));
    assertTrue(report.contains("true load") && report.contains("true price, net"));
  }

  @Test
  void whatLooksForSettingsTakesSeveral() {
    run("cross-validate", "--target load,3 --epochs 1 --folds 2")
        .succeeded()
        .says("are predicted together", "rmse ");
    run("lr-range", "--target load,3 --steps 20 --out", shared.resolve("range")).succeeded();
    CommandLineRun.of("summary --data", data, "--target load,3 --hidden 8")
        .succeeded()
        .says("[N, 2]");
    Path tuned = shared.resolve("tuned");
    Object[] names = {"--target load --target", List.of("price, net")};
    String quoted = File.separatorChar == '/' ? "'price, net'" : "\"price, net\"";
    CommandLineRun.of("tune --data", data, names, "--trials 2 --epochs 1 --hidden 4 --out", tuned)
        .succeeded()
        .says("--target load --target " + quoted + " ");
  }
}
