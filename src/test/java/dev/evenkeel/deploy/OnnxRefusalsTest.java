package dev.evenkeel.deploy;

import static dev.evenkeel.deploy.ForeignOnnx.of;

import dev.evenkeel.Expect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can't be taken is named: the node, its operator, and what can be done. */
class OnnxRefusalsTest {

  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("model.onnx");
  }

  private void refused(BiFunction<ForeignOnnx, String, String> nodes, String... words) {
    ForeignOnnx onnx = new ForeignOnnx("pytorch", 17);
    String x = onnx.linear(onnx.input("x", 6), 6, 4);
    Path file = onnx.write(file(), onnx.linear(nodes.apply(onnx, x), 4, 2), 2);
    Expect.failure(() -> OnnxImport.read(file), words);
  }

  @Test
  void operatorsThatAreNoLayer() {
    refused(
        (o, x) -> o.node("Transpose", x),
        "model.onnx: node \"/Transpose_",
        "(Transpose) can't be taken. help: a chain of Gemm, MatMul");
    refused(
        (o, x) -> o.of("com.microsoft", "FusedGemm", of(x)),
        "(FusedGemm) of com.microsoft can't be taken");
    refused(
        (o, x) -> o.with("LeakyRelu", of(x), "alpha", 0.3f),
        "(LeakyRelu) computes none of Evenkeel's activations",
        "leaky-relu with slope 0.01");
    refused(
        (o, x) -> o.with("Gelu", of(x), "approximate", "tanh"),
        "(Gelu) computes none of Evenkeel's activations",
        "gelu by the exact");
    refused(
        (o, x) -> o.node("Clip", x, o.scalar(0), o.scalar(20)),
        "(Clip) computes none of Evenkeel's activations");
    refused((o, x) -> o.node("PRelu", x, o.weights(4)), "(PRelu) can't be taken");
  }

  @Test
  void branches() {
    refused(
        (o, x) -> o.node("Add", x, o.node("Relu", o.linear(x, 4, 4))),
        "the network branches: \"/Gemm_",
        "help: only a chain of layers can be taken");
    refused(
        (o, x) -> o.node("Mul", x, o.node("Sigmoid", o.node("Add", x, o.weights(4)))),
        "takes the constant",
        "of shape [4] within an activation");
  }

  @Test
  void layersThatDoNotFit() {
    refused((o, x) -> o.linear(x, 5, 4), "(Gemm) takes 5 features, but 4 come in");
    refused((o, x) -> o.batchNorm(x, 3), "(BatchNormalization) takes 3 features, but 4 come in");
    refused((o, x) -> o.with("Gemm", of(x, o.weights(4, 4)), "transA", 1), "transposes its input");
    refused((o, x) -> o.node("MatMul", o.weights(4, 4), x), "has the features as its second input");
    refused((o, x) -> o.node("MatMul", x, x), "(MatMul)");
    refused((o, x) -> o.with("Softmax", of(x), "axis", 0), "works on axis 0");
    refused((o, x) -> o.node("Softmax", x), "(Gemm) stands behind the softmax");
    refused((o, x) -> o.node("Reshape", x, o.longs(-1, 2, 2)), "makes the shape [-1.0, 2.0, 2.0]");
    refused(
        (o, x) -> o.node("Tanh", o.node("Add", o.node("Tanh", x), o.weights(4))),
        "neither a linear layer nor a norm is next to it");
  }

  @Test
  void aNormInTrainingMode() {
    refused(
        (o, x) -> o.batchNorm(x, 4, "training_mode", 1),
        "is in training mode",
        "help: export for inference; in PyTorch, model.eval() first");
    refused(
        (o, x) -> o.with("BatchNormalization", of(x, o.positive(4), o.weights(4), o.weights(4), x)),
        "(BatchNormalization)");
  }

  @Test
  void valuesInAnotherFileAreNotLookedFor() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[4 * 16]);
    refused(
        (o, x) -> o.node("MatMul", x, o.external("weights.bin", 4, 4)),
        "lies in another file, but one file with everything is needed",
        "torch.onnx.export takes external_data=False");
  }

  @Test
  void severalInputsOrOutputs() {
    ForeignOnnx two = new ForeignOnnx("skl2onnx", 15);
    String x = two.linear(two.input("x", 6), 6, 3);
    two.output(x, 3).output(two.node("Softmax", x), 3).write(file());
    Expect.failure(
        () -> OnnxImport.read(file()),
        "model.onnx has 2 outputs, [",
        "and a model has one. help: --output NAME chooses one");
    Expect.failure(
        () -> OnnxImport.read(file(), Optional.of("label")), "and none of them is label");
    ForeignOnnx inputs = new ForeignOnnx("evenkeel", 17);
    String sum = inputs.node("Add", inputs.input("a", 3), inputs.input("b", 3));
    inputs.write(file(), inputs.linear(sum, 3, 2), 2);
    Expect.failure(
        () -> OnnxImport.read(file()),
        "\"y\" is computed from the inputs [",
        "but a network of one input [rows, features]");
  }

  @Test
  void whatIsNoOnnxAtAll() throws IOException {
    for (byte[] bytes : List.of(new byte[0], new byte[100], "model".getBytes())) {
      Files.write(file(), bytes);
      Expect.failure(() -> OnnxImport.read(file()), "model.onnx is no ONNX file");
    }
    ForeignOnnx none = new ForeignOnnx("other", 17);
    none.write(file(), none.node("Relu", none.input("x", 4)), 4);
    Expect.failure(() -> OnnxImport.read(file()), "has no linear layer, so it is no network");
    Path missing = folder.resolve("missing.onnx");
    Expect.failure(() -> OnnxImport.read(missing), "There is no file " + missing);
  }
}
