package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrossValidationTest {

  private static CrossValidation.Result digits(int folds) {
    try (Backend backend = Device.cpu(1)) {
      CrossValidation.Result result =
          CrossValidation.run(
              backend,
              DataPlan.of("digits").folds(folds, note -> {}),
              train -> Network.mlp(train.columns(), List.of(24), 10),
              train -> Recipe.classification().withOptimizer(Optimizer.adamw(1e-2)).withSteps(120),
              fold -> {});
      assertEquals(0, backend.allocated());
      return result;
    }
  }

  @Test
  void testsEveryRowOnceAndTellsMeanAndDeviation() {
    CrossValidation.Result result = digits(3);
    assertEquals(1797, result.folds().stream().mapToInt(CrossValidation.Fold::rows).sum());
    assertEquals(List.of("loss", "accuracy"), result.measures());
    List<Double> all = new ArrayList<>();
    result.folds().forEach(fold -> all.add(fold.test().get("accuracy")));
    double mean = (all.get(0) + all.get(1) + all.get(2)) / 3;
    double squares = 0;
    for (double one : all) {
      squares += (one - mean) * (one - mean);
    }
    assertEquals(mean, result.mean("accuracy"), 1e-12);
    assertEquals(Math.sqrt(squares / 2), result.deviation("accuracy"), 1e-12);
    assertTrue(mean > 0.9 && mean < 1, "mean " + mean);
    assertNotEquals(all.get(0), all.get(1));
    Expect.failure(() -> result.mean("f1"), "\"f1\" was not measured; there are: loss, accuracy");
    CrossValidation.Result again = digits(3);
    for (int i = 0; i < 3; i++) {
      assertEquals(result.folds().get(i).test(), again.folds().get(i).test());
    }
  }

  /** Of a line, which a network of no hidden layer learns; each row tests once. */
  @Test
  void arraysHaveFoldsToo() {
    float[][] rows = new float[90][];
    float[] values = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new float[] {i, i % 7};
      values[i] = 3 * i - 5 * (i % 7);
    }
    Dataset line = Dataset.regression("line", rows, values, "y");
    List<Supplier<Parts>> folds = Parts.folds(line, 3, 0.1, 1);
    float[] tested = new float[values.length];
    int count = 0;
    for (Supplier<Parts> fold : folds) {
      Parts parts = fold.get();
      assertEquals(54, parts.train().rows());
      assertEquals(6, parts.valid().orElseThrow().rows());
      float[] targets = parts.test().orElseThrow().targets().clone();
      parts.preparation().restoreTargets(targets);
      System.arraycopy(targets, 0, tested, count, targets.length);
      count += targets.length;
    }
    Arrays.sort(tested);
    Arrays.sort(values);
    assertArrayEquals(values, tested, 1e-4f);
    try (Backend backend = Device.cpu(1)) {
      CrossValidation.Result result =
          CrossValidation.run(
              backend,
              folds,
              train -> Network.mlp(train.columns(), List.of(), 1),
              train -> Recipe.of(train).withOptimizer(Optimizer.adamw(0.05)).withSteps(400),
              fold -> {});
      assertTrue(result.mean("rmse") < 2, "rmse " + result.mean("rmse"));
    }
  }

  /** The one row with the outlier and its own category must not teach the fold that it tests. */
  @Test
  void thePreparationIsFittedInsideEachFold(@TempDir Path folder) throws IOException {
    String rows =
        IntStream.range(0, 40)
            .mapToObj(
                i -> i == 11 ? "1e6,rare,0.5" : "%d,%s,%s".formatted(i, "ab".charAt(i % 2), i))
            .collect(Collectors.joining("\n"));
    Path table = Files.writeString(folder.resolve("t.csv"), "size,kind,price\n" + rows + "\n");
    int withoutIt = 0;
    for (Supplier<Parts> fold : DataPlan.of(table.toString()).folds(4, note -> {})) {
      Parts parts = fold.get();
      Feature.Numeric size = (Feature.Numeric) parts.preparation().features().get(0);
      Feature.Categorical kind = (Feature.Categorical) parts.preparation().features().get(1);
      boolean taught = kind.levels().contains("rare");
      assertEquals(taught, size.center() > 1000, "mean " + size.center());
      withoutIt += taught ? 0 : 1;
    }
    assertTrue(withoutIt >= 1, "some fold must not have been taught by it");
    assertTrue(withoutIt < 4, "and some must have been");
  }
}
