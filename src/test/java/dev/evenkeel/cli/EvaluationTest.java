package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.evenkeel.CsvText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {

  @TempDir Path folder;

  @Test
  void measuresOfOneSizeHaveOneForm() {
    assertEquals("accuracy 97.50 %", Evaluation.format("accuracy", 0.975));
    assertEquals("rmse 0.12346", Evaluation.format("rmse", 0.123456));
    assertEquals("rmse 9999.1", Evaluation.format("rmse", 9999.123));
    assertEquals("rmse 41347", Evaluation.format("rmse", 41347.2));
    assertEquals("rmse 418270", Evaluation.format("rmse", 418270.3));
    assertEquals("r2 -1.0000e+30", Evaluation.format("r2", -1e30));
  }

  @Test
  void theLastEpochIsNotShownWithARateOfNothing() {
    CommandLineRun run =
        CommandLineRun.of("train --hidden 4 --epochs 2 --out", folder.resolve("run"));
    assertFalse(run.succeeded().says("epoch 2/2").err().contains("lr 0.0\n"), run::toString);
    assertFalse(run.err().contains("lr 0.0 "), run::toString);
  }

  /** Of classes and numbers by lot, of which nothing can be learned. */
  @Test
  void aModelNoBetterThanOneAnswerIsNamed() throws IOException {
    Random random = new Random(1);
    IntFunction<String> lot =
        i -> "%s,%s,%s".formatted(random.nextGaussian(), i % 8 == 0 ? "ill" : "well", i * 7 % 31);
    Path table = Files.writeString(folder.resolve("lots.csv"), CsvText.of("x,kind,y", 400, lot));
    Path run = folder.resolve("kinds");
    String quick = "train --lr 0.01 --data";
    CommandLineRun.of(quick, table, "--drop y --target kind --hidden 8 --steps 30 --out", run)
        .succeeded()
        .says("Always answering \"well\" would have accuracy 87.50 % here.");
    CommandLineRun.of("evaluate --model", run).says("Always answering \"well\" would have");
    CommandLineRun.of(
            quick, table, "--drop kind --hidden 64 --epochs 100 --out", folder.resolve("numbers"))
        .succeeded()
        .says("Always answering the mean would have rmse ");
    CommandLineRun digits =
        CommandLineRun.of("train --hidden 32 --epochs 3 --out", folder.resolve("digits"));
    assertFalse(digits.succeeded().out().contains("Always answering"), digits::toString);
  }

  @Test
  void dataThatNeedNotBeNamedAreShownSo() {
    CommandLineRun.of("predict --help").says("[--data=FILE]");
    CommandLineRun.of("adapt --help").says("[--data=NAME|FILE]");
    CommandLineRun.of("evaluate --help").says("targets are compared");
  }
}
