package dev.evenkeel.cli;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Initialiser;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that describe the network. */
final class NetworkOptions {

  @Option(
      names = "--hidden",
      paramLabel = "N",
      split = ",",
      defaultValue = "256,256",
      description = "widths of the hidden layers, or 0 for none (default: ${DEFAULT-VALUE})")
  List<Integer> hidden;

  @Option(
      names = "--norm",
      paramLabel = "NORM",
      defaultValue = "batch",
      description = "batch or none (default: ${DEFAULT-VALUE})")
  String norm;

  @Option(
      names = "--norm-place",
      paramLabel = "PLACE",
      defaultValue = "before",
      description = "before or after the activation (default: ${DEFAULT-VALUE})")
  String place;

  @Option(
      names = "--act",
      paramLabel = "FUNCTION",
      defaultValue = "relu",
      description =
          "identity, relu, leaky-relu, elu, selu, gelu, silu, sigmoid, tanh or softplus (default: ${DEFAULT-VALUE})")
  String activation;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      defaultValue = "0",
      description = "dropout probability after each hidden layer (default: ${DEFAULT-VALUE})")
  double dropout;

  @Option(
      names = "--residual",
      description = "add x to the output of each hidden layer that is as wide as the one before it")
  boolean residual;

  @Option(
      names = "--init",
      paramLabel = "KIND",
      defaultValue = "auto",
      description =
          "auto (by activation), he, xavier, lecun, normal(S) or orthogonal (default: ${DEFAULT-VALUE})")
  String init;

  @Option(
      names = "--running",
      paramLabel = "KIND",
      defaultValue = "exponential",
      description =
          "batch norm's statistics for inference: exponential, cumulative or population (default: ${DEFAULT-VALUE})")
  String running;

  @Option(
      names = "--running-weight",
      paramLabel = "W",
      defaultValue = "0.1",
      description = "exponential: the weight of the new batch (default: ${DEFAULT-VALUE})")
  double runningWeight;

  @Option(
      names = "--running-variance",
      paramLabel = "KIND",
      defaultValue = "unbiased",
      description = "unbiased (as PyTorch) or biased (as Keras) (default: ${DEFAULT-VALUE})")
  RunningVariance runningVariance;

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      defaultValue = "1e-5",
      description = "added to batch norm's variance (default: ${DEFAULT-VALUE})")
  double epsilon;

  Network network(int inputs, int outputs) {
    List<Integer> widths = hidden.equals(List.of(0)) ? List.of() : hidden;
    List<Layer> layers = new ArrayList<>();
    int width = inputs;
    for (int units : widths) {
      Flag.atLeast("--hidden", units, 1);
      List<Layer> block = block(units);
      layers.addAll(residual && units == width ? List.of(new Residual(block)) : block);
      width = units;
    }
    layers.add(linear(outputs));
    return new Network(inputs, layers);
  }

  private List<Layer> block(int units) {
    List<Layer> block = new ArrayList<>();
    block.add(linear(units));
    Layer function = Activate.of(Flag.of("--act", () -> Activation.named(activation)));
    switch (Flag.choice("--norm", norm, "batch", "none")) {
      case "batch" -> {
        boolean before = Flag.choice("--norm-place", place, "before", "after").equals("before");
        block.add(before ? batchNorm() : function);
        block.add(before ? function : batchNorm());
      }
      default -> block.add(function);
    }
    if (dropout != 0) {
      block.add(Flag.of("--dropout", () -> new Dropout(dropout)));
    }
    return block;
  }

  private Linear linear(int units) {
    return Linear.of(units).withInitialiser(Flag.of("--init", () -> Initialiser.named(init)));
  }

  private BatchNorm batchNorm() {
    RunningStatistics statistics =
        switch (Flag.choice("--running", running, "exponential", "cumulative", "population")) {
          case "cumulative" -> RunningStatistics.cumulative();
          case "population" -> RunningStatistics.population();
          default ->
              Flag.of("--running-weight", () -> RunningStatistics.exponential(runningWeight));
        };
    return Flag.of("--epsilon", () -> new BatchNorm(epsilon, statistics, runningVariance));
  }
}
