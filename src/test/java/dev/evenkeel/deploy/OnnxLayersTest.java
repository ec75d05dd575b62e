package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.AsTrained;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.WeightNorm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** ONNX Runtime computes of every layer what Evenkeel does. */
class OnnxLayersTest {

  /**
   * Of the largest output: both sides round to float32 (6e-8) in sums of another order, through a
   * few layers.
   */
  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;

  static Stream<Arguments> everyNetworkInBothForms() {
    return Samples.networks().keySet().stream()
        .flatMap(
            name ->
                Stream.of(Inference.Form.FOLDED, Inference.Form.WITH_NORMS)
                    .map(form -> Arguments.of(name, form)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("everyNetworkInBothForms")
  void onnxRuntimeAgrees(String name, Inference.Form form) {
    Random random = new Random(5);
    Path file = folder.resolve("model.onnx");
    try (Backend backend = Device.cpu(1);
        Model model = Samples.networks().get(name).build(backend, 3)) {
      AsTrained.disturb(model, random);
      OnnxFile.write(file, Inference.of(model, form, Optional.empty(), Loss.meanSquared()));
      try (OnnxRun onnx = new OnnxRun(file)) {
        for (int rows : List.of(1, 9)) {
          float[] features = Samples.gaussians(random, rows * Samples.INPUTS);
          Samples.assertClose(
              AsTrained.outputs(model, features),
              onnx.outputs(features, Samples.INPUTS),
              TOLERANCE);
        }
        assertEquals(0, onnx.outputs(new float[0], Samples.INPUTS).length, "of no rows");
      }
    }
  }

  @Test
  void keptNormsAreNodesAndFoldedOnesAreNot() throws IOException {
    Network network = Network.of(4, Linear.of(6), BatchNorm.standard(), Linear.of(2));
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 3)) {
      assertEquals(List.of("Gemm", "Gemm", "Identity"), operators(model, Inference.Form.FOLDED));
      assertEquals(
          List.of("Gemm", "BatchNormalization", "Gemm", "Identity"),
          operators(model, Inference.Form.WITH_NORMS));
    }
  }

  @Test
  void layersAsTheyWereTrainedAreRefused() {
    Network network = Network.of(4, Linear.of(2).withWeightNorm(WeightNorm.ofGain(1)));
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 3)) {
      Expect.failure(
          () -> operators(model, Inference.Form.AS_TRAINED),
          "ONNX is for inference, but layer 0 has the weight");
    }
  }

  private List<String> operators(Model model, Inference.Form form) throws IOException {
    Path file = folder.resolve("model.onnx");
    OnnxFile.write(file, Inference.of(model, form, Optional.empty(), Loss.meanSquared()));
    ModelProto read = ModelProto.parseFrom(Files.readAllBytes(file));
    return read.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }
}
