package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Target;
import dev.evenkeel.data.Task;
import dev.evenkeel.nn.Model;
import dev.evenkeel.optim.Optimizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short way from arrays to what a trainer takes. */
class ArraysTest {

  @TempDir Path folder;

  private static float[][] rows(int count) {
    float[][] rows = new float[count][];
    for (int i = 0; i < count; i++) {
      rows[i] = new float[] {i, 3, -i * i};
    }
    return rows;
  }

  @Test
  void whatIsLearnedIsMeasuredOnRowsNeverSeen() {
    float[][] rows = rows(200);
    float[] values = new float[rows.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = 1000 + 2 * i;
    }
    Parts parts = Parts.of(rows, values);
    Trainer.train(parts.mlp(16), parts.recipe(), parts, folder);
    SavedModel saved = SavedModel.load(folder);
    Dataset test = parts.test().orElseThrow();
    Map<String, Double> measured = Evaluator.measure(saved, test);
    assertEquals(List.of("loss", "rmse"), List.copyOf(measured.keySet()));
    assertTrue(measured.get("rmse") < 60, measured::toString); // in its own units, of 0 to 400
    double scale = ((Target.Quantities) parts.preparation().target()).scale().deviation()[0];
    assertEquals(measured.get("loss"), Math.pow(measured.get("rmse") / scale, 2), 1e-4);
    try (Backend backend = Device.cpu(1);
        Model model = saved.build(backend);
        Evaluator early = new Evaluator(model, test, Optional.empty(), 64)) {
      Expect.failure(() -> early.predictions(saved.preparation()), "help: call run() first");
      Expect.failure(early::loss, "Nothing was predicted yet");
    }
  }

  /** One row tells nothing of variance, nor do rows that are all alike. */
  @Test
  void aMonitorThatCantTellEpochsApartIsRefused() {
    Parts parts = Parts.of(rows(10), new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    assertEquals(1, parts.valid().orElseThrow().rows());
    Recipe recipe = parts.recipe().withMetrics(List.of("r2")).withEarlyStopping(3, "r2");
    Expect.failure(
        () -> Trainer.train(parts.mlp(4), recipe, parts, folder),
        "The monitor r2 can't tell epochs apart",
        "the same in 1 row");
  }

  @Test
  void whatIsMissingHasAName() {
    Parts parts = Parts.of(rows(10), new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    Expect.failure(
        () -> Trainer.train(parts.mlp(4), parts.recipe(), parts, null), "The run's folder is null");
    Expect.failure(
        () -> Trainer.train(parts.mlp(4), parts.recipe(), parts, folder, (Listener) null),
        "The listener is null");
    Expect.failure(() -> DataPlan.of("digits").withTarget((String) null), "A target is null");
    Expect.failure(() -> DataPlan.of("digits").load(null), "What hears the notes is null");
  }

  @Test
  void classesWithoutARowAreTold() {
    List<String> eight = List.of("0", "1", "2", "3", "4", "5", "6", "7");
    Dataset two = Dataset.classification("two", rows(3), new int[] {6, 7, 7}, eight);
    assertEquals(
        ", of which 6 have no row: 0, 1, 2, 3, 4 and 1 more. help: number them from 0 on, without gaps",
        Parts.emptyClasses(two));
    Dataset named =
        Dataset.classification("n", rows(3), new int[] {0, 1, 1}, List.of("a", "b", "c"));
    assertTrue(Parts.emptyClasses(named).startsWith(", of which 1 has no row: c. help: "));
    int[] onlyLast = new int[100];
    Arrays.fill(onlyLast, 0, 50, 1);
    Arrays.fill(onlyLast, 50, 100, 2);
    assertEquals(3, Parts.of(rows(100), onlyLast).mlp(8).outputs(), "and trained none the less");
  }

  @Test
  void arraysAreSplitAndPrepared() {
    float[] values = new float[100];
    int[] classes = new int[100];
    for (int i = 0; i < 100; i++) {
      values[i] = 0.5f * i;
      classes[i] = i % 4;
    }
    Parts numbers = Parts.of(rows(100), values);
    assertEquals(List.of(70, 10, 20), sizes(numbers));
    assertEquals(new Task.Regression(List.of("target")), numbers.train().task());
    double mean = 0;
    for (int row = 0; row < 70; row++) {
      mean += numbers.train().features()[3 * row] / 70;
    }
    assertEquals(0, mean, 1e-6);
    Parts named = Parts.of(rows(100), classes);
    assertEquals(
        List.of("0", "1", "2", "3"), ((Task.Classification) named.train().task()).classes());
    assertEquals(4, named.mlp(8).outputs());
    Dataset both = Dataset.regression("both", rows(20), new float[20][2]);
    assertEquals(List.of("target 1", "target 2"), ((Task.Regression) both.task()).targets());
    Expect.failure(
        () -> Parts.of(both, 0, 0, 1),
        "each of the targets \"target 1\", \"target 2\" is the same in every row");
  }

  @Test
  void aRecipeSuitsTaskAndRows() {
    Parts few = Parts.of(rows(100), values(100));
    assertEquals(Recipe.regression().withEpochs(500), few.recipe());
    Dataset many =
        Dataset.classification("many", new float[100_000], 1, labels(100_000), List.of("a", "b"));
    assertEquals(Recipe.classification(), Recipe.of(many));
    Dataset some = many.select(IntStream.range(0, 1_280).toArray());
    assertEquals(Recipe.classification().withEpochs(50), Recipe.of(some));
  }

  @Test
  void aRecipeForTheOtherTaskIsRefused() {
    Parts numbers = Parts.of(rows(100), values(100));
    Parts classes = Parts.of(rows(100), labels(100));
    refused(numbers, Recipe.classification(), "loss SoftmaxCrossEntropy", "numbers");
    refused(classes, Recipe.regression(), "loss MeanSquared", "classes");
    Recipe wrongly = Recipe.regression().withMetrics(List.of("r2", "auc"));
    refused(numbers, wrongly, "metric auc", "numbers");
    Recipe otherwise = Recipe.classification().withMetrics(List.of("rmse"));
    refused(classes, otherwise, "metric rmse", "classes");
    Parts flags = Parts.of(flags(100), 0.1, 0.2, 1);
    refused(flags, Recipe.classification(), "loss SoftmaxCrossEntropy", "flags");
    refused(flags, Recipe.regression(), "loss MeanSquared", "flags");
    refused(flags, Recipe.flags().withMetrics(List.of("rmse")), "metric rmse", "flags");
  }

  private static void refused(Parts data, Recipe recipe, String what, String are) {
    String help =
        Map.of("classes", "classification", "numbers", "regression", "flags", "flags").get(are);
    try (Backend backend = Device.cpu();
        Model model = data.mlp(4).build(backend, 1)) {
      Expect.failure(
          () -> new Trainer(model, recipe, data.train()),
          "The recipe's %s is not for the targets of arrays, which are %s. help: Recipe.%s(), or"
              .formatted(what, are, help));
    }
  }

  /** Two of each row, of which the first says whether the row's number is odd. */
  private static Dataset flags(int rows) {
    float[] features = new float[2 * rows];
    float[] flags = new float[2 * rows];
    for (int row = 0; row < rows; row++) {
      features[2 * row] = row % 2;
      features[2 * row + 1] = row;
      flags[2 * row] = row % 2;
      flags[2 * row + 1] = row < 30 ? 1 : 0;
    }
    return Dataset.flags("arrays", features, 2, flags, List.of("odd", "early"));
  }

  @Test
  void flagsInArraysAreLearned() {
    Parts data = Parts.of(flags(200), 0.1, 0.2, 1);
    Recipe recipe = Recipe.of(data.train()).withOptimizer(Optimizer.adamw(0.02));
    Trained trained = Trainer.train(data.mlp(32), recipe, data, folder);
    double accuracy = trained.kept().validation().get("accuracy");
    assertTrue(accuracy > 0.9, "accuracy " + accuracy);
    Expect.failure(
        () -> Dataset.flags("arrays", new float[2], 1, new float[] {1, 0.5f}, List.of("a")),
        "Data set arrays, row 1: flag 0 is 0.5, but a flag is 0 or 1");
    Expect.failure(
        () -> Dataset.flags("arrays", new float[2], 1, new float[2], List.of()),
        "Flags need at least one and no name twice, but are called []");
    Expect.failure(
        () -> Dataset.flags("arrays", new float[2], 1, new float[4], List.of("a", "a")),
        "no name twice, but are called [a, a]");
    Dataset same = Dataset.flags("arrays", new float[20], 1, new float[20], List.of("a"));
    Expect.failure(() -> Parts.of(same, 0.1, 0.2, 1), "there is nothing to learn");
    refused(data, Recipe.flags().withMetrics(List.of("top2")), "metric top2", "flags");
  }

  private static float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 0.5f * i;
    }
    return values;
  }

  private static int[] labels(int count) {
    return IntStream.range(0, count).map(i -> i % 2).toArray();
  }

  private static List<Integer> sizes(Parts parts) {
    return List.of(
        parts.train().rows(),
        parts.valid().orElseThrow().rows(),
        parts.test().orElseThrow().rows());
  }

  @Test
  void whatIsNullIsNamed() {
    List<String> names = List.of("a", "b");
    Expect.failure(
        () -> Dataset.classification("d", (float[][]) null, new int[2], names),
        "Data set d: the features are null");
    Expect.failure(
        () -> Dataset.classification("d", new float[][] {{1}, null}, new int[2], names),
        "the features of row 1 are null");
    Expect.failure(() -> Dataset.classification("d", rows(2), null, names), "the labels are null");
    Expect.failure(
        () -> Dataset.classification("d", rows(2), new int[2], null), "names of the classes are");
    Expect.failure(() -> Dataset.regression("d", rows(2), null, "y"), "the targets are null");
    Expect.failure(() -> Dataset.regression("d", rows(2), null), "the targets are null");
    Expect.failure(
        () -> Dataset.regression("d", null, 1, new float[1], names), "features are null");
    Expect.failure(() -> Dataset.unlabelled("d", null, 1), "features are null");
    Expect.failure(() -> Parts.of(rows(2), (int[]) null), "The classes are null");
    int[] numbers = {0, Integer.MAX_VALUE};
    Expect.failure(() -> Parts.of(rows(2), numbers), "numbered up to 2,147,483,647");
    Expect.failure(() -> Parts.of(null, new int[2]), "the features are null");
  }
}
