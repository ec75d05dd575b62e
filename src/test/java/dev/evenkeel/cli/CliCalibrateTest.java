package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.CsvText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CliCalibrateTest {

  @TempDir Path folder;

  /** One row in four has the other class, whatever its x: a sure model is wrong there. */
  private Path noisy() throws IOException {
    IntFunction<String> row =
        i -> i % 40 + "," + ((i % 40 < 20) == (i / 40 % 4 < 3) ? "no" : "yes");
    return Files.writeString(folder.resolve("noisy.csv"), CsvText.of("x,answer", 400, row));
  }

  private Path trained(Path data, String options) {
    Path run = folder.resolve("run");
    CommandLineRun.of("train --data", data, "--out", run, options, "--hidden 8 --epochs 20")
        .succeeded();
    return run;
  }

  private List<Double> logits(Path model, Path data) throws IOException {
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", model, "--data", data, "--out", out).succeeded();
    return Files.readAllLines(out).stream()
        .skip(1)
        .map(line -> Double.parseDouble(line.split(",")[2]))
        .map(yes -> Math.log(yes / (1 - yes)))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--norm batch --label-smoothing 0.4",
        "--norm weight --weight-decay 3",
        "--loss binary --weight-decay 3"
      })
  void logitsAreDividedAndNothingElseChanges(String options) throws IOException {
    Path data = noisy();
    Path run = trained(data, options);
    Path out = folder.resolve("calibrated");
    JsonNode result = CommandLineRun.of("calibrate --model", run, "--out", out, "--json").json();
    double temperature = result.get("temperature").asDouble();
    assertEquals(40, result.get("rows").asInt());
    assertTrue(Math.abs(temperature - 1) > 0.01, () -> "temperature " + temperature);
    assertTrue(result.get("logloss").asDouble() < result.get("logloss_before").asDouble());
    List<Double> before = logits(run, data);
    List<Double> after = logits(out, data);
    for (int row = 0; row < before.size(); row++) {
      assertEquals(before.get(row) / temperature, after.get(row), 1e-4);
    }
    CommandLineRun.of("evaluate --model", out)
        .succeeded()
        .says("80 test rows that training never saw");
    CommandLineRun again =
        CommandLineRun.of("calibrate --model", out, "--out", folder.resolve("again"));
    again.succeeded().says("temperature 1.0000: probabilities stay as they are");
  }

  @Test
  void validationRowsOfDataThatMovedOrOfAFileAreFound() throws IOException {
    Path data = noisy();
    Path run = trained(data, "--norm none");
    Path moved = Files.move(data, folder.resolve("moved.csv"));
    CommandLineRun.of(
            "calibrate --model", run, "--data", moved, "--out", folder.resolve("calibrated"))
        .succeeded()
        .says("moved.csv, the 40 validation rows");
    Files.move(run, folder.resolve("before"));
    Path apart = trained(moved, "--valid " + noisy());
    Path out = folder.resolve("apart");
    CommandLineRun.of("calibrate --model", apart, "--out", out)
        .succeeded()
        .says("The 400 rows of " + data + ", which validated");
    Files.writeString(data, Files.readString(data) + "3,yes\n");
    CommandLineRun.of("calibrate --model", apart, "--out", folder.resolve("none"))
        .refused("moved.csv or " + data + " has changed since training");
  }

  @Test
  void ofACopyOfTheDataTheValidationRowsChoose() throws IOException {
    Path data = noisy();
    Path run = trained(data, "--norm none");
    Path copy = Files.copy(data, folder.resolve("copy.csv"));
    CommandLineRun named =
        CommandLineRun.of("calibrate --model", run, "--out", folder.resolve("one"), "--json");
    CommandLineRun other =
        CommandLineRun.of(
            "calibrate --model", run, "--data", copy, "--out", folder.resolve("two"), "--json");
    assertEquals(named.json().get("temperature"), other.json().get("temperature"));
    other.says("copy.csv holds the data of training", "copy.csv, the 40 validation rows");
  }

  /** What evaluate takes by itself may be the very rows that chose the temperature. */
  @Test
  void otherRowsAreNamedOnlyWhereEvaluateTakesThem() throws IOException {
    Path data = noisy();
    Path apart = Files.copy(data, folder.resolve("apart.csv"));
    Path run = trained(data, "--norm none --test " + apart);
    Path out = folder.resolve("calibrated");
    CommandLineRun.of("calibrate --model", run, "--out", out)
        .succeeded()
        .says("evaluate --model " + out + " measures others");
    Path onTest = folder.resolve("on-test");
    CommandLineRun.of("calibrate --model", run, "--data", apart, "--out", onTest)
        .succeeded()
        .says("evaluate --model " + onTest + " --data FILE measures others");
    Files.move(run, folder.resolve("before"));
    run = trained(data, "--norm none --test 0");
    CommandLineRun.of("calibrate --model", run, "--out", folder.resolve("untested"))
        .succeeded()
        .says("evaluate --model " + folder.resolve("untested") + " --data FILE measures others");
  }

  @Test
  void whatCannotBeCalibratedIsRefused() throws IOException {
    Path data = noisy();
    Path out = folder.resolve("calibrated");
    Path run = trained(data, "--valid 0");
    CommandLineRun.of("calibrate --model", run, "--out", out)
        .refused("was trained without validation rows", "help: --data with other rows");
    CommandLineRun.of("calibrate --model", run, "--data", noisy(), "--out", run)
        .refused("model.safetensors");
    Path other = Files.copy(data, folder.resolve("other.csv"));
    CommandLineRun.of("calibrate --model", run, "--data", other, "--out", out)
        .refused("was trained without validation rows");
    Files.writeString(other, Files.readString(data) + "3,yes\n");
    CommandLineRun.of("calibrate --model", run, "--data", other, "--out", out)
        .succeeded()
        .says("temperature ");
    Files.writeString(data, Files.readString(data) + "3,yes\n");
    CommandLineRun.of("calibrate --model", run, "--out", out).refused("has changed since");
    Files.writeString(data, "x,y\n" + "1,2.5\n2,3\n3,1\n4,1\n5,2\n".repeat(9));
    CommandLineRun.of("calibrate --model", folder.resolve("none"), "--out", out)
        .refused("There is no model at");
    Path numbers = folder.resolve("numbers");
    CommandLineRun.of("train --data", data, "--epochs 1 --out", numbers).succeeded();
    CommandLineRun.of("calibrate --model", numbers, "--out", folder.resolve("c"))
        .refused("predicts numbers, which have no probabilities to calibrate");
    assertFalse(Files.exists(folder.resolve("c")));
  }
}
