package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.CsvText;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train --from}: weights, network and preparation of a model that is trained. */
class CliFromTest {

  /** So small that weights move by less than the comparison sees. */
  private static final String STILL = "1e-12";

  @TempDir Path folder;
  private Path houses;
  private Path elsewhere;

  @BeforeEach
  void files() throws IOException {
    houses = table("houses.csv", 100, 1);
    elsewhere = table("elsewhere.csv", 300, 7);
  }

  private Path table(String name, double size, int first) throws IOException {
    IntFunction<String> row =
        k -> {
          int i = first + k;
          double area = size + 13 * (i % 17);
          return (i % 3 == 0 ? "Bern" : "Thun") + "," + area + "," + (5 * area + i % 5);
        };
    return Files.writeString(folder.resolve(name), CsvText.of("town,area,price", 80, row));
  }

  private SavedModel run(String out, Object... more) {
    CommandLineRun.of("train --batch 16 --out", folder.resolve(out), more).succeeded();
    return SavedModel.load(folder.resolve(out));
  }

  private SavedModel housesModel(Object... more) {
    return run("houses", "--data", houses, "--target price --hidden 8 --epochs 3", more);
  }

  private static void assertSameWeights(SavedModel expected, SavedModel seen) {
    for (String name : expected.network().sizes().keySet()) {
      if (name.endsWith("weight") || name.contains("original") || name.endsWith("bias")) {
        float[] before = expected.content().floats(name);
        assertArrayEquals(before, seen.content().floats(name), 1e-9f, name);
      }
    }
  }

  @Test
  void itStartsWhereTheModelIs() {
    SavedModel first = housesModel("--norm layer --act silu");
    SavedModel second =
        run("on", "--from", folder.resolve("houses"), "--data", elsewhere, "--lr", STILL);
    assertEquals(first.network(), second.network());
    assertEquals(first.preparation(), second.preparation(), "fitted to the first data");
    assertSameWeights(first, second);
  }

  /** Lengths set from the first batch belong to new weights only. */
  @Test
  void weightNormKeepsItsLengths() {
    SavedModel first = housesModel("--norm weight");
    SavedModel second = run("on", "--from", folder.resolve("houses"), "--lr", STILL);
    assertSameWeights(first, second);
  }

  @Test
  void withoutDataItTakesTheModelsOwn() {
    housesModel();
    SavedModel second = run("on", "--from", folder.resolve("houses"), "--epochs 1");
    assertEquals(ModelOptions.plan(second).data(), houses.toString());
  }

  /** Else rows that the model was trained on would test it. */
  @Test
  void itsOwnDataStaySplitAsTheyWere() {
    SavedModel first = housesModel("--seed 7 --test 0.3");
    Path from = folder.resolve("houses");
    SavedModel second = run("on", "--from", from, "--data", houses, "--epochs 1 --seed 2");
    assertEquals(ModelOptions.plan(first), ModelOptions.plan(second));
    assertEquals(2, CommandLineRun.of("train --from", from, "--test 0.1").exitCode());
  }

  /** A killed run has its own folder only; the data must come out the same, prepared as before. */
  @Test
  void itIsResumedLikeAnyRun() throws IOException {
    housesModel();
    Path from = folder.resolve("houses");
    String same = "--target price"; // says what is so anyway
    run("whole", "--from", from, "--data", elsewhere, "--patience 0 --epochs 4", same);
    byte[] model = Files.readAllBytes(folder.resolve("whole/model.safetensors"));
    Files.delete(folder.resolve("whole/model.safetensors"));
    CommandLineRun.of("train --resume", folder.resolve("whole")).succeeded();
    assertArrayEquals(model, Files.readAllBytes(folder.resolve("whole/model.safetensors")));
    CommandLineRun tested = CommandLineRun.of("evaluate --model", folder.resolve("whole"));
    assertTrue(tested.succeeded().out().contains("16 rows"), tested::out);
  }

  /** Without data of its own, adapt takes all rows of training's, those that test among them. */
  @Test
  void whatAdaptSawIsNotCalledUnseen() {
    housesModel();
    Path adapted = folder.resolve("adapted");
    CommandLineRun.of("evaluate --model", folder.resolve("houses"))
        .succeeded()
        .says("16 test rows that training never saw.");
    CommandLineRun.of("adapt --model", folder.resolve("houses"), "--out", adapted).succeeded();
    CommandLineRun.of("evaluate --model", adapted)
        .succeeded()
        .says("16 test rows that training never saw, but adapt may have.");
    run("on", "--from", adapted, "--epochs 1");
    CommandLineRun.of("evaluate --model", folder.resolve("on"))
        .succeeded()
        .says("that this training never saw, but the model that it started from may have.");
  }

  @Test
  void whatTheModelBringsCantBeChosen() {
    housesModel();
    Path out = folder.resolve("refused");
    for (String option :
        List.of(
            "--hidden 4",
            "--act relu",
            "--dropout 0.1",
            "--scale robust",
            "--drop town",
            "--target town",
            "--loss cross-entropy")) {
      CommandLineRun.of("train --from", folder.resolve("houses"), option, "--out", out)
          .refused(option.split(" ")[0]);
      assertFalse(Files.exists(out));
    }
  }

  @Test
  void dataOfAnotherKindAreRefused() {
    housesModel();
    CommandLineRun.of("train --from", folder.resolve("houses"), "--data digits").refused();
    CommandLineRun.of("train --from", folder.resolve("nothing")).refused("There is no model at");
  }
}
