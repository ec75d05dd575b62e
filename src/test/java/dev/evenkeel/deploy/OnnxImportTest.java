package dev.evenkeel.deploy;

import static dev.evenkeel.deploy.ForeignOnnx.of;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.data.Target;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.train.SavedModel;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files in the forms of PyTorch, tf2onnx and skl2onnx: what is read from them answers as ONNX
 * Runtime does with the file itself.
 */
class OnnxImportTest {

  /** Of the largest answer: float32 rounds at 6e-8 in sums of another order, over a few layers. */
  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("model.onnx");
  }

  private static Imported agrees(Path file, int columns) {
    return agrees(OnnxImport.read(file), new OnnxRun(file), Optional.empty(), -1, columns);
  }

  private static Imported agrees(
      Imported imported, OnnxRun runtime, Optional<String> output, long... shape) {
    try (runtime) {
      int columns = imported.model().network().inputs();
      float[] rows = Samples.gaussians(new Random(8), 9 * columns);
      float[] expected =
          runtime.outputs(
              rows, output.orElse(runtime.session().getOutputNames().iterator().next()), shape);
      float[] seen = imported.predictor().predict(rows);
      if (seen.length == 2 * expected.length) { // of one sigmoid we give both classes
        seen = everySecond(seen);
      }
      Samples.assertClose(expected, seen, TOLERANCE);
    }
    return imported;
  }

  private static float[] everySecond(float[] both) {
    float[] second = new float[both.length / 2];
    for (int i = 0; i < second.length; i++) {
      second[i] = both[2 * i + 1];
    }
    return second;
  }

  private static List<Layer> layers(Imported imported) {
    return imported.model().network().layers();
  }

  @Test
  void aNetOfPyTorchKeepsItsNormsAndItsConventions() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.linear(onnx.input("onnx::Gemm_0", 6), 6, 8);
    x = onnx.node("Relu", onnx.batchNorm(x, 8));
    Imported read = agrees(onnx.write(file(), onnx.linear(x, 8, 3), 3), 6);
    assertEquals(
        List.of(
            Linear.of(8).withBias(true),
            BatchNorm.ofPyTorch(0.1, 1e-5),
            Activate.relu(),
            Linear.of(3).withBias(true)),
        layers(read));
    assertEquals(Meaning.VALUES, read.model().meaning());
    Imported classes = read.withClasses(List.of("ant", "bee", "cat"));
    assertEquals(Loss.crossEntropy(), classes.model().loss());
    assertEquals(List.of("ant", "bee", "cat"), classes.predictor().classes());
  }

  @Test
  void otherWritersNormsFollowTheFormatsOwnRule() {
    ForeignOnnx onnx = new ForeignOnnx("tf2onnx", 13);
    String x = onnx.linear(onnx.input("x", 6), 6, 4);
    String norm = onnx.batchNorm(x, 4, "epsilon", 0.001f, "momentum", 0.99f);
    Imported read = agrees(onnx.write(file(), norm, 4), 6);
    BatchNorm seen = (BatchNorm) layers(read).get(1);
    assertEquals(BatchNorm.ofKeras(0.99, 0.001).runningVariance(), seen.runningVariance());
    assertEquals(
        BatchNorm.ofPyTorch(0.01, 0.001).running(),
        seen.running(),
        "0.01, not 0.010000000000000009");
    assertEquals(0.001, seen.epsilon());
  }

  @Test
  void whatPyTorchItselfExportedIsRead() throws URISyntaxException {
    for (String name : List.of("torch-bn-mlp.onnx", "torch-layer-norm-mlp.onnx")) {
      agrees(Path.of(OnnxImportTest.class.getResource(name).toURI()), 6);
    }
  }

  @Test
  void imagesAreFlattened() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.with("Flatten", of(onnx.input("image", 1, 2, 3)), "axis", 1);
    onnx.write(file(), onnx.node("Softmax", onnx.linear(x, 6, 4)), 4);
    Imported read = OnnxImport.read(file());
    agrees(read, new OnnxRun(file()), Optional.empty(), -1, 1, 2, 3);
    assertEquals(List.of("0", "1", "2", "3"), read.predictor().classes());
  }

  @Test
  void logarithmsOfProbabilitiesBecomeProbabilities() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.linear(onnx.input("x", 5), 5, 3);
    onnx.write(file(), onnx.with("LogSoftmax", of(x), "axis", -1), 3);
    Imported read = OnnxImport.read(file());
    assertTrue(read.notes().get(0).contains("(LogSoftmax)"), read.notes().toString());
    try (OnnxRun runtime = new OnnxRun(file())) {
      float[] rows = Samples.gaussians(new Random(8), 20);
      float[] expected = runtime.outputs(rows, 5);
      for (int i = 0; i < expected.length; i++) {
        expected[i] = (float) Math.exp(expected[i]);
      }
      Samples.assertClose(expected, read.predictor().predict(rows), TOLERANCE);
    }
  }

  @Test
  void oldPyTorchWrapsItsNorms() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 11);
    String x = onnx.linear(onnx.input("0", 5), 5, 4);
    x = onnx.with("Unsqueeze", of(x), "axes", new long[] {2});
    x = onnx.batchNorm(x, 4, "epsilon", 1e-5f, "momentum", 0.9f);
    x = onnx.with("Squeeze", of(x), "axes", new long[] {2});
    agrees(onnx.write(file(), onnx.linear(x, 4, 2), 2), 5);
  }

  @Test
  void everyFormOfGemm() {
    ForeignOnnx onnx = new ForeignOnnx("other", 13);
    String x = onnx.input("x", 5);
    x = onnx.with("Gemm", of(x, onnx.weights(5, 7), onnx.weights(1, 7)), "alpha", 0.5f, "beta", 3f);
    x = onnx.with("Gemm", of(x, onnx.weights(6, 7), onnx.scalar(0.25)), "transB", 1);
    x = onnx.node("Tanh", x);
    x = onnx.with("Gemm", of(x, onnx.weights(6, 4)));
    Imported read = agrees(onnx.write(file(), x, 4), 5);
    assertEquals(Linear.of(4).withBias(false), layers(read).get(3));
  }

  /** tf2onnx leaves of a batch norm a scale and a shift; they go where numbers are. */
  @Test
  void scalesAndShiftsGoIntoTheWeightsNextToThem() {
    ForeignOnnx onnx = new ForeignOnnx("tf2onnx", 13);
    String x = onnx.input("x", 5);
    x = onnx.node("Div", onnx.node("Sub", x, onnx.weights(5)), onnx.positive(5));
    x = onnx.node("Add", onnx.node("MatMul", x, onnx.weights(5, 6)), onnx.weights(6));
    x = onnx.node("Add", onnx.node("Mul", x, onnx.positive(6)), onnx.weights(6));
    x = onnx.node("Relu", x);
    x = onnx.node("Sub", onnx.scalar(0.3), onnx.node("Mul", onnx.weights(1, 6), x));
    x = onnx.node("MatMul", x, onnx.weights(6, 3));
    Imported read = agrees(onnx.write(file(), onnx.node("Softmax", x), 3), 5);
    assertEquals(
        List.of(Linear.of(6).withBias(true), Activate.relu(), Linear.of(3).withBias(true)),
        layers(read));
    assertEquals(5, read.model().preparation().orElseThrow().standardize().mean().length);
  }

  static Map<String, BiFunction<ForeignOnnx, String, String>> activationForms() {
    Map<String, BiFunction<ForeignOnnx, String, String>> forms = new TreeMap<>();
    forms.put("relu", (o, x) -> o.node("Relu", x));
    forms.put("relu by Max", (o, x) -> o.node("Max", x, o.scalar(0)));
    forms.put("relu by Clip", (o, x) -> o.node("Clip", x, o.scalar(0), ""));
    forms.put("leaky-relu", (o, x) -> o.with("LeakyRelu", of(x), "alpha", 0.01f));
    forms.put("leaky-relu by Max", (o, x) -> o.node("Max", x, o.node("Mul", x, o.scalar(0.01))));
    forms.put("elu", (o, x) -> o.with("Elu", of(x), "alpha", 1f));
    forms.put("selu", (o, x) -> o.with("Selu", of(x), "alpha", 1.6732632f, "gamma", 1.0507010f));
    forms.put("selu by default", (o, x) -> o.node("Selu", x));
    forms.put("gelu of PyTorch", OnnxImportTest::gelu);
    forms.put("gelu of TensorFlow", OnnxImportTest::geluOfTensorFlow);
    forms.put("silu", (o, x) -> o.node("Mul", x, o.node("Sigmoid", x)));
    forms.put("sigmoid", (o, x) -> o.node("Sigmoid", x));
    forms.put("tanh", (o, x) -> o.node("Tanh", x));
    forms.put("softplus", (o, x) -> o.node("Softplus", x));
    forms.put(
        "softplus by Log", (o, x) -> o.node("Log", o.node("Add", o.node("Exp", x), o.scalar(1))));
    return forms;
  }

  private static String gelu(ForeignOnnx o, String x) {
    String erf = o.node("Erf", o.node("Div", x, o.constantNode(Math.sqrt(2))));
    String product = o.node("Mul", x, o.node("Add", erf, o.constantNode(1)));
    return o.node("Mul", product, o.constantNode(0.5));
  }

  private static String geluOfTensorFlow(ForeignOnnx o, String x) {
    String erf = o.node("Erf", o.node("Mul", x, o.scalar(Math.sqrt(0.5))));
    String sum = o.node("Add", o.scalar(1), erf);
    return o.node("Mul", o.node("Mul", o.scalar(0.5), x), sum);
  }

  static Stream<String> formNames() {
    return activationForms().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("formNames")
  void anActivationIsToldByItsValues(String name) {
    ForeignOnnx onnx = new ForeignOnnx("other", 17);
    String x = onnx.linear(onnx.input("x", 5), 5, 8);
    x = activationForms().get(name).apply(onnx, x);
    Imported read = agrees(onnx.write(file(), onnx.linear(x, 8, 3), 3), 5);
    assertEquals(Activate.of(Activation.named(name.split(" ")[0])), layers(read).get(1));
  }

  @Test
  void rowNormsAndDropoutAreLayers() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.linear(onnx.input("x", 5), 5, 8);
    String[] normed = {x, onnx.positive(8), onnx.weights(8)};
    x = onnx.with("LayerNormalization", normed, "axis", -1, "epsilon", 1e-6f);
    x = onnx.node("Dropout", x, onnx.scalar(0.25));
    x = onnx.with("LayerNormalization", of(onnx.linear(x, 8, 4), onnx.positive(4)));
    Imported read = agrees(onnx.write(file(), x, 4), 5);
    assertEquals(RowNorm.layer().withEpsilon(1e-6), layers(read).get(1));
    assertEquals(new Dropout(0.25), layers(read).get(2));
  }

  @Test
  void rmsNormOfTheNewestOperators() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 23);
    String x = onnx.linear(onnx.input("x", 5), 5, 8);
    x = onnx.with("RMSNormalization", of(x, onnx.positive(8)), "axis", -1, "epsilon", 1e-6f);
    Imported read = agrees(onnx.write(file(), onnx.linear(x, 8, 3), 3), 5);
    assertEquals(RowNorm.rms().withEpsilon(1e-6), layers(read).get(1));
  }

  @Test
  void scikitLearnsClassifierOfManyClasses() {
    ForeignOnnx onnx = new ForeignOnnx("skl2onnx", 15);
    String p = onnx.node("Softmax", scikitLearn(onnx, 3));
    onnx.output(p, 3);
    String map = onnx.of("ai.onnx.ml", "ZipMap", of(p), "classlabels_int64s", new long[] {2, 5, 9});
    onnx.labels(onnx.with("ArgMax", of(p), "axis", 1, "keepdims", 0)).write(file());
    Imported read = OnnxImport.read(file(), Optional.of(p));
    agrees(read, new OnnxRun(file()), Optional.of(p), -1, 4);
    assertEquals(Loss.crossEntropy(), read.model().loss());
    onnx.output(map, 3).write(file());
    Imported named = OnnxImport.read(file(), Optional.of(map));
    assertEquals(List.of("2", "5", "9"), named.predictor().classes());
  }

  @Test
  void scikitLearnsClassifierOfTwoClasses() {
    ForeignOnnx onnx = new ForeignOnnx("skl2onnx", 15);
    String p = onnx.node("Sigmoid", scikitLearn(onnx, 1));
    String rest = onnx.node("Sub", onnx.scalar(1), p);
    String both = onnx.with("Concat", of(rest, p), "axis", 1);
    onnx.output(both, 2);
    String labels = onnx.with("ArgMax", of(both), "axis", 1, "keepdims", 0);
    onnx.labels(labels).write(file());
    Imported read = OnnxImport.read(file(), Optional.of(both));
    agrees(read, new OnnxRun(file()), Optional.of(both), -1, 4);
    assertEquals(Loss.binaryCrossEntropy(), read.model().loss());
  }

  @Test
  void scikitLearnsRegressor() {
    ForeignOnnx onnx = new ForeignOnnx("skl2onnx", 15);
    String y = onnx.node("Identity", scikitLearn(onnx, 1));
    agrees(onnx.write(file(), onnx.node("Reshape", y, onnx.longs(-1, 1)), 1), 4);
  }

  /** A StandardScaler and the hidden layer, up to the last activation. */
  private static String scikitLearn(ForeignOnnx onnx, int outputs) {
    float[] offset = {1, -2, 0.5f, 3};
    float[] scale = {0.5f, 2, 1.5f, 0.1f};
    String[] input = {onnx.input("X", 4)};
    String x = onnx.of("ai.onnx.ml", "Scaler", input, "offset", offset, "scale", scale);
    x = onnx.with("Cast", of(x), "to", 1);
    x = onnx.node("Add", onnx.node("MatMul", x, onnx.weights(4, 5)), onnx.weights(1, 5));
    x = onnx.node("MatMul", onnx.node("Relu", x), onnx.weights(5, outputs));
    return onnx.node("Add", x, onnx.weights(1, outputs));
  }

  @Test
  void severalSigmoidsStayNumbers() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.node("Sigmoid", onnx.linear(onnx.input("x", 5), 5, 3));
    Imported read = agrees(onnx.write(file(), x, 3), 5);
    assertTrue(read.model().preparation().orElseThrow().target() instanceof Target.Quantities);
  }

  @Test
  void aSavedImportIsAModelLikeAnyOther() {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.node("Relu", onnx.batchNorm(onnx.linear(onnx.input("x", 6), 6, 8), 8));
    onnx.write(file(), onnx.node("Softmax", onnx.linear(x, 8, 3)), 3);
    Imported read = OnnxImport.read(file());
    SavedModel saved = read.save(folder);
    assertEquals(read.model().network(), saved.network());
    float[] rows = Samples.gaussians(new Random(2), 18);
    Samples.assertClose(
        read.predictor().predict(rows), Predictor.load(folder).predict(rows), TOLERANCE);
    Path again = folder.resolve("again.onnx");
    OnnxFile.write(again, Inference.of(saved, Inference.Form.WITH_NORMS));
    Imported round = agrees(again, 6);
    assertEquals(saved.network(), round.model().network());
    assertEquals(
        saved.preparation().map(p -> p.target()), round.model().preparation().map(p -> p.target()));
  }
}
