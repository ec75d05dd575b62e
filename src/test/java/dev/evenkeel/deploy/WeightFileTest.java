package dev.evenkeel.deploy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.io.Safetensors;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AsTrained;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights go out to PyTorch and come in from it. make-torch-mlp.py made the files here. */
class WeightFileTest {

  @TempDir private Path folder;

  private static Path resource(String name) {
    try {
      return Path.of(WeightFileTest.class.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** The network of make-torch-mlp.py. */
  private static Network torchMlp(int hidden) {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      layers.addAll(List.of(Linear.of(hidden), BatchNorm.ofPyTorch(0.1, 1e-5), Activate.relu()));
    }
    layers.add(Linear.of(3));
    return new Network(6, layers);
  }

  @Test
  void whatPyTorchWroteGivesItsOutputsAndGoesOutByteForByte() throws IOException {
    Path weights = resource("torch-mlp.safetensors");
    Safetensors.Content rows = Safetensors.read(resource("torch-mlp-rows.safetensors"));
    Path out = folder.resolve("out.safetensors");
    try (Backend backend = Device.cpu(1);
        Model model = torchMlp(8).build(backend, 1)) {
      WeightFile.load(model, weights);
      Samples.assertClose(rows.floats("y"), AsTrained.outputs(model, rows.floats("x")), 1e-6);
      WeightFile.write(out, model);
    }
    assertArrayEquals(Files.readAllBytes(weights), Files.readAllBytes(out));
  }

  @Test
  void everyNetworkComesBackAsItWas() throws IOException {
    Random random = new Random(2);
    for (Network network : Samples.networks().values()) {
      Path first = folder.resolve("first.safetensors");
      Path second = folder.resolve("second.safetensors");
      float[] features = Samples.gaussians(random, 4 * Samples.INPUTS);
      try (Backend backend = Device.cpu(1);
          Model model = network.build(backend, 3);
          Model other = network.build(backend, 4)) {
        AsTrained.disturb(model, random);
        WeightFile.write(first, model);
        WeightFile.load(other, first);
        WeightFile.write(second, other);
        assertArrayEquals(
            AsTrained.outputs(model, features), AsTrained.outputs(other, features), 0f);
      }
      assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    }
  }

  @Test
  void foldedWeightsHaveTheNamesOfTheFoldedNetwork() {
    Path file = folder.resolve("folded.safetensors");
    try (Backend backend = Device.cpu(1);
        Model model = torchMlp(8).build(backend, 1)) {
      WeightFile.write(
          file, Inference.of(model, Inference.Form.FOLDED, Optional.empty(), Loss.crossEntropy()));
    }
    assertEquals(
        Set.of(
            "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias", "6.weight", "6.bias"),
        Safetensors.read(file).tensors().keySet());
  }

  @Test
  void anotherNetworkIsRefusedByNamesAndShapesAndTheModelStaysAsItIs() {
    Path weights = resource("torch-mlp.safetensors");
    try (Backend backend = Device.cpu(1);
        Model wider = torchMlp(9).build(backend, 1);
        Model plain =
            Network.mlp(6, List.of(8), 3, w -> List.of(Linear.of(w), Activate.relu()))
                .build(backend, 1)) {
      float[] before = wider.values(wider.parameters().get(0));
      Expect.failure(
          () -> WeightFile.load(wider, weights),
          "tensor \"0.weight\" has the shape [8, 6], but the network needs [9, 6]");
      assertArrayEquals(before, wider.values(wider.parameters().get(0)));
      Expect.failure(
          () -> WeightFile.load(plain, weights),
          "it lacks [0.bias, 2.bias, 2.weight]",
          "and has [1.bias, 1.num_batches_tracked");
    }
  }

  @Test
  void otherLibrariesConventionsBecomeOurs() {
    assertEquals(
        new BatchNorm(1e-3, RunningStatistics.exponential(0.25), RunningVariance.BIASED),
        BatchNorm.ofKeras(0.75, 1e-3));
    assertEquals(BatchNorm.standard(), BatchNorm.ofPyTorch(0.1, 1e-5));
  }
}
