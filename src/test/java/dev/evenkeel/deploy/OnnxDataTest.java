package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.evenkeel.CsvText;
import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Feature;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Scaling;
import dev.evenkeel.data.Table;
import dev.evenkeel.data.Target;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.AsTrained;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.train.DataPlan;
import dev.evenkeel.train.Evaluator;
import dev.evenkeel.train.Portion;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From data as they are to answers in their terms, ONNX Runtime says what Evenkeel says. */
class OnnxDataTest {

  /** Of probabilities, or of the targets' deviation: as for the layers. */
  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(names = {"FOLDED", "WITH_NORMS"})
  void digits(Inference.Form form) throws OrtException {
    SavedModel saved = TinyRuns.train(DataPlan.of("digits"), Recipe.classification(), folder);
    Dataset raw = TinyRuns.digits();
    double[] expected = TinyRuns.answers(saved, saved.preparation().orElseThrow().apply(raw));
    try (OnnxRun onnx = exported(saved, form)) {
      assertClose(expected, onnx.outputs(raw.features(), raw.columns()), 1);
      assertEquals(
          "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
          onnx.session().getMetadata().getCustomMetadata().get("classes"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kind", "owned"})
  void tablesWithTextsAndGapsIntoClasses(String target) {
    SavedModel saved =
        TinyRuns.train(TinyRuns.table(folder, target), Recipe.classification(), folder);
    assertTableAgrees(saved);
  }

  @Test
  void twoClassesOfOneLogit() {
    SavedModel saved = TinyRuns.oneLogit(folder);
    assertEquals(1, saved.network().outputs());
    assertTableAgrees(saved);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void scaledOutputsAreWithinTheFile(boolean binary) {
    Loss loss = binary ? Loss.binaryCrossEntropy() : Loss.crossEntropy();
    SavedModel saved =
        TinyRuns.train(
            TinyRuns.table(folder, "owned"), Recipe.classification().withLoss(loss), folder);
    try (Backend backend = Device.cpu(1);
        Model model = saved.build(backend)) {
      model.scaleOutputs(0.3);
      saved.write(folder.resolve("scaled.safetensors"), model);
    }
    assertTableAgrees(SavedModel.load(folder.resolve("scaled.safetensors")));
  }

  @Test
  void tablesIntoNumbersInTheirOwnUnits() {
    for (Loss loss : List.of(Loss.meanSquared(), Loss.meanAbsolute(), Loss.huber(1))) {
      SavedModel saved =
          TinyRuns.train(
              TinyRuns.table(folder, "price"), Recipe.regression().withLoss(loss), folder);
      assertTableAgrees(saved);
    }
  }

  /** Robust scale and smooth clip in front; the digits have columns that are constant. */
  @ParameterizedTest
  @ValueSource(strings = {"digits", "kind", "owned", "price"})
  void robustlyScaledData(String target) {
    boolean digits = target.equals("digits");
    DataPlan plan = digits ? DataPlan.of("digits") : TinyRuns.table(folder, target);
    Recipe recipe = target.equals("price") ? Recipe.regression() : Recipe.classification();
    SavedModel saved = TinyRuns.train(plan.withScaling(Scaling.ROBUST), recipe, folder);
    assertEquals(3, saved.preparation().orElseThrow().clip());
    if (!digits) {
      assertTableAgrees(saved);
      return;
    }
    float[] far = new float[4 * 64];
    for (int i = 0; i < far.length; i++) {
      far[i] = (float) ((i % 2 == 0 ? 1 : -1) * Math.pow(10, i % 38));
    }
    Dataset raw =
        Dataset.unlabelled("far", far, 64, saved.preparation().orElseThrow().target().task());
    double[] expected = TinyRuns.answers(saved, saved.preparation().orElseThrow().apply(raw));
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED)) {
      assertClose(expected, onnx.outputs(far, 64), 1);
    }
    Path file = folder.resolve("robust.onnx");
    OnnxFile.write(file, saved);
    Expect.failure(
        () -> OnnxImport.read(file),
        "a robust scale with its smooth clip. help: use the run folder");
    float[] alone = Predictor.of(saved).predict(far);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], alone[i], TOLERANCE);
    }
  }

  /** A piece longer than a double holds, and one shorter than half of it. */
  @Test
  void piecesOfAnyLength() throws IOException {
    String[] values = {"-1.7e308", "-3e307", "0", "4.9e-324", "2e308", "1.7e308"};
    String rows = CsvText.of("wide,y", 120, i -> values[i % 4 == 0 ? 5 : i % 4] + "," + i % 7);
    Path csv = Files.writeString(folder.resolve("wide.csv"), rows);
    DataPlan plan = DataPlan.of(csv.toString()).withTask(Task.Kind.REGRESSION);
    SavedModel saved =
        TinyRuns.train(plan.withScaling(Scaling.PIECES), Recipe.regression(), folder);
    Path later = folder.resolve("later-wide.csv");
    Files.writeString(later, "wide\n-1.7e308\n-1e307\n4.9e-324\n1e-300\n9e307\n1.75e308\n\"\"\n");
    Table table = Table.read(later, saved.preparation().orElseThrow().options());
    Dataset data = saved.preparation().orElseThrow().apply(table, false, note -> {});
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED)) {
      assertClose(TinyRuns.answers(saved, data), onnx.outputs(table), 1);
    }
  }

  /** A probability of each, in the file as from the predictors. */
  @Test
  void flags() throws IOException, OrtException {
    String rows =
        CsvText.of(
            "size,color,urgent,spam,reply",
            200,
            i ->
                "%s,%s,%d,%d,%s"
                    .formatted(
                        i * 37 % 101,
                        i % 3 == 0 ? "red" : "blue",
                        i % 2,
                        i % 5 / 3,
                        i % 7 < 3 ? "yes" : "no"));
    Path csv = Files.writeString(folder.resolve("mails.csv"), rows);
    DataPlan plan = DataPlan.of(csv.toString()).withTarget("urgent", "spam", "reply");
    SavedModel saved = TinyRuns.train(plan, Recipe.flags(), folder);
    Table table = Table.read(csv, saved.preparation().orElseThrow().options());
    Predictor alone = Predictor.of(saved);
    assertEquals(List.of("urgent", "spam", "reply=yes"), alone.flags());
    assertEquals(List.of(), alone.classes());
    assertEquals(List.of(), alone.targets());
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED);
        BatchPredictor together = new BatchPredictor(saved, () -> Device.cpu(1), 64)) {
      float[] all = together.predict(table);
      double[] expected = new double[all.length];
      Arrays.setAll(expected, i -> all[i]);
      assertClose(expected, onnx.outputs(table), 1);
      Map<String, Float> first = alone.answer(Map.of("size", 0, "color", "red"));
      assertEquals(List.of("urgent", "spam", "reply=yes"), List.copyOf(first.keySet()));
      for (int k = 0; k < 3; k++) {
        float p = List.copyOf(first.values()).get(k);
        assertTrue(p > 0 && p < 1);
        assertEquals(all[k], p, 1e-6);
      }
      assertEquals(
          "[\"urgent\",\"spam\",\"reply=yes\"]",
          onnx.session().getMetadata().getCustomMetadata().get("flags"));
    }
  }

  /** Inputs of pieces, which the clip leaves alone, beside others. */
  @ParameterizedTest
  @ValueSource(strings = {"kind", "price"})
  void numbersInPieces(String target) {
    Recipe recipe = target.equals("price") ? Recipe.regression() : Recipe.classification();
    DataPlan plan = TinyRuns.table(folder, target).withScaling(Scaling.PIECES);
    SavedModel saved = TinyRuns.train(plan, recipe, folder);
    assertInstanceOf(Feature.Pieces.class, saved.preparation().orElseThrow().features().get(0));
    assertTableAgrees(saved);
  }

  /** Values of three sizes, which nobody may swap. */
  @Test
  void severalTargetsOfATableInTheirOwnUnits() throws IOException {
    Path csv = folder.resolve("several.csv");
    Random random = new Random(5);
    IntFunction<String> row =
        i -> {
          double area = random.nextDouble();
          int town = random.nextInt(3);
          double other = 7 + town + random.nextDouble();
          return "%s,%s,t%d,%s,%s".formatted(area, (area - town) / 1000, town, -1e6 * area, other);
        };
    Files.writeString(csv, CsvText.of("area,small,town,large,other", 200, row));
    DataPlan plan = DataPlan.of(csv.toString()).withTarget("large", "small", "other");
    SavedModel saved = TinyRuns.train(plan, Recipe.regression(), folder);
    Preparation preparation = saved.preparation().orElseThrow();
    double[] deviations = ((Target.Quantities) preparation.target()).scale().deviation();
    Table table = Table.read(csv);
    float[] expected = TinyRuns.outputs(saved, preparation.apply(table, false, note -> {}));
    Predictor predictor = Predictor.of(saved);
    assertEquals(List.of("large", "small", "other"), predictor.targets());
    assertEquals(List.of(), predictor.classes());
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED)) {
      float[] seen = onnx.outputs(table);
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], seen[i], TOLERANCE * deviations[i % 3]);
      }
    }
    float[] first =
        predictor.predict(
            Map.of("area", table.column("area").text(0), "town", table.column("town").text(0)));
    for (int k = 0; k < 3; k++) {
      assertEquals(expected[k], first[k], TOLERANCE * deviations[k]);
    }
  }

  /** With texts that the training never had, gaps in every column, another order of columns. */
  private void assertTableAgrees(SavedModel saved) {
    Table later = TinyRuns.later(folder);
    Dataset data = saved.preparation().orElseThrow().apply(later, false, note -> {});
    double[] expected = TinyRuns.answers(saved, data);
    double scale =
        saved.preparation().orElseThrow().target() instanceof Target.Quantities quantities
            ? quantities.scale().deviation()[0]
            : 1;
    assertTrue(IntStream.range(1, expected.length).anyMatch(i -> expected[i] != expected[0]));
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED)) {
      assertClose(expected, onnx.outputs(later), scale);
    }
  }

  /** Sizes that no float holds; the constant column's is beyond them, too, where ranks scale. */
  @ParameterizedTest
  @EnumSource
  void columnsThatNoFloatHolds(Scaling scaling) throws IOException {
    double huge = scaling == Scaling.STANDARD ? 1e20 : 1e60;
    Random random = new Random(3);
    IntFunction<String> row =
        i -> {
          double tiny = random.nextDouble();
          double plain = random.nextDouble();
          double large = random.nextDouble();
          return "%s,%s,%s,7,%s".formatted(tiny * 1e-60, plain, large * huge, tiny + plain + large);
        };
    String sizes = CsvText.of("tiny,plain,huge,constant,price", 200, row);
    Path csv = Files.writeString(folder.resolve("sizes.csv"), sizes);
    DataPlan plan = DataPlan.of(csv.toString()).withTarget("price").withScaling(scaling);
    SavedModel saved = TinyRuns.train(plan, Recipe.regression(), folder);
    Path later = folder.resolve("later-sizes.csv");
    String far = scaling == Scaling.STANDARD ? "1e-59,1,1e20,7\n" : "1e-20,1,1e300,1e300\n";
    Files.writeString(
        later,
        "tiny,plain,huge,constant\n1e-61,1,%1$s,7\n9e-61,1,%1$s,7\n,,,\n".formatted(huge) + far);
    Table table = Table.read(later);
    Dataset data = saved.preparation().orElseThrow().apply(table, false, note -> {});
    double[] expected = TinyRuns.answers(saved, data);
    assertTrue(Math.abs(expected[0] - expected[1]) > 0.01, "the tiny numbers must matter");
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED)) {
      assertClose(expected, onnx.outputs(table), 1);
    }
  }

  /** A float's steps at 10,000 are of 0.001: the mean must be taken off exactly. */
  @Test
  void columnsOfLargeMeanAndSmallDeviation() {
    Random random = new Random(3);
    float[] features = new float[200 * 3];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) (1e4 + 0.01 * random.nextGaussian());
    }
    float[] targets = Samples.gaussians(random, 400);
    Dataset raw = Dataset.regression("large", features, 3, targets, List.of("y", "z"));
    int[] all = IntStream.range(0, 200).toArray();
    Preparation preparation = Preparation.fit(raw, all, false);
    Path file = folder.resolve("model.onnx");
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(3, List.of(8), 2).build(backend, 1);
        Evaluator evaluator = new Evaluator(model, preparation.apply(raw), Optional.empty(), 64)) {
      evaluator.run();
      float[] expected = evaluator.outputs(Optional.of(preparation));
      OnnxFile.write(
          file,
          Inference.of(model, Inference.Form.FOLDED, Optional.of(preparation), Loss.meanSquared()));
      try (OnnxRun onnx = new OnnxRun(file)) {
        float[] seen = onnx.outputs(features, 3);
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], seen[i], TOLERANCE * 2); // the targets' deviation
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void networksWithoutPreparationTakeTheirAnswerFromTheLoss(boolean exclusive) {
    Loss loss = exclusive ? Loss.crossEntropy() : Loss.binaryCrossEntropy();
    Path file = folder.resolve("model.onnx");
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(3, List.of(8), 4).build(backend, 1)) {
      OnnxFile.write(file, Inference.of(model, Inference.Form.FOLDED, Optional.empty(), loss));
      float[] features = Samples.gaussians(new Random(1), 30);
      float[] logits = AsTrained.outputs(model, features);
      try (OnnxRun onnx = new OnnxRun(file)) {
        float[] seen = onnx.outputs(features, 3);
        for (int i = 0; i < logits.length; i++) {
          double sum = exclusive ? 0 : 1 + Math.exp(logits[i]);
          for (int k = i / 4 * 4; exclusive && k < i / 4 * 4 + 4; k++) {
            sum += Math.exp(logits[k]);
          }
          assertEquals(Math.exp(logits[i]) / sum, seen[i], TOLERANCE);
        }
      }
    }
  }

  @Test
  void inputsAreTheColumnsThatTheModelUses() throws OrtException, IOException {
    Path csv = folder.resolve("odd.csv");
    IntFunction<String> row =
        i -> i % 7 + ",," + (i % 2 == 0 ? "x," : "y,") + (i % 3 == 0 ? "no" : "yes");
    Files.writeString(csv, CsvText.of("probabilities,empty text,/0,kind", 60, row));
    DataPlan plan =
        DataPlan.of(csv.toString())
            .withTarget("kind")
            .withTask(Task.Kind.CLASSIFICATION)
            .withColumns(List.of(), List.of("empty text"))
            .withParts(Portion.ofShare(0.1), Portion.ofShare(0.1));
    SavedModel saved = TinyRuns.train(plan, Recipe.classification(), folder);
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED)) {
      assertEquals(List.of("probabilities", "/0"), List.copyOf(onnx.session().getInputNames()));
      assertEquals(List.of("probabilities_2"), List.copyOf(onnx.session().getOutputNames()));
      Table table = Table.read(csv);
      Table prepared = Table.read(csv, saved.preparation().orElseThrow().options());
      Dataset rows = saved.preparation().orElseThrow().apply(prepared, false, note -> {});
      assertClose(TinyRuns.answers(saved, rows), onnx.outputs(table), 1);
    }
  }

  /** A column's name is its input's, though a value on the way would have been called so. */
  @Test
  void noValueTakesAColumnsName() throws OrtException, IOException {
    Path csv = folder.resolve("paths.csv");
    String names = "town,/category0,heating,/numbers1/rounded";
    IntFunction<String> row = i -> "t%d,%d,h%d,%d,%d".formatted(i % 3, i % 7, i % 2, i % 5, i % 11);
    Files.writeString(csv, CsvText.of(names + ",kind", 60, row));
    SavedModel saved = TinyRuns.train(DataPlan.of(csv.toString()), Recipe.classification(), folder);
    try (OnnxRun onnx = exported(saved, Inference.Form.FOLDED)) {
      assertEquals(List.of(names.split(",")), List.copyOf(onnx.session().getInputNames()));
      Table table = Table.read(csv);
      Dataset rows = saved.preparation().orElseThrow().apply(table, false, note -> {});
      assertClose(TinyRuns.answers(saved, rows), onnx.outputs(table), 1);
    }
  }

  private OnnxRun exported(SavedModel saved, Inference.Form form) {
    Path file = folder.resolve("model.onnx");
    OnnxFile.write(file, Inference.of(saved, form));
    return new OnnxRun(file);
  }

  private static void assertClose(double[] expected, float[] seen, double scale) {
    float[] rounded = new float[expected.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (float) expected[i];
    }
    assertArrayEquals(rounded, seen, (float) (TOLERANCE * scale));
  }
}
