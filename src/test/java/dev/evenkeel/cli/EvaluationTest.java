package dev.evenkeel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {

  @TempDir java.nio.file.Path folder;

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

  @Test
  void dataThatNeedNotBeNamedAreShownSo() {
    CommandLineRun.of("predict --help").says("[--data=FILE]");
    CommandLineRun.of("adapt --help").says("[--data=NAME|FILE]");
    CommandLineRun.of("evaluate --help").says("targets are compared");
  }
}
