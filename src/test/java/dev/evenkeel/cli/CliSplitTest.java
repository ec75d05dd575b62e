package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evenkeel.CsvText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code --valid FILE}, {@code --test FILE}, {@code --group} and {@code --split}. */
class CliSplitTest {

  @TempDir Path folder;

  @BeforeEach
  void files() throws IOException {
    table("houses.csv", 100, 0, 20);
    table("valid.csv", 30, 20, 25);
    table("test.csv", 40, 25, 30);
    table("over.csv", 30, 15, 25);
    table("one.csv", 30, 7, 8);
    write("empty.csv", "");
    write("untargeted.csv", "who,area\n1,2\n3,4\n");
    write("ungrouped.csv", "area,price\n1,2\n3,4\n");
    write("ragged.csv", "who,area,price\n1,2,3\n4,5\n");
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private void table(String name, int rows, int first, int end) throws IOException {
    IntFunction<String> row =
        i -> {
          int area = 20 + 13 * i % 171;
          return first + i % (end - first) + "," + area + ".0," + (5 * area + i % 7) + ".0";
        };
    write(name, CsvText.of("who,area,price", rows, row));
  }

  /** Names of files are of the folder. */
  private CommandLineRun run(String command) {
    List<Object> arguments = new ArrayList<>();
    for (String word : command.split(" ")) {
      boolean file = word.endsWith(".csv") || word.startsWith("runs/");
      arguments.add(file ? folder.resolve(word).toString() : word);
    }
    if (command.startsWith("train --data")) {
      arguments.addAll(List.of("--hidden", 4, "--epochs", 2));
      if (!command.contains("--out")) {
        arguments.addAll(List.of("--out", folder.resolve("runs/refused")));
      }
    }
    return CommandLineRun.of(arguments);
  }

  @Test
  void filesOfTheirOwnValidateAndTest() throws IOException {
    run("train --data houses.csv --valid valid.csv --test test.csv --out runs/a")
        .succeeded()
        .says("100 rows train, 30 validate, 40 test · validation rows in ", "test rows in ");
    JsonNode evaluated = run("evaluate --model runs/a --json").json();
    assertEquals(40, evaluated.get("rows").asInt());
    assertEquals(evaluated, run("evaluate --model runs/a --data houses.csv --json").json());
    assertEquals(evaluated, run("evaluate --model runs/a --data test.csv --json").json());
    assertEquals(
        100, run("predict --model runs/a --out runs/p.csv --json").json().get("rows").asInt());
    Files.copy(folder.resolve("houses.csv"), folder.resolve("copy.csv"));
    assertEquals(evaluated, run("evaluate --model runs/a --data copy.csv --json").json());
    run("report --model runs/a").succeeded();
    assertTrue(report().contains("40 rows that training never saw"));
    Files.move(folder.resolve("houses.csv"), folder.resolve("elsewhere.csv"));
    assertEquals(evaluated, run("evaluate --model runs/a --json").json());
    run("train --resume runs/a").refused("There is no file ", "houses.csv any more");
    run("train --resume runs/a --data elsewhere.csv").succeeded();
  }

  private String report() throws IOException {
    return Files.readString(folder.resolve("runs/a/report.html"));
  }

  @Test
  void changedFilesAreNoticed() throws IOException {
    run("train --data houses.csv --valid valid.csv --test test.csv --out runs/a").succeeded();
    String valid = Files.readString(folder.resolve("valid.csv"));
    write("valid.csv", valid + "22,30,150\n");
    run("train --resume runs/a").refused("was trained on other data", "help: ");
    assertEquals(40, run("evaluate --model runs/a --json").json().get("rows").asInt());
    Files.delete(folder.resolve("valid.csv"));
    run("train --resume runs/a")
        .refused("--valid ", "valid.csv is neither a share", "train --resume takes --valid FILE");
    write("moved.csv", valid);
    run("train --resume runs/a --valid 0.1").refused("it was started with --valid ");
    run("train --resume runs/a --valid moved.csv").succeeded();
    write("test.csv", Files.readString(folder.resolve("houses.csv")));
    run("train --resume runs/a --valid moved.csv")
        .refused("The rows that ", "was to be tested on have changed");
    CommandLineRun changed = run("evaluate --model runs/a --json").says("has changed since");
    assertTrue(changed.json().get("data_changed").asBoolean());
    assertFalse(changed.err().contains("never saw"), changed::toString);
    run("report --model runs/a").succeeded();
    assertTrue(report().contains("100 rows of a file that changed since training"));
  }

  @Test
  void groupsAndOrderGoOnWithTheRun() {
    run("train --data houses.csv --group who --valid 0.2 --out runs/a")
        .succeeded()
        .says("\"who\" stay together, 20 groups", "60 rows train, 20 validate, 20 test")
        .says("split at random by whole groups of \"who\"");
    run("evaluate --model runs/a").succeeded().says("20 test rows that training never saw");
    run("train --resume runs/a").succeeded().says("by whole groups of \"who\"");
    run("train --from runs/a --group who")
        .refused("--group can't be chosen with --from: the model brings its own");
    run("train --from runs/a --epochs 1 --out runs/on").succeeded().says("20 validate, 20 test");
    run("predict --model runs/a --data test.csv --with who --out runs/p.csv").succeeded();
    run("train --data houses.csv --split ordered --out runs/b")
        .succeeded()
        .says("70 rows train, 10 validate, 20 test · split in the order of the file");
    run("evaluate --model runs/b").succeeded().says("20 test rows that training never saw");
    run("train --from runs/b --data over.csv --group who --test 0 --epochs 1 --out runs/c")
        .succeeded()
        .says("27 rows train, 3 validate, 0 test · split at random by whole groups");
  }

  @Test
  void theOtherCommandsSplitLikewise() throws IOException {
    run("cross-validate --data houses.csv --group who --valid valid.csv --folds 4 --epochs 1")
        .succeeded()
        .says("fold 4 of 4, 25 test rows");
    String tune =
        "tune --data houses.csv --valid valid.csv --trials 1 --rungs 1 --epochs 1 --out runs/tuned";
    run(tune).succeeded().says("--valid " + folder.resolve("valid.csv"));
    run(tune).succeeded().says("Going on after 1 training");
    table("valid.csv", 31, 20, 25);
    run(tune).refused("the journal of a search with other options: \"data\" was ");
  }

  /** Scores that other rows gave don't compare with new ones. */
  @Test
  void aSearchDoesNotGoOnWithOtherRowsToJudgeBy() throws IOException {
    String tune =
        "tune --data houses.csv --split ordered --trials 1 --rungs 1 --epochs 1 --out runs/tuned";
    run(tune).succeeded();
    List<String> lines = Files.readAllLines(folder.resolve("houses.csv"));
    lines.set(75, "3,999,7"); // the 75th of 100 rows validates
    Files.write(folder.resolve("houses.csv"), lines);
    run(tune).refused("the journal of a search with other options: \"data\" was ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "--valid gone.csv| gone.csv is neither a share of the rows, as 0.1 is, nor a file that is there",
        "--valid 10%| --valid 10% is neither a share of the rows, as 0.1 is, nor a file",
        "--valid -| --valid - is a pipe, but a file is needed: --resume and evaluate read these rows again",
        "--valid .| --valid . is a folder, but a file is needed",
        "--valid untargeted.csv| untargeted.csv has no column \"price\". Its columns are: who, area",
        "--valid ragged.csv| ragged.csv, line 3: it has 2 fields, but line 1 has 3",
        "--valid empty.csv| empty.csv is empty: give a file with rows",
        "--valid ungrouped.csv| ungrouped.csv has no column \"who\", which the model was trained on",
        "--valid ungrouped.csv --group who| ungrouped.csv has no column \"who\"",
        "--valid houses.csv| houses.csv is the file of --data itself: its rows can't train and be kept apart",
        "--test houses.csv| houses.csv is the file of --data itself",
        "--valid test.csv --test test.csv| --valid and --test are the same file",
        "--valid 1 --test test.csv| test.csv leave no rows to train on; both must be at least 0 and their sum below 1",
        "--valid NaN| --valid NaN and --test 0.2 leave no rows to train on",
        "--group nope| houses.csv has no column \"nope\". Its columns are: who, area, price",
        "--group price| --group price is the target itself",
        "--group -1| --group -1 is the target itself",
        "--group who --valid over.csv| over.csv: --group who keeps rows of one value in one part, but 5 values of 10 have rows elsewhere",
        "--group who --split ordered| --group who and --split ordered can't go together",
        "--split sorted| --split sorted is not known; there are: random, ordered",
      })
  void wrongSplitsAreRefused(String options, String message) {
    run("train --data houses.csv " + options).refused(message.strip());
    assertFalse(Files.exists(folder.resolve("runs/refused")));
  }

  @Test
  void whatHasNoUseElsewhereIsRefused() {
    run("train --data one.csv --group who")
        .refused("1 group can't be parted into 3: the rows of a group stay together");
    run("train --group 3").refused("are for CSV files; digits has no named columns");
    run("train --test test.csv").refused("mnist and fashion-mnist bring a test set");
    run("cross-validate --data houses.csv --split ordered")
        .refused("--split ordered can't be cross-validated");
    run("cross-validate --data houses.csv --test test.csv").refused("--test has no use here");
    run("cross-validate --data houses.csv --group who --folds 50")
        .refused("20 groups can't be parted into 50 folds. help: a number of folds from 2 to 20");
    List.of("--group who", "--split ordered")
        .forEach(
            option ->
                run("train --resume runs/a " + option).refused("can't be changed when a run"));
  }
}
