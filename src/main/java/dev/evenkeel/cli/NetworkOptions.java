package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Initialiser;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RowNorm;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import dev.evenkeel.nn.WeightNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Options that describe the network. */
final class NetworkOptions {

  @Option(
      names = "--hidden",
      paramLabel = "N",
      split = ",",
      description = "widths of the hidden layers, or 0 for none (default: 256,256)")
  List<Integer> hidden = List.of();

  @Option(
      names = "--norm",
      paramLabel = "NORM",
      description = {
        "what normalises the hidden layers (default: batch)",
        "  none, batch,",
        "  ghost:K (batch norm over groups of K rows),",
        "  mean-only (batch norm that leaves the deviation),",
        "  layer, rms, group or group:G (32 or G groups),",
        "  instance:L (groups of L features),",
        "  weight (weight norm, started from the first batch),",
        "  normprop (weight norm and an activation's constants)"
      })
  String norm;

  @Option(
      names = "--norm-place",
      paramLabel = "PLACE",
      description =
          "before or after the activation; weight and normprop have no place (default: before)")
  String place;

  @Option(
      names = "--act",
      paramLabel = "FUNCTION",
      description =
          "identity, relu, leaky-relu, elu, selu, gelu, silu, sigmoid, tanh or softplus (default: relu)")
  String activation;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description =
          "dropout probability after each hidden layer; alpha dropout behind selu (default: 0)")
  Double dropout;

  @Option(
      names = "--residual",
      description = "add x to the output of each hidden layer that is as wide as the one before it")
  boolean residual;

  @Option(
      names = "--init",
      paramLabel = "KIND",
      defaultValue = "auto",
      description =
          "auto (by activation: LeCun's for selu), he, xavier, lecun, normal(S) or orthogonal (default: ${DEFAULT-VALUE})")
  String init;

  @Option(
      names = "--running",
      paramLabel = "KIND",
      description =
          "batch norm's statistics for inference: exponential, cumulative or population (default: exponential)")
  String running;

  @Option(
      names = "--running-weight",
      paramLabel = "W",
      description = "exponential: the weight of the new batch (default: 0.1)")
  Double runningWeight;

  @Option(
      names = "--running-variance",
      paramLabel = "KIND",
      description = "unbiased (as PyTorch) or biased (as Keras) (default: unbiased)")
  RunningVariance runningVariance;

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      description = "added to a norm's variance (default: 1e-5)")
  Double epsilon;

  /**
   * @param otherwise what an option is that was not given
   */
  Network network(Defaults otherwise, int inputs, int outputs) {
    List<Integer> widths = widths(otherwise);
    // Read here, so that a wrong name is refused even where no layer takes it.
    String called = activation == null ? otherwise.activation() : activation;
    Activation function = Flag.of("--act", () -> Activation.named(called));
    double dropped = dropout == null ? otherwise.dropout() : dropout;
    NormName name = norm(otherwise);
    boolean before =
        place == null || Flag.choice("--norm-place", place, "before", "after").equals("before");
    List<Layer> layers = new ArrayList<>();
    int width = inputs;
    for (int units : widths) {
      Flag.atLeast("--hidden", units, 1);
      List<Layer> block = block(units, function, name, before, dropped);
      layers.addAll(residual && units == width ? List.of(new Residual(block)) : block);
      width = units;
    }
    layers.add(linear(outputs));
    return new Network(inputs, layers);
  }

  /** Refuses a norm that a batch of so many rows leaves without effect. */
  void requireFilled(Defaults otherwise, int rows) {
    norm(otherwise).requireFilled(rows);
  }

  /** Refuses options of a norm that isn't there. */
  void requireEffect(Defaults otherwise) {
    NormName name = norm(otherwise);
    boolean none = name.method().equals("none") || widths(otherwise).isEmpty();
    boolean batch = !none && List.of("batch", "ghost", "mean-only").contains(name.method());
    boolean divides = !none && !List.of("weight", "normprop", "mean-only").contains(name.method());
    String network =
        widths(otherwise).isEmpty()
            ? "without hidden layers"
            : "with --norm %s%s"
                .formatted(name.text(), norm == null ? ", which is the default of --recipe" : "");
    requireEffect("--norm-place", place, !none, network);
    requireEffect("--running", running, batch, network);
    requireEffect("--running-weight", runningWeight, batch, network);
    requireEffect("--running-variance", runningVariance, batch && divides, network);
    requireEffect("--epsilon", epsilon, divides, network);
    boolean exponential = running == null || running.equals("exponential");
    requireEffect("--running-weight", runningWeight, exponential, "with --running " + running);
  }

  private static void requireEffect(String option, Object given, boolean has, String network) {
    if (given != null && !has) {
      throw new EvenkeelException(
          "%s has no effect %s. help: leave it out".formatted(option, network));
    }
  }

  private List<Integer> widths(Defaults otherwise) {
    List<Integer> given = hidden.isEmpty() ? otherwise.hidden() : hidden;
    return given.equals(List.of(0)) ? List.of() : given;
  }

  private NormName norm(Defaults otherwise) {
    return NormName.of(norm == null ? otherwise.norm() : norm);
  }

  private List<Layer> block(
      int units, Activation function, NormName name, boolean before, double dropped) {
    List<Layer> block = new ArrayList<>();
    switch (name.method()) {
      case "none" -> block.addAll(List.of(linear(units), Activate.of(function)));
      case "weight" -> {
        requireNoPlace(name, before);
        Linear normed = linear(units).withWeightNorm(WeightNorm.fromData());
        block.addAll(List.of(normed, Activate.of(function)));
      }
      case "normprop" -> {
        requireNoPlace(name, before);
        block.addAll(NormProp.block(units, function));
        block.set(0, ((Linear) block.get(0)).withInitialiser(initialiser()));
      }
      default -> {
        Layer norm = normLayer(name, units);
        block.add(linear(units));
        block.add(before ? norm : Activate.of(function));
        block.add(before ? Activate.of(function) : norm);
      }
    }
    if (dropped != 0) {
      boolean alpha = function == Activation.SELU;
      block.add(
          Flag.of("--dropout", () -> alpha ? new AlphaDropout(dropped) : new Dropout(dropped)));
    }
    return block;
  }

  private static void requireNoPlace(NormName name, boolean before) {
    if (!before) {
      throw new EvenkeelException(
          "--norm-place after: --norm %s has no place before or after the activation, it normalises the weights. help: leave --norm-place out"
              .formatted(name.text()));
    }
  }

  private Layer normLayer(NormName name, int units) {
    Layer layer =
        switch (name.method()) {
          case "batch" -> batchNorm();
          case "ghost" ->
              Flag.of("--norm " + name.text(), () -> batchNorm().withGhost(name.number()));
          case "mean-only" -> batchNorm().centringOnly();
          case "layer" -> rowNorm(name, RowNorm::layer);
          case "rms" -> rowNorm(name, RowNorm::rms);
          case "group" -> rowNorm(name, () -> RowNorm.group(name.number()));
          default -> rowNorm(name, () -> RowNorm.instance(name.number()));
        };
    Flag.of("--norm " + name.text(), () -> Network.of(units, layer)); // refuses what does not fit
    return layer;
  }

  private RowNorm rowNorm(NormName name, Supplier<RowNorm> kind) {
    RowNorm plain = Flag.of("--norm " + name.text(), kind);
    return epsilon == null ? plain : Flag.of("--epsilon", () -> plain.withEpsilon(epsilon));
  }

  private Linear linear(int units) {
    return Linear.of(units).withInitialiser(initialiser());
  }

  private Initialiser initialiser() {
    return Flag.of("--init", () -> Initialiser.named(init));
  }

  private BatchNorm batchNorm() {
    String kind = running == null ? "exponential" : running;
    double weight = runningWeight == null ? 0.1 : runningWeight;
    RunningStatistics statistics =
        switch (Flag.choice("--running", kind, "exponential", "cumulative", "population")) {
          case "cumulative" -> RunningStatistics.cumulative();
          case "population" -> RunningStatistics.population();
          default -> Flag.of("--running-weight", () -> RunningStatistics.exponential(weight));
        };
    RunningVariance variance = runningVariance == null ? RunningVariance.UNBIASED : runningVariance;
    double added = epsilon == null ? BatchNorm.DEFAULT_EPSILON : epsilon;
    return Flag.of("--epsilon", () -> new BatchNorm(added, statistics, variance));
  }
}
