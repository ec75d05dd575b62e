package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.WeightNorm;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The names and shapes in a file are those of an equal {@code nn.Sequential}'s state_dict. */
class NormCheckpointTest {

  @TempDir Path folder;

  private Map<String, String> shapes(Network network) {
    Path file = folder.resolve("model.safetensors");
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 1)) {
      SavedModel.write(file, model, Recipe.classification(), Optional.empty(), Map.of());
      try (Model back = SavedModel.load(file).build(backend)) {
        assertEquals(network, back.network());
      }
    }
    Map<String, String> shapes = new LinkedHashMap<>();
    SavedModel.load(file)
        .content()
        .tensors()
        .forEach((name, tensor) -> shapes.put(name, Arrays.toString(tensor.shape())));
    return shapes;
  }

  /** parametrizations.weight_norm(Linear(3, 4)), and of one unit. */
  @Test
  void weightNormHasAGainColumnAndDirections() {
    Linear one = Linear.of(1).withBias(false).withWeightNorm(WeightNorm.ofGain(1));
    assertEquals(
        Map.of(
            "0.bias", "[4]",
            "0.parametrizations.weight.original0", "[4, 1]",
            "0.parametrizations.weight.original1", "[4, 3]",
            "1.parametrizations.weight.original0", "[1, 1]",
            "1.parametrizations.weight.original1", "[1, 4]"),
        shapes(Network.of(3, Linear.of(4).withWeightNorm(WeightNorm.fromData()), one)));
  }

  /** LayerNorm(4), RMSNorm(4), GroupNorm(2, 4). */
  @Test
  void rowNormsHaveAWeightAndABiasButRms() {
    assertEquals(
        Map.of(
            "0.weight", "[4]",
            "0.bias", "[4]",
            "1.weight", "[4]",
            "2.weight", "[4]",
            "2.bias", "[4]"),
        shapes(Network.of(4, RowNorm.layer(), RowNorm.rms(), RowNorm.group(2))));
  }

  /** BatchNorm1d(4) without what mean-only batch norm has not. */
  @Test
  void meanOnlyBatchNormHasNeitherWeightNorVariance() {
    assertEquals(
        Map.of(
            "0.bias", "[4]",
            "0.running_mean", "[4]",
            "0.num_batches_tracked", "[]"),
        shapes(Network.of(4, BatchNorm.meanOnly())));
  }
}
