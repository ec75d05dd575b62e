package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.io.Npy;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files laid out as Keras lays them out; make-keras-mlp.py beside them has the same in numpy. */
class KerasImportTest {

  /** Probabilities: float32 rounds at 6e-8, in sums over a few layers. */
  private static final double TOLERANCE = 1e-5;

  private static final BatchNorm SECOND =
      new BatchNorm(1e-3, RunningStatistics.exponential(0.01), RunningVariance.BIASED);

  @TempDir private Path folder;

  private Path file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  @ParameterizedTest
  @ValueSource(strings = {"keras2.h5", "keras3.keras"})
  void whatIsReadAnswersAsTheFormulasDo(String name) throws IOException {
    Npy rows = Npy.read(file("rows.npy", KerasFiles.read("keras-rows.npy")));
    Imported read = KerasImport.read(file(name, KerasFiles.read(name)));
    for (int row = 0; row < rows.rows(); row++) {
      float[] all = Arrays.copyOfRange(rows.data(), 9 * row, 9 * row + 9);
      float[] seen = read.predictor().predict(Arrays.copyOf(all, 6));
      for (int k = 0; k < 3; k++) {
        assertEquals(all[6 + k], seen[k], TOLERANCE, "class " + k + " of row " + row);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"keras2.h5", "keras3.keras"})
  void layersKeepKerasConventions(String name) throws IOException {
    Imported read = KerasImport.read(file(name, KerasFiles.read(name)));
    List<Layer> expected =
        List.of(
            Linear.of(8).withBias(false),
            SECOND.withEpsilon(0.01).withRunning(RunningStatistics.exponential(0.05)),
            Activate.relu(),
            new Dropout(0.25),
            Linear.of(8).withBias(true),
            Activate.of(Activation.SILU),
            RowNorm.group(2).withEpsilon(0.002),
            Linear.of(7).withBias(true),
            Activate.of(Activation.ELU),
            SECOND,
            RowNorm.layer().withEpsilon(1e-3),
            Activate.of(Activation.LEAKY_RELU),
            RowNorm.rms().withEpsilon(1e-6),
            Linear.of(3).withBias(true));
    assertEquals(expected, read.model().network().layers());
    assertEquals(
        List.of(
            "Layer \"bn_1\" has no gamma in Keras; here it has, and a further training moves it."),
        read.notes());
  }

  /** The point of the conventions: from here on, statistics move as Keras would have them. */
  @Test
  void trainingOnMovesTheStatisticsAsInKeras() throws IOException {
    Imported read = KerasImport.read(file("m.keras", KerasFiles.read("keras3.keras")));
    float[] rows = Samples.gaussians(new Random(4), 4 * 6);
    Dataset data =
        Dataset.classification("d", rows, 6, new int[] {0, 1, 2, 0}, List.of("0", "1", "2"));
    float[] weight = read.model().values().get("0.weight");
    float[] before = read.model().values().get("1.running_var");
    Recipe one = Recipe.classification().withSteps(1).withBatch(4).withMetrics(List.of());
    try (Backend backend = Device.cpu(1);
        Model model = read.build(backend)) {
      new Trainer(model, one, data).fit();
      float[] after = model.values().get("1.running_var");
      for (int unit = 0; unit < 8; unit++) {
        double expected = 0.95 * before[unit] + 0.05 * biasedVariance(rows, weight, unit);
        assertEquals(expected, after[unit], TOLERANCE * expected);
      }
    }
  }

  /** Of a unit's outputs over the rows: divided by N. */
  private static double biasedVariance(float[] rows, float[] weight, int unit) {
    int count = rows.length / 6;
    double[] z = new double[count];
    for (int i = 0; i < rows.length; i++) {
      z[i / 6] += (double) rows[i] * weight[6 * unit + i % 6];
    }
    double mean = Arrays.stream(z).sum() / count;
    return Arrays.stream(z).map(v -> (v - mean) * (v - mean)).sum() / count;
  }

  private void refused(byte[] content, String... words) throws IOException {
    Path file = file("model.keras", content);
    Expect.failure(() -> KerasImport.read(file), words);
  }

  @Test
  void whatHasNoPlaceHereIsNamed() throws IOException {
    refused(
        KerasFiles.replacing("\"class_name\": \"Dropout\"", "\"class_name\": \"Conv2D\""),
        "layer \"dropout\" (Conv2D) can't be taken. help: Dense, BatchNormalization");
    refused(
        KerasFiles.replacing("\"negative_slope\": 0.0", "\"negative_slope\": 0.3"),
        "layer \"relu\" (ReLU) can't be taken: its slope is 0.3",
        "has this activation with 0.01");
    refused(
        KerasFiles.replacing("\"activation\": \"elu\"", "\"activation\": \"hard_sigmoid\""),
        "layer \"dense_1\" (Dense) has the activation \"hard_sigmoid\", which can't be taken");
    refused(
        KerasFiles.replacing("\"activation\": \"elu\"", "\"activation\": \"softmax\""),
        "layer \"bn_1\" (BatchNormalization) stands behind the softmax");
    refused(
        KerasFiles.replacing("\"class_name\": \"Sequential\"", "\"class_name\": \"Transformer\""),
        "holds a model of class \"Transformer\"");
    refused(
        KerasFiles.replacing("[null, 2, 3]", "[null, 5]"),
        "layer \"scaled\" (Normalization) takes 6 features, but 5 come in");
    refused(
        KerasFiles.replacing("[null, 2, 3]", "[null, 2000000000, 3]"),
        "takes the shape [2000000000, 3], but at most 4,194,304 features can be taken");
    refused(
        KerasFiles.replacing("\"class_name\": \"Flatten\"", "\"class_name\": \"Dropout\""),
        "layer \"scaled\" (Normalization) works on the last axis of an image or sequence");
  }

  @Test
  void damagedAndForeignFilesAreRefused() throws IOException {
    refused("keras".getBytes(), "is neither a .keras archive nor an HDF5 file");
    refused(KerasFiles.archive(Map.of("config.json", "{}".getBytes())), "has no model.weights.h5");
    refused(
        KerasFiles.with(KerasFiles.WEIGHTS, new byte[100]),
        "model.weights.h5 is no HDF5 file that can be read");
    refused(KerasFiles.with(KerasFiles.CONFIG, "{".getBytes()), "the model's configuration");
    refused(
        KerasFiles.with(KerasFiles.CONFIG, new byte[50 << 20]),
        "config.json unpacks to more than",
        "too many for a file of its size");
    refused(KerasFiles.parts().get(KerasFiles.WEIGHTS), "it holds weights alone");
    Path missing = folder.resolve("missing.keras");
    Expect.failure(() -> KerasImport.read(missing), "There is no file " + missing + ". help:");
  }

  /** The other file is there; it must not be opened all the same. */
  @Test
  void linksToOtherFilesAreNotFollowed() throws IOException {
    file("keras2.h5", KerasFiles.read("keras2.h5"));
    Path link = file("link.h5", KerasFiles.read("keras-link.h5"));
    Expect.failure(
        () -> KerasImport.read(link), "model_weights/scaled is a link, and links are not followed");
  }

  @Test
  void branchesAreRefused() throws IOException {
    String branching =
        """
        {"class_name": "Functional", "config": {"layers": [
          {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, 6]},
           "inbound_nodes": []},
          {"class_name": "Dense", "config": {"name": "a"}, "inbound_nodes": [{"args": [
            {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}]}]},
          {"class_name": "Add", "config": {"name": "sum"}, "inbound_nodes": [{"args": [[
            {"config": {"keras_history": ["x", 0, 0]}},
            {"config": {"keras_history": ["a", 0, 0]}}]]}]}],
          "input_layers": [["x", 0, 0]], "output_layers": OUTPUTS}}
        """;
    refused(
        KerasFiles.with(
            KerasFiles.CONFIG, branching.replace("OUTPUTS", "[[\"sum\", 0, 0]]").getBytes()),
        "layer \"sum\" is fed by [x, a]",
        "help: only a chain of layers can be taken");
    refused(
        KerasFiles.with(
            KerasFiles.CONFIG,
            branching.replace("OUTPUTS", "[[\"sum\", 0, 0], [\"a\", 0, 0]]").getBytes()),
        "has the inputs [x] and the outputs [sum, a], but a model of one each is needed");
    refused(
        KerasFiles.with(
            KerasFiles.CONFIG, branching.replace("OUTPUTS", "[\"a\", 0, 0]").getBytes()),
        "from [x] to [a] there are 2 of its 3 layers");
  }
}
