package dev.evenkeel.deploy;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.io.AtomicFile;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Writes a Python file that rebuilds a network as an {@code nn.Sequential} of PyTorch and loads its
 * weights from a safetensors file beside it.
 *
 * <p>Numbers go into it as {@code %s}: {@code %d} writes the digits of the user's language, which
 * Python does not read.
 */
public final class TorchModule {

  /** What PyTorch has no module for, by the name that the network calls it. */
  private static final Map<String, String> HELPERS =
      Map.of(
          "MeanOnlyBatchNorm",
          """
          class MeanOnlyBatchNorm(nn.Module):
              \"""y = x - mean + bias: batch norm that leaves the deviation as it is.\"""

              def __init__(self, width, momentum=0.1):
                  super().__init__()
                  self.momentum = momentum
                  self.bias = nn.Parameter(torch.zeros(width))
                  self.register_buffer("running_mean", torch.zeros(width))
                  self.register_buffer("num_batches_tracked", torch.tensor(0))

              def forward(self, x):
                  if not self.training:
                      return x - self.running_mean + self.bias
                  mean = x.mean(0)
                  with torch.no_grad():
                      self.num_batches_tracked += 1
                      share = self.momentum or 1 / self.num_batches_tracked.item()
                      self.running_mean += share * (mean - self.running_mean)
                  return x - mean + self.bias
          """,
          "NormProp",
          """
          class NormProp(nn.Module):
              \"""y = (x - mean) / deviation, the moments of the activation of a standard normal.\"""

              def __init__(self, mean, deviation):
                  super().__init__()
                  self.mean = mean
                  self.deviation = deviation

              def forward(self, x):
                  return (x - self.mean) / self.deviation
          """,
          "Residual",
          """
          class Residual(nn.Sequential):
              \"""y = x + layers(x).\"""

              def forward(self, x):
                  return x + super().forward(x)
          """,
          "weight_norm",
          "from torch.nn.utils.parametrizations import weight_norm\n");

  private final Map<String, float[]> values;
  private final TreeSet<String> used = new TreeSet<>();

  private TorchModule(Map<String, float[]> values) {
    this.values = values;
  }

  /**
   * @param python the file to write
   * @param weights the weights' file, which {@link WeightFile} writes, in the same folder
   */
  public static void write(Path python, Path weights, Inference inference) {
    AtomicFile.write(
        python,
        new TorchModule(inference.values()).text(inference, weights.getFileName().toString()));
  }

  private String text(Inference inference, String weights) {
    var network = inference.network();
    StringBuilder layers = new StringBuilder();
    append(layers, network.layers(), "", network.inputs(), "        ");
    StringBuilder text = new StringBuilder();
    text.append(
        """
        \"""A network trained by Evenkeel, as a PyTorch module.

            y = load()(x)  # float32, [rows, %s] to [rows, %s]

        x is what the preparation makes of the data: standardised, categories one-hot; Evenkeel's model file
        has it as JSON, "evenkeel.preparation" of its metadata. y are %s.
        Needs torch 2.4 or newer and safetensors.
        \"""

        from pathlib import Path

        import torch
        from safetensors.torch import load_file
        from torch import nn
        """
            .formatted(network.inputs(), network.outputs(), meaning(inference)));
    if (used.remove("weight_norm")) {
      text.append(HELPERS.get("weight_norm"));
    }
    used.forEach(name -> text.append("\n\n").append(HELPERS.get(name)));
    return text.append("\n\ndef build():\n    return nn.Sequential(\n")
        .append(layers)
        .append(
            """
                )


            def load(path=Path(__file__).with_name(%s), device="cpu"):
                module = build()
                module.load_state_dict(load_file(path))
                return module.to(device=torch.device(device), dtype=torch.float32).eval()
            """
                .formatted(quoted(weights)))
        .toString();
  }

  private static String meaning(Inference inference) {
    return switch (inference.meaning()) {
      case PROBABILITIES -> "logits, for softmax";
      case SECOND_OF_TWO, INDEPENDENT -> "logits, for sigmoid";
      case VALUES -> "values, in the units of the training";
    };
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void append(
      StringBuilder text, List<Layer> layers, String prefix, int inputs, String indent) {
    int width = inputs;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      String name = prefix + i;
      if (layer instanceof Residual residual) {
        used.add("Residual");
        text.append(indent).append("Residual(\n");
        append(text, residual.layers(), name + ".", width, indent + "    ");
        text.append(indent).append("),\n");
      } else {
        text.append(indent).append(module(layer, name, width)).append(",\n");
      }
      width = layer instanceof Linear linear ? linear.units() : width;
    }
  }

  private String module(Layer layer, String name, int width) {
    if (layer instanceof Linear linear) {
      return linear(linear, name, width);
    } else if (layer instanceof BatchNorm norm) {
      return batchNorm(norm, width);
    } else if (layer instanceof RowNorm norm) {
      return rowNorm(norm, width);
    } else if (layer instanceof NormProp norm) {
      used.add("NormProp");
      return "NormProp(%s, %s)".formatted(norm.moments().mean(), norm.moments().deviation());
    } else if (layer instanceof Activate activate) {
      return activation(activate.function());
    } else if (layer instanceof Dropout dropout) {
      return "nn.Dropout(%s)".formatted(dropout.probability());
    } else if (layer instanceof AlphaDropout dropout) {
      return "nn.AlphaDropout(%s)".formatted(dropout.probability());
    }
    throw new IllegalStateException("no module for " + layer);
  }

  private String linear(Linear linear, String name, int inputs) {
    boolean bias = values.containsKey(name + ".bias");
    String plain =
        "nn.Linear(%s, %s%s)".formatted(inputs, linear.units(), bias ? "" : ", bias=False");
    if (!linear.hasWeightNorm()) {
      return plain;
    }
    used.add("weight_norm");
    return "weight_norm(%s)".formatted(plain);
  }

  private String batchNorm(BatchNorm norm, int width) {
    String momentum =
        norm.running() instanceof RunningStatistics.Exponential exponential
            ? Double.toString(exponential.weight())
            : norm.running() instanceof RunningStatistics.Cumulative
                ? "None"
                : Double.toString(RunningStatistics.DEFAULT_WEIGHT);
    if (norm.centresOnly()) {
      used.add("MeanOnlyBatchNorm");
      return "MeanOnlyBatchNorm(%s, momentum=%s)".formatted(width, momentum);
    }
    return "nn.BatchNorm1d(%s, eps=%s, momentum=%s)".formatted(width, norm.epsilon(), momentum);
  }

  private static String rowNorm(RowNorm norm, int width) {
    return switch (norm.kind()) {
      case LAYER -> "nn.LayerNorm(%s, eps=%s)".formatted(width, norm.epsilon());
      case RMS -> "nn.RMSNorm(%s, eps=%s)".formatted(width, norm.epsilon());
      case GROUP, INSTANCE ->
          "nn.GroupNorm(%s, %s, eps=%s)".formatted(norm.groups(width), width, norm.epsilon());
    };
  }

  private static String activation(Activation function) {
    return switch (function) {
      case IDENTITY -> "nn.Identity()";
      case RELU -> "nn.ReLU()";
      case LEAKY_RELU -> "nn.LeakyReLU(%s)".formatted(Activation.LEAKY_SLOPE);
      case ELU -> "nn.ELU()";
      case SELU -> "nn.SELU()";
      case GELU -> "nn.GELU()";
      case SILU -> "nn.SiLU()";
      case SIGMOID -> "nn.Sigmoid()";
      case TANH -> "nn.Tanh()";
      case SOFTPLUS -> "nn.Softplus()";
    };
  }
}
