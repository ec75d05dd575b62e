package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.optim.Fade;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --recipe}: a set of defaults that what is given wins over. */
class CliRecipeTest {

  @TempDir Path folder;

  private SavedModel trained(Object... more) {
    Path out = folder.resolve("run");
    CommandLineRun.of("train --steps 2 --out", out, more).succeeded();
    return SavedModel.load(out);
  }

  @Test
  void tabularIsASetOfDefaults() {
    SavedModel saved = trained("--recipe tabular");
    Recipe recipe = saved.recipe();
    Task digits = new Task.Classification(List.of("0"));
    assertEquals(Recipe.tabular(digits).withSteps(2), recipe);
    assertEquals(new Loss.SoftmaxCrossEntropy(0.1, List.of()), recipe.loss());
    assertTrue(recipe.keepsBest());
    assertEquals(3 * 3 + 1, saved.network().layers().size());
    assertEquals(Linear.of(256), saved.network().layers().get(6));
    assertEquals(Activate.of(Activation.SILU), saved.network().layers().get(1));
    assertEquals(new Dropout(0.15), saved.network().layers().get(2));
    assertEquals(3, saved.preparation().orElseThrow().clip());
  }

  @Test
  void plainIsAsItEverWas() {
    SavedModel saved = trained();
    Recipe recipe = saved.recipe();
    Recipe expected = Recipe.classification().withSteps(2);
    assertEquals(expected, recipe);
    assertEquals(0, saved.preparation().orElseThrow().clip());
    assertEquals(2 * 3 + 1, saved.network().layers().size());
  }

  /** To those who did not choose, and of tables alone. */
  @Test
  void theOtherRecipeIsNamed() throws IOException {
    IntFunction<String> row = i -> i + "," + i % 7 + "," + (i * 1.5 + i % 7);
    Path table = Files.writeString(folder.resolve("t.csv"), CsvText.of("a,b,y", 60, row));
    String hint = "On tables --recipe tabular is often better";
    assertTrue(said("first", "--data", table).contains(hint));
    assertFalse(said("second", "--data", table, "--recipe plain").contains(hint));
    assertFalse(said("third", "--data digits").contains(hint));
  }

  /** Classes by lot: all that can be learned are the rows themselves. */
  @Test
  void trainingOnPastTheLowestLossIsNamed() throws IOException {
    Random random = new Random(1);
    IntFunction<String> row =
        i -> random.nextGaussian() + "," + random.nextGaussian() + "," + "ab".charAt(i % 2);
    Path lots = Files.writeString(folder.resolve("lots.csv"), CsvText.of("a,b,y", 300, row));
    String how = "train --hidden 64 --lr 0.03 --epochs 300 --data";
    CommandLineRun.of(how, lots, "--out", folder.resolve("last"))
        .succeeded()
        .says("The validation loss was lowest in epoch ")
        .says(" at the end. help: --keep best keeps the weights of that epoch");
    CommandLineRun.of(how, lots, "--keep best --out", folder.resolve("best"))
        .succeeded()
        .says(" at the end. help: --epochs ");
    for (String other : new String[] {"--monitor accuracy", "--keep best --steps 900"}) {
      String also = "train --hidden 64 --lr 0.03 --data";
      String epochs = other.contains("--steps") ? "" : "--epochs 300 ";
      CommandLineRun run =
          CommandLineRun.of(also, lots, epochs + other, "--out", folder.resolve(other.substring(2)))
              .succeeded();
      assertFalse(run.out().contains("validation loss was lowest"), run.out());
    }
    IntFunction<String> line = i -> i % 50 + "," + i % 7 + "," + i % 50 * 2;
    Path rule = Files.writeString(folder.resolve("rule.csv"), CsvText.of("a,b,y", 300, line));
    String out = CommandLineRun.of(how, rule, "--out", folder.resolve("rule")).succeeded().out();
    assertFalse(out.contains("validation loss was lowest"), out);
  }

  private String said(String out, Object... more) {
    return CommandLineRun.of("train --steps 2 --out", folder.resolve(out), more).succeeded().out();
  }

  @Test
  void whatIsGivenWinsOverTheRecipe() {
    SavedModel saved =
        trained(
            "--recipe tabular --hidden 8 --act relu --dropout 0 --scale standard --batch 64",
            "--lr 0.1 --schedule constant --weight-decay 0 --beta2 0.9",
            "--label-smoothing 0 --decay-schedule constant --dropout-schedule cosine",
            "--keep last --norm batch");
    Recipe recipe = saved.recipe();
    assertEquals(Loss.crossEntropy(), recipe.loss());
    assertEquals(new Optimizer.AdamW(0.1, 0.9, 0.9, 1e-8, 0), recipe.optimizer());
    assertEquals(Schedule.constant(), recipe.schedule());
    assertEquals(new Fade(Schedule.constant(), Schedule.cosine()), recipe.fade());
    assertEquals(64, recipe.batch());
    assertFalse(recipe.keepsBest());
    assertEquals(4, saved.network().layers().size());
    assertEquals(0, saved.preparation().orElseThrow().clip());
  }

  /** A batch of all rows, whatever their number: the sum of both is beyond an int. */
  @Test
  void theLargestBatchIsOneOfAllRows() {
    Path out = folder.resolve("run");
    CommandLineRun.of("train --batch", Integer.MAX_VALUE, "--hidden 4 --out", out).succeeded();
    Recipe recipe = SavedModel.load(out).recipe();
    assertEquals(Integer.MAX_VALUE, recipe.batch());
    assertEquals(500, recipe.epochs());
  }

  /** Batch norm takes no batch of one row: of 101 rows, two at a time, it has 50 steps, not 51. */
  @Test
  void aStepScheduleCountsTheStepsThatAnEpochHas() throws IOException {
    String csv = CsvText.of("size,price", 101, i -> i + "," + i * 2.5);
    Path table = Files.writeString(folder.resolve("t.csv"), csv);
    assertEquals(Schedule.step(50, 0.1), scheduleOf(table, "batch"));
    assertEquals(Schedule.step(51, 0.1), scheduleOf(table, "none"));
  }

  private Schedule scheduleOf(Path table, String norm) {
    Path out = folder.resolve(norm);
    String how = "--valid 0 --test 0 --hidden 4 --batch 2 --epochs 3 --schedule step --norm ";
    CommandLineRun.of("train --data", table, "--out", out, how + norm).succeeded();
    return SavedModel.load(out).recipe().schedule();
  }

  /** Adam's memory and the smoothing of classes belong to others: they make no error there. */
  @Test
  void otherOptimizersAndLossesLeaveOutWhatIsNotTheirs() throws IOException {
    String csv = CsvText.of("size,price", 60, i -> i + "," + i * 2.5);
    Path table = Files.writeString(folder.resolve("t.csv"), csv);
    SavedModel saved = trained("--recipe tabular --optimizer sgd --data", table);
    assertEquals(Loss.meanSquared(), saved.recipe().loss());
    assertEquals(Optimizer.gradientDescent(2.5e-3), saved.recipe().optimizer());
  }

  @Test
  void aTabularRunIsResumedAndJudgedByItsFolder() {
    Path out = folder.resolve("run");
    CommandLineRun.of("train --recipe tabular --epochs 2 --hidden 8 --out", out)
        .succeeded()
        .says("weights of epoch");
    CommandLineRun.of("train --resume", out).succeeded();
    CommandLineRun.of("evaluate --model", out).succeeded().says("accuracy");
    assertTrue(SavedModel.load(out.resolve("checkpoint.safetensors")).recipe().keepsBest());
  }

  @Test
  void otherCommandsTakeTheRecipeToo() {
    CommandLineRun.of("summary --recipe tabular --in 10 --out 2")
        .succeeded()
        .says("silu", "dropout 0.15", "134,914 parameters");
    CommandLineRun.of("cross-validate --recipe tabular --folds 2 --epochs 1 --hidden 8")
        .succeeded()
        .says("over 2 folds");
    CommandLineRun.of(
            "tune --recipe tabular --trials 2 --rungs 1 --epochs 1 --hidden 8 --try-norm none",
            "--out",
            folder.resolve("tune"))
        .succeeded()
        .says("--recipe tabular");
    CommandLineRun.of("train --help").says("--recipe=NAME", "tabular: cosine-log");
  }

  @Test
  void helpSpeaksOfTheRecipeOnlyWhereThereIsOne() {
    CommandLineRun bench = CommandLineRun.of("bench --help").succeeded().says("--hidden");
    assertFalse(bench.out().contains("tabular"), bench::toString);
  }
}
