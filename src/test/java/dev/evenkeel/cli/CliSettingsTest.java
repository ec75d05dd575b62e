package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.OwnJvm;
import dev.evenkeel.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that find good settings: summary, lr-range, cross-validate and tune. */
class CliSettingsTest {

  private static final String TUNE =
      "tune --data breast-cancer --epochs 9 --trials 6 --seed 4 --try-width 4,8 --threads 1";

  @TempDir Path folder;

  // summary

  @Test
  void summaryShowsLayersParametersAndMemory() {
    CommandLineRun.of("summary --in 784 --out 10 --hidden 512,512")
        .succeeded()
        .says("batch norm", "[N, 512]", "401,408", "670,730 parameters", "cuda, bf16");
    JsonNode result =
        CommandLineRun.of("summary --in 784 --out 10 --hidden 512,512 --batch 1,64 --json").json();
    long weights = 784 * 512 + 512 * 512 + 512 * 10;
    assertEquals(weights, result.get("decayed").asLong());
    assertEquals(weights + 4 * 512 + 10, result.get("parameters").asLong());
    assertEquals(4 * 512 + 2, result.get("statistics").asLong());
    assertEquals(7, result.get("layers").size());
    JsonNode memory = result.get("memory");
    assertEquals(6, memory.size());
    assertTrue(memory.get(0).get("training_bytes").isNull(), "one row through batch norm");
    long training = memory.get(1).get("training_bytes").asLong();
    assertTrue(training > 4 * 4 * weights, "weights, gradients and two vectors of AdamW");
    long sgd =
        CommandLineRun.of(
                "summary --in 784 --out 10 --hidden 512,512 --batch 64 --optimizer sgd --json")
            .json()
            .get("memory")
            .get(0)
            .get("training_bytes")
            .asLong();
    assertTrue(training - sgd >= 8 * weights, "AdamW's two vectors");
  }

  @Test
  void summaryTellsOfDataAndOfModelsThatAreThere() {
    CommandLineRun.of("summary --hidden 16 --norm none --data breast-cancer")
        .succeeded()
        .says("[N, 30]", "530 parameters");
    Path run = folder.resolve("run");
    CommandLineRun.of("train --steps 2 --hidden 4 --out", run).succeeded();
    JsonNode result = CommandLineRun.of("summary --model", run, "--json").json();
    assertEquals(64 * 4 + 8 + 4 * 10 + 10, result.get("parameters").asLong());
    CommandLineRun.of("summary --model", run, "--hidden 8")
        .refused("--hidden describes a network, but --model names one that is there", "help:");
  }

  @Test
  void aResidualBlockShowsItsOwnLayers() {
    CommandLineRun.of("summary --in 16 --out 2 --hidden 16,16 --residual")
        .succeeded()
        .says("residual, x + …", "0.0", "1.1");
  }

  @Test
  void numbersLookTheSameInEveryLanguage() throws Exception {
    String[] summary = "summary --in 784 --out 10 --hidden 512,512".split(" ");
    String said = OwnJvm.said("-Xmx256m -Duser.language=de", Main.class, summary);
    assertTrue(said.contains("670,730 parameters"), said);
  }

  // lr-range

  @Test
  void aRangeTestSuggestsARateAndWritesWhatItSaw() throws IOException {
    Path out = folder.resolve("range");
    JsonNode result =
        CommandLineRun.of("lr-range --hidden 32 --range-steps 200 --out", out, "--json").json();
    double rate = result.get("suggestion").asDouble();
    assertTrue(rate > 1e-4 && rate < 0.3, "suggested " + rate);
    assertTrue(result.get("diverged").asBoolean());
    List<String> lines = Files.readAllLines(out.resolve("lr-range.csv"));
    assertEquals("step,learning_rate,loss,smoothed_loss", lines.get(0));
    assertEquals(result.get("steps").asInt() + 1, lines.size());
    String svg = Files.readString(out.resolve("lr-range.svg"));
    assertTrue(svg.contains("learning rate") && svg.contains("suggested"), svg);
  }

  // cross-validate

  @Test
  void foldsAreToldOfOneByOneAndTogether() {
    String command = "cross-validate --folds 3 --data breast-cancer --hidden 8 --epochs 3";
    CommandLineRun.of(command)
        .succeeded()
        .says("fold 1 of 3, 190 test rows", "fold 3 of 3, 189 test rows", " ± ", "over 3 folds");
    JsonNode result = CommandLineRun.of(command, "--json").json();
    assertEquals(3, result.get("accuracy").size());
    double sum = 0;
    for (JsonNode one : result.get("accuracy")) {
      sum += one.asDouble();
    }
    assertEquals(sum / 3, result.get("accuracy_mean").asDouble(), 1e-12);
    assertEquals(result, CommandLineRun.of(command, "--json").json());
  }

  // tune

  private static List<String> journal(Path out) throws IOException {
    Path file = out.resolve("trials.jsonl");
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  /** All but the time that they took. */
  private static List<String> timeless(List<String> lines) {
    return lines.stream().map(line -> line.replaceAll("\"seconds\":[0-9.E-]+", "")).toList();
  }

  @Test
  void theBestTrialsCommandTrainsThatTrialAgain() throws IOException {
    Path out = folder.resolve("tuned");
    JsonNode result = CommandLineRun.of(TUNE, "--out", out, "--json").json();
    assertEquals(6, result.get("trials").asInt());
    assertEquals(6 + 2 + 1, result.get("trainings").asInt());
    assertEquals(1 + 9, journal(out).size());
    String command = result.get("command").asText();
    assertTrue(command.startsWith("scripts/evenkeel train --data breast-cancer"), command);
    assertTrue(command.endsWith("--epochs 9"), command);
    String train = command.replace("scripts/evenkeel ", "");
    JsonNode trained = CommandLineRun.of(train, "--json --out", folder.resolve("best")).json();
    assertEquals(result.get("score").asDouble(), trained.get("valid_loss").asDouble());
    assertEquals(1 + 6, Files.readAllLines(out.resolve("trials.csv")).size());
    String svg = Files.readString(out.resolve("trials.svg"));
    assertEquals(6, svg.split("<polyline").length - 1);
  }

  /** Before anything is trained that could not be judged. */
  @Test
  void aClassThatNoRowToJudgeByHasIsNamed() throws IOException {
    StringBuilder text = new StringBuilder("x,kind\n");
    for (int i = 0; i < 60; i++) {
      text.append(i + "," + (i % 25 == 3 ? "rare" : i % 2 == 0 ? "a" : "b") + "\n");
    }
    Path data = Files.writeString(folder.resolve("rare.csv"), text);
    for (String command : List.of("cross-validate", "tune --out " + folder.resolve("t"))) {
      CommandLineRun.of(command, "--metrics auc --data", data)
          .refused("auc needs rows of every class", "none is of class \"rare\"");
    }
    CommandLineRun.of("cross-validate --epochs 1 --folds 2 --valid 0 --metrics f1 --data", data)
        .succeeded();
  }

  /** The scale is the data's matter: each trial has the rows that train would make it. */
  @Test
  void scalesAreTriedToo() throws IOException {
    String same =
        "--data examples/houses.csv --norm none --hidden 8 --batch 64 --lr 0.001 --dropout 0 --threads 1";
    Path out = folder.resolve("tuned");
    String search = "tune --trials 5 --rungs 1 --epochs 3 --try-scale robust,Pieces ";
    JsonNode result = CommandLineRun.of(search + same, "--out", out, "--json").json();
    Map<String, Double> losses = new TreeMap<>();
    for (String scale : List.of("robust", "pieces")) {
      String train = "train --epochs 3 --scale " + scale + " " + same;
      JsonNode trained = CommandLineRun.of(train, "--json --out", folder.resolve(scale)).json();
      losses.put(scale, trained.get("valid_loss").asDouble());
    }
    assertEquals(2, Set.copyOf(losses.values()).size());
    double best = Collections.min(losses.values());
    assertEquals(best, result.get("score").asDouble());
    String scale = result.get("best").get("scale").asText().toLowerCase(Locale.ROOT);
    assertEquals(best, losses.get(scale));
    Set<Double> seen = new TreeSet<>();
    for (String line : journal(out).subList(1, 6)) {
      seen.add(Json.read(line, JsonNode.class, "journal").get("score").get(0).asDouble());
    }
    assertEquals(new TreeSet<>(losses.values()), seen, "of all trials");
  }

  /** Beyond the edges of its pieces a number may change, but not by other scales. */
  @Test
  void aSearchDoesNotGoOnIfAnyScaleSeesOtherRows() throws IOException {
    StringBuilder text = new StringBuilder("x,y\n");
    for (int i = 0; i < 100; i++) {
      text.append(i % 10 + "," + (i + 0.5) + "\n");
    }
    Path data = Files.writeString(folder.resolve("data.csv"), text);
    Path valid = Files.writeString(folder.resolve("valid.csv"), "x,y\n1,3\n20,4\n");
    String search =
        "tune --trials 2 --rungs 1 --epochs 1 --hidden 4 --norm none --try-scale pieces,robust";
    Object[] files = {"--data", data, "--valid", valid, "--out", folder.resolve("t")};
    CommandLineRun.of(search, files).succeeded();
    Files.writeString(valid, "x,y\n1,3\n30,4\n");
    CommandLineRun.of(search, files).refused("data");
  }

  /** The file is read as the one that trained it, also where all its numbers are in pieces. */
  @Test
  void piecesAreUsedLikeAnyOtherScale() throws IOException {
    StringBuilder text = new StringBuilder("n,x,town,y\n");
    for (int i = 0; i < 80; i++) {
      text.append((i + 1) + "," + i * 7 % 80 / 8.0 + "," + "ab".charAt(i % 2) + "," + i % 9 / 2.0);
      text.append('\n');
    }
    Path data = Files.writeString(folder.resolve("data.csv"), text);
    Path run = folder.resolve("run");
    CommandLineRun.of("train --scale pieces --hidden 4 --steps 5 --data", data, "--out", run)
        .succeeded()
        .says("column \"n\" counts the rows");
    Path out = folder.resolve("p.csv");
    CommandLineRun.of("predict --model", run, "--data", data, "--out", out).succeeded();
    assertEquals(81, Files.readAllLines(out).size());
    CommandLineRun.of("evaluate --importance --model", run, "--data", data).succeeded();
  }

  @Test
  void runAgainItTrainsNothingAndSaysTheSame() throws IOException {
    Path out = folder.resolve("tuned");
    JsonNode first = CommandLineRun.of(TUNE, "--out", out, "--json").json();
    List<String> lines = journal(out);
    CommandLineRun again = CommandLineRun.of(TUNE, "--out", out, "--json");
    assertEquals(first, again.json());
    assertEquals(lines, journal(out));
    again.says("Going on after 9 trainings");
    assertFalse(again.err().contains("rung "), again::toString);
    CommandLineRun.of(TUNE, "--out", out, "--act tanh")
        .refused(
            "is the journal of a search with other options: \"options\" was ",
            "--act tanh",
            "help: the same options go on");
  }

  /** The journal is made to say so, of a trial that then went on all the same. */
  @Test
  void aTrialThatWasBetterBeforeItsEndIsNamed() throws IOException {
    Path out = folder.resolve("tuned");
    JsonNode first = CommandLineRun.of(TUNE, "--out", out, "--json").json();
    CommandLineRun same = CommandLineRun.of(TUNE, "--out", out).succeeded();
    List<String> lines = journal(out);
    lines.set(7, lines.get(7).replaceAll("\"score\":\\[[^]]*]", "\"score\":[0.00123]"));
    Files.write(out.resolve("trials.jsonl"), lines);
    CommandLineRun again = CommandLineRun.of(TUNE, "--out", out).succeeded();
    again.says("had loss 0.0012300 after 3 epochs, better than that: fewer --epochs may do more");
    assertTrue(again.out().contains(first.get("command").asText()), again::toString);
    assertFalse(same.out().contains("better than that"), same::toString);
  }

  @Test
  void killedAtAnyMomentItGoesOnAndRepeatsNothing() throws Exception {
    Path whole = folder.resolve("whole");
    CommandLineRun.of(TUNE, "--out", whole, "--norm batch").succeeded();
    Path out = folder.resolve("killed");
    String[] command = (TUNE + " --norm batch --out " + out).split(" ");
    Process process = OwnJvm.start("-Xmx512m", Main.class, command);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (journal(out).size() < 3 && process.isAlive() && System.nanoTime() < end) {
      Thread.sleep(2);
    }
    process.destroyForcibly().waitFor();
    List<String> left = journal(out);
    assertTrue(left.size() >= 3, () -> "the search did not begin: " + left);
    assertTrue(left.size() < 10, "the search was over before it was killed");
    CommandLineRun.of(TUNE, "--out", out, "--norm batch")
        .succeeded()
        .says("Going on after " + (left.size() - 1) + " trainings");
    assertEquals(left, journal(out).subList(0, left.size()));
    assertEquals(timeless(journal(whole)), timeless(journal(out)));
    try (Stream<Path> files = Files.list(out)) {
      assertTrue(files.anyMatch(file -> file.endsWith("trials.svg")));
    }
  }

  @Test
  void aTrialThatDivergesDoesNotEndTheSearch() throws IOException {
    Path out = folder.resolve("wild");
    CommandLineRun.of(TUNE, "--out", out, "--optimizer sgd --norm none --try-lr 1e-3,1e30 --clip 0")
        .succeeded()
        .says("failed", "The best, of trial");
    assertTrue(journal(out).stream().anyMatch(line -> line.contains("\"score\":[]")));
  }

  // Wrong inputs

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "summary --in 5| --in and --out go together, but only --in is given",
        "summary --in 0 --out 1| --in must be at least 1, not 0",
        "summary --recipe x| --recipe x is not known; there are: plain, tabular",
        "cross-validate --recipe tabular --valid 0| --recipe tabular needs rows to validate on",
        "summary --batch 0| --batch must be at least 1, not 0",
        "summary --optimizer x| --optimizer: Unknown optimizer 'x'",
        "lr-range --lr-from 1 --lr-to 0.5| needs 0 < lowest < highest, not 1.0 to 0.5",
        "lr-range --range-steps 3| A range test needs at least 40 steps, not 3",
        "cross-validate --folds 1| --folds must be at least 2, not 1",
        "cross-validate --folds 5000| 1,797 rows can't be parted into 5,000 folds",
        "cross-validate --test 0.3| --test has no use here",
        "cross-validate --patience 2 --valid 0| --patience 2 needs rows to validate on",
        "cross-validate --norm ghost:512| --norm ghost:512 needs batches of at least 512 rows, but these have 128",
        "lr-range --norm ghost:512 --batch 256| --norm ghost:512 needs batches of at least 512 rows, but these have 256",
        "tune --norm ghost:64| --norm ghost:64 needs batches of at least 64 rows, but these have 32",
        "tune --try-norm batch,ghost:64 --batch 48| --norm ghost:64 needs batches of at least 64 rows, but these have 48",
        "tune --try-norm ghost:1500 --try-batch 2000| --norm ghost:1500 needs batches of at least 1500 rows, but these have 12",
        "ui --port 65536| --port must be from 0 to 65535, not 65536",
        "cross-validate --valid 1| --valid 1.0 and --test 0.0 leave no rows to train on",
        "tune --trials 0| --trials must be at least 1, not 0",
        "tune --eta 1| --eta must be at least 2, not 1",
        "tune --rungs 0| --rungs must be at least 1, not 0",
        "tune --steps 5| --steps can't be tuned with",
        "tune --valid 0| Trials are judged on rows to validate on, but --valid is 0",
        "tune --try-lr 1| --try-lr takes the lowest and the highest learning rate, not 1 number.",
        "tune --try-lr 1,0.1| --try-lr: The range of lr must be above 0 and rise, not 1.0 to 0.1",
        "tune --try-norm layers| --try-norm: --norm layers is not known",
        "tune --try-dropout 1| --try-dropout: ",
        "tune --try-scale big| --try-scale big is not known; there are: standard, robust, pieces",
        "tune --scale robust --try-scale pieces| --scale holds fixed what --try-scale would try",
        "tune --try-scale standard,pieces| --scale pieces is for the columns of a table",
        "train --scale pieces| those of digits have no names, and each would become 16 inputs",
        "tune --try-width 0| --try-width must be at least 1, not 0",
        "tune --lr 0.1 --try-lr 0.1,0.2| --lr holds fixed what --try-lr would try",
        "tune --lr 1 --hidden 4 --norm none --dropout 0 --batch 8| there is nothing to try",
      })
  void wrongInputsAreNamed(String line, String words) {
    Path out = folder.resolve("out");
    boolean writes = line.startsWith("tune") || line.startsWith("lr-range");
    CommandLineRun.of(line, writes ? "--out " + out : List.of()).refused(words);
    assertFalse(Files.exists(out), "nothing may be left behind");
  }

  @Test
  void aFileIsNoFolderForWhatIsFound() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    for (String command : List.of("tune", "lr-range")) {
      CommandLineRun.of(command, "--out", file).refused("is a file, but a folder is needed");
    }
  }
}
