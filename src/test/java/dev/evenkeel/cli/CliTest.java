package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.io.EventReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What the commands do with input that is right; {@link CliMessagesTest} has the wrong input. */
class CliTest {
  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path houses;
  private static Path model;

  /** A model of houses that most tests only look at. */
  @BeforeAll
  static void trainHouses() throws IOException {
    houses = Files.writeString(shared.resolve("houses.csv"), houses());
    model = shared.resolve("run");
    CommandLineRun.of("train --data", houses, "--target price --hidden 32 --out", model)
        .succeeded()
        .says("Column \"price\" is predicted by regression", "test rmse");
  }

  /** Numbers, a category whose values need quotes, and years of which some are missing. */
  private static String houses() {
    Random random = new Random(7);
    String[] towns = {"Bern", "\"Basel, Stadt\"", "\"\"\"Rive\"\" Genève\""};
    StringBuilder csv = new StringBuilder("area,rooms,town,year,price\n");
    for (int i = 0; i < 400; i++) {
      int area = 40 + random.nextInt(200);
      int rooms = 1 + random.nextInt(6);
      int town = random.nextInt(3);
      String year = i % 9 == 0 ? "" : Integer.toString(1900 + random.nextInt(120));
      int price = 1000 * area * (2 + town) + 20_000 * rooms + random.nextInt(5000);
      csv.append("%d,%d,%s,%s,%d%n".formatted(area, rooms, towns[town], year, price));
    }
    return csv.toString();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private CommandLineRun digits(Object... more) {
    return CommandLineRun.of("train --hidden 16 --out", folder.resolve("run"), more);
  }

  @Test
  void digitsTrainAndReportWhatScriptsWant() {
    JsonNode result = digits("--epochs 3 --lr 0.02 --json").json();
    assertEquals(
        CommandLineRun.trainKeys("test_accuracy", "valid_accuracy"), CommandLineRun.keys(result));
    assertEquals("cpu", result.get("device").asText());
    assertEquals(3, result.get("epochs").asInt());
    assertEquals(30, result.get("steps").asInt());
    assertEquals(64 * 16 + 2 * 16 + 16 * 10 + 10, result.get("parameters").asInt());
    assertTrue(result.get("seconds").asDouble() > 0);
    assertTrue(result.get("train_loss").asDouble() > 0);
    assertTrue(result.get("valid_loss").asDouble() > 0);
    double accuracy = result.get("test_accuracy").asDouble();
    assertTrue(accuracy > 0.5 && accuracy <= 1, () -> "accuracy " + accuracy);
    Path checkpoint = Path.of(result.get("checkpoint").asText());
    assertEquals(folder.resolve("run").resolve("checkpoint.safetensors"), checkpoint);
    assertTrue(Files.exists(checkpoint));
    assertTrue(Files.exists(folder.resolve("run/model.safetensors")));
    assertTrue(Files.exists(folder.resolve("run/history.csv")));
    assertTrue(Files.exists(folder.resolve("run/report.html")));
  }

  @Test
  void aReportIsWrittenAnewOnDemandWithTheConditionsOfTheTraining() throws IOException {
    Path report = model.resolve("report.html");
    String first = Files.readString(report);
    Files.delete(report);
    JsonNode result = CommandLineRun.of("report --model", model, "--json").json();
    assertEquals(report.toString(), result.get("report").asText());
    assertEquals(first, Files.readString(report));
    assertTrue(first.contains("OpenBLAS") || first.contains("CPU"), first);
    assertTrue(first.contains("true price"), "predicted against true");
    CommandLineRun.of("report --model", model.resolve("model.safetensors"))
        .refused("is a file", "help: --model " + model);
  }

  @Test
  void withoutJsonTheResultIsOnStdoutAndProgressIsNot() {
    CommandLineRun run = digits("--epochs 2").succeeded();
    assertTrue(run.out().contains("test accuracy "), run::toString);
    assertTrue(run.out().contains("2 epochs, 20 steps"), run::toString);
    assertFalse(run.out().contains("epoch 1/2"), run::toString);
    assertTrue(run.err().contains("epoch 1/2"), run::toString);
    assertTrue(run.err().contains("epoch 2/2"), run::toString);
  }

  @Test
  void fewerStepsThanAnEpochAreEnough() {
    JsonNode result = digits("--steps 3 --json").json();
    assertEquals(3, result.get("steps").asInt());
    assertEquals(1, result.get("epochs").asInt());
    assertTrue(result.get("valid_loss").isNumber());
    assertTrue(result.get("test_accuracy").isNumber());
  }

  @Test
  void withoutRowsToValidateOrTestTheirNumbersAreAbsent() {
    JsonNode result = digits("--steps 2 --valid 0 --test 0 --json").json();
    assertEquals(CommandLineRun.trainKeys(), CommandLineRun.keys(result));
    assertTrue(result.get("valid_loss").isNull());
  }

  @Test
  void moreMetricsAreTestedToo() {
    JsonNode result = digits("--steps 2 --metrics logloss,top3 --monitor auc --json").json();
    assertEquals(
        CommandLineRun.trainKeys(
            "test_accuracy",
            "test_logloss",
            "test_top3",
            "test_auc",
            "valid_logloss",
            "valid_top3",
            "valid_auc"),
        CommandLineRun.keys(result));
  }

  @Test
  void anInterruptedRunGoesOnByItsFolderAlone() {
    digits("--epochs 2").succeeded();
    JsonNode whole = CommandLineRun.of("train --resume", folder.resolve("run"), "--json").json();
    assertEquals(
        CommandLineRun.trainKeys("test_accuracy", "valid_accuracy"), CommandLineRun.keys(whole));
    assertEquals(20, whole.get("steps").asInt());
  }

  @Test
  void anotherDeviceIsSaidWhenARunGoesOn() {
    digits("--epochs 2 --threads 1").succeeded();
    Path run = folder.resolve("run");
    CommandLineRun same = CommandLineRun.of("train --resume", run, "--threads 1").succeeded();
    assertFalse(same.out().contains("So far"), same::toString);
    CommandLineRun other = CommandLineRun.of("train --resume", run, "--threads 2");
    other.succeeded().says("run was trained on CPU, 1 thread, ", "it goes on on CPU, 2 threads, ");
  }

  @Test
  void theTensorBoardGoesOnWhereTheRunDoes() throws IOException {
    Path events = folder.resolve("tb/digits");
    JsonNode result = digits("--epochs 2 --batch 500 --tensorboard", events, "--json").json();
    assertEquals(
        CommandLineRun.trainKeys("test_accuracy", "valid_accuracy"), CommandLineRun.keys(result));
    long steps = result.get("steps").asLong();
    Path first = EventReader.files(events).get(0);
    assertEquals(steps, EventReader.scalars(first, "loss/train").size());
    float valid = EventReader.scalars(first, "loss/validation").get(steps);
    assertEquals((float) result.get("valid_loss").asDouble(), valid);
    assertTrue(EventReader.tags(first).contains("activations/1.batch-norm.relu"));

    CommandLineRun.of("train --resume", folder.resolve("run")).succeeded();
    assertEquals(2, EventReader.files(events).size());
    Path other = folder.resolve("tb/other");
    CommandLineRun.of("train --resume", folder.resolve("run"), "--tensorboard", other).succeeded();
    assertEquals(2, EventReader.files(events).size());
    assertEquals(1, EventReader.files(other).size());
  }

  @Test
  void aCheckpointMakesNoFolderOfEventsWhereThereIsNone() throws IOException {
    Path events = folder.resolve("tb/digits");
    digits("--epochs 1 --batch 500 --tensorboard", events).succeeded();
    Path moved = folder.resolve("elsewhere");
    Files.move(folder.resolve("tb"), moved);
    CommandLineRun again = CommandLineRun.of("train --resume", folder.resolve("run"));
    again.succeeded();
    assertTrue(again.out().contains("help: --tensorboard " + events), again::toString);
    assertFalse(Files.exists(events));
    assertEquals(1, EventReader.files(moved.resolve("digits")).size());
  }

  @Test
  void aTableIsEvaluatedOnTheRowsThatTrainingNeverSaw() {
    CommandLineRun run = CommandLineRun.of("evaluate --model", model, "--json");
    JsonNode result = run.json();
    assertEquals(
        Set.of("device", "rows", "loss", "rmse", "residuals"), CommandLineRun.keys(result));
    assertEquals(80, result.get("rows").asInt());
    assertTrue(run.err().contains("the 80 test rows that training never saw"), run::toString);
    Path same = houses.getParent().resolve(".").resolve("houses.csv");
    JsonNode again = CommandLineRun.of("evaluate --model", model, "--data", same, "--json").json();
    assertEquals(result, again);
  }

  @Test
  void evaluateTakesOtherDataMetricsAndTheModelFileItself() throws IOException {
    List<String> lines = Files.readAllLines(houses);
    Path other = write("other.csv", String.join("\n", lines.subList(0, 51)));
    JsonNode result =
        CommandLineRun.of(
                "evaluate --model",
                model.resolve("model.safetensors"),
                "--data",
                other,
                "--metrics mae,r2 --json")
            .json();
    assertEquals(
        Set.of("device", "rows", "loss", "mae", "r2", "residuals"), CommandLineRun.keys(result));
    assertEquals(50, result.get("rows").asInt());
    assertTrue(result.get("r2").asDouble() > 0.5, result::toString);
  }

  @Test
  void predictFindsColumnsByNameAndIgnoresNewOnes() throws IOException {
    Path first = write("first.csv", "area,rooms,town,year\n100,3,Bern,1990\n200,5,Bern,\n");
    Path second =
        write("second.csv", "year,colour,town,rooms,area\n1990,red,Bern,3,100\n,blue,Bern,5,200\n");
    Path one = folder.resolve("one.csv");
    Path two = folder.resolve("two.csv");
    JsonNode result =
        CommandLineRun.of("predict --model", model, "--data", first, "--out", one, "--json").json();
    assertEquals(Set.of("device", "rows", "out"), CommandLineRun.keys(result));
    assertEquals(2, result.get("rows").asInt());
    assertEquals(one.toString(), result.get("out").asText());
    CommandLineRun.of("predict --model", model, "--data", second, "--out", two)
        .succeeded()
        .says("ignored what the model was not trained on: \"colour\"", "2 rows predicted in");
    List<String> lines = Files.readAllLines(one);
    assertEquals(3, lines.size());
    assertEquals("price", lines.get(0));
    assertTrue(Double.parseDouble(lines.get(2)) > Double.parseDouble(lines.get(1)));
    assertEquals(lines, Files.readAllLines(two));
  }

  @Test
  void aCategoryThatTrainingNeverSawIsTakenAsMissingAndSaid() throws IOException {
    Path unseen = write("unseen.csv", "area,rooms,town,year\n100,3,Zug,1990\n100,3,Bern,1990\n");
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", model, "--data", unseen, "--out", out)
        .succeeded()
        .says(
            "column \"town\" has 1 text unknown to the model, in 1 row, taken as missing",
            "\"Zug\"");
    assertEquals(3, Files.readAllLines(out).size());
  }

  @Test
  void oneOfAThingIsNotSeveral() throws IOException {
    digits("--steps 1").succeeded().says("1 epoch, 1 step in ");
    Path row = write("row.csv", "area,rooms,town,year\n100,3,Bern,1990\n");
    CommandLineRun.of("predict --model", model, "--data", row, "--out", folder.resolve("p.csv"))
        .succeeded()
        .says("1 row predicted in");
  }

  @Test
  void theSameSeedWritesTheSameModel() throws IOException {
    Path other = folder.resolve("other");
    digits("--steps 5 --dropout 0.2 --seed 3").succeeded();
    CommandLineRun.of("train --hidden 16 --steps 5 --dropout 0.2 --seed 3 --out", other)
        .succeeded();
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("run/model.safetensors")),
        Files.readAllBytes(other.resolve("model.safetensors")));
  }

  @Test
  void everyKindOfNetworkAndTrainingCanBeNamed() {
    String[] lines = {
      "--act gelu --norm-place after --running cumulative --optimizer sgd",
      "--act leaky-relu --residual --hidden 16,16 --running population",
      "--norm none --init normal(0.1) --optimizer nesterov --schedule step",
      "--running-variance biased --clip 1 --warmup 2 --schedule one-cycle",
      "--hidden 0 --class-weights balanced --label-smoothing 0.1",
      "--patience 1 --monitor accuracy --schedule plateau --device cpu",
      "--threads 1 --batch 100000 --optimizer rmsprop --weight-decay 0.1",
    };
    for (int i = 0; i < lines.length; i++) {
      CommandLineRun.of("train --steps 2 --out", folder.resolve("run" + i), lines[i]).succeeded();
    }
  }

  /**
   * A table whose inputs are scaled and shifted: batch norm's statistics can be had again from it.
   */
  @Test
  void adaptingUndoesAScaleAndAShift() throws IOException {
    Random random = new Random(3);
    StringBuilder source = new StringBuilder("a,b,kind\n");
    StringBuilder target = new StringBuilder("a,b,kind\n");
    for (int i = 0; i < 400; i++) {
      double a = random.nextGaussian();
      double b = random.nextGaussian();
      String kind = a * b > 0 ? "same" : "other";
      source.append("%s,%s,%s\n".formatted(a, b, kind));
      target.append("%s,%s,%s\n".formatted(3 * a + 5, 3 * b + 5, kind));
    }
    Path clean = Files.writeString(folder.resolve("source.csv"), source);
    Path shifted = Files.writeString(folder.resolve("target.csv"), target);
    Path run = folder.resolve("run");
    CommandLineRun.of(
            "train --data",
            clean,
            "--test 0 --out",
            run,
            "--hidden 32 --norm-place before --batch 64")
        .succeeded();
    Path adapted = folder.resolve("adapted");
    JsonNode told =
        CommandLineRun.of("adapt --model", run, "--data", shifted, "--out", adapted, "--json")
            .json();
    assertEquals(400, told.get("rows").asInt());
    double before = accuracy(run, shifted);
    double after = accuracy(adapted, shifted);
    assertTrue(before < 0.7, "shifted: " + before);
    assertEquals(accuracy(run, clean), after, 0.05, "shifted, adapted");
    assertTrue(after > 0.9, "shifted, adapted: " + after);
    CommandLineRun.of("predict --model", adapted, "--data", shifted, "--out", folder + "/p.csv")
        .succeeded();
  }

  private static double accuracy(Path model, Path data) {
    return CommandLineRun.of("evaluate --model", model, "--data", data, "--json")
        .json()
        .get("accuracy")
        .asDouble();
  }

  @Test
  void benchReportsWhatScriptsWant() {
    CommandLineRun run =
        CommandLineRun.of(
            "bench --in 20 --hidden 16,16 --out 5 --batch 32 --steps 20 --warmup 5 --json");
    JsonNode result = run.json();
    assertEquals(
        Set.of(
            "device",
            "step_ms_median",
            "step_ms_p10",
            "step_ms_p90",
            "examples_per_s",
            "final_loss",
            "peak_rss_mb",
            "gemm_ms",
            "move_mb",
            "parameters"),
        CommandLineRun.keys(result));
    double median = result.get("step_ms_median").asDouble();
    assertTrue(result.get("step_ms_p10").asDouble() <= median, result::toString);
    assertTrue(result.get("step_ms_p90").asDouble() >= median, result::toString);
    assertTrue(result.get("examples_per_s").asDouble() > 0, result::toString);
    assertTrue(result.get("final_loss").isNumber(), result::toString);
    if (Files.exists(Path.of("/proc/self/status"))) { // elsewhere it is not to be known
      assertTrue(result.get("peak_rss_mb").asLong() > 0, result::toString);
    }
    run.says("floor: matrix products alone");
  }

  @Test
  void benchTimesInferenceAndEachOperation() {
    CommandLineRun run =
        CommandLineRun.of(
            "bench --in 20 --hidden 16 --batch 32 --steps 5 --infer --profile --json");
    JsonNode result = run.json();
    assertTrue(result.get("final_loss").isNull(), result::toString);
    run.says("inference ", " µs  ");
  }

  static Set<String> commands() {
    Set<String> commands = new TreeSet<>(new CommandLine(new Main()).getSubcommands().keySet());
    commands.remove("help");
    return commands;
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandExplainsItself(String command) {
    CommandLineRun help = CommandLineRun.of(command, "--help").succeeded();
    assertEquals("", help.err());
    help.says("Usage: evenkeel " + command, "OPTIONS", "--json", "--debug");
    for (String line : help.out().lines().toList()) {
      assertTrue(line.length() <= 80, line);
    }
    assertEquals(help.out(), CommandLineRun.of("help", command).out());
  }

  /** Lines end between words: not within a file's name, a list of values or an option. */
  @Test
  void noHelpBreaksAWord() {
    Set<String> broken = new TreeSet<>();
    for (CommandLine command : new CommandLine(new Main()).getSubcommands().values()) {
      String help = command.getUsageMessage();
      Set<String> words = new TreeSet<>(List.of(help.split("\\s+")));
      for (OptionSpec option : command.getCommandSpec().options()) {
        String text = String.join(" ", option.description());
        for (String word :
            text.replace("${DEFAULT-VALUE}", option.defaultValueString()).split("\\s+")) {
          if (!words.contains(word)) {
            broken.add(command.getCommandName() + " " + option.longestName() + ": " + word);
          }
        }
      }
    }
    assertEquals(Set.of(), broken);
  }

  @Test
  void theProgramExplainsItself() {
    CommandLineRun.of("--help")
        .succeeded()
        .says(
            "train",
            "evaluate",
            "predict",
            "adapt",
            "export",
            "summary",
            "tune",
            "bench",
            "Shows a command's options",
            "Try: evenkeel train");
    CommandLineRun.of("--version").succeeded().says("evenkeel ");
    CommandLineRun.of("train --help")
        .says("Data:", "Network:", "Training:", "(default: 256,256)", "(default: 20, and")
        .says("--device", "--threads");
  }
}
