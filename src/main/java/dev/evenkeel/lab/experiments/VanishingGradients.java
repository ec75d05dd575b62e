package dev.evenkeel.lab.experiments;

import static dev.evenkeel.backend.Activation.RELU;
import static dev.evenkeel.backend.Activation.SELU;
import static dev.evenkeel.backend.Activation.SIGMOID;
import static dev.evenkeel.backend.Activation.TANH;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Chart;
import dev.evenkeel.lab.Check;
import dev.evenkeel.lab.Experiment;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Lab;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.lab.Runs;
import dev.evenkeel.lab.Spread;
import dev.evenkeel.lab.Table;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.NormProp;
import java.util.Collections;
import java.util.List;

/** What a layer does to the gradient that passes through it, before any training. */
public final class VanishingGradients implements Experiment {

  /** Of the network whose gradients are shown layer by layer. */
  private static final int WIDTH = 100;

  private static final int ROWS = 128;

  private record Setting(Activation function, Method method) {
    @Override
    public String toString() {
      return method.with(function);
    }
  }

  private static final Setting PLAIN = new Setting(SIGMOID, Method.NONE);
  private static final Setting NORMED = new Setting(SIGMOID, Method.BATCH);
  private static final Setting EXPLODING = new Setting(RELU, Method.BATCH);

  private static final Setting TANH_ALONE = new Setting(TANH, Method.NONE);

  private static final List<Setting> SHOWN = List.of(PLAIN, NORMED, EXPLODING);

  /** With what a pilot measured, NaN where it did not. */
  private record Known(Setting setting, double pilot) {}

  private static final List<Known> ALL =
      List.of(
          new Known(PLAIN, 0.235),
          new Known(NORMED, 1.026),
          new Known(new Setting(SIGMOID, Method.LAYER), Double.NaN),
          new Known(new Setting(SIGMOID, Method.WEIGHT), Double.NaN),
          new Known(TANH_ALONE, 0.946),
          new Known(new Setting(TANH, Method.BATCH), 1.092),
          new Known(new Setting(TANH, Method.LAYER), Double.NaN),
          new Known(new Setting(TANH, Method.WEIGHT), Double.NaN),
          new Known(new Setting(RELU, Method.NONE), 1.002),
          new Known(EXPLODING, 1.207),
          new Known(new Setting(RELU, Method.LAYER), 1.008),
          new Known(new Setting(RELU, Method.WEIGHT), Double.NaN),
          new Known(new Setting(RELU, Method.NORMPROP_AT_1), 1.21),
          new Known(new Setting(RELU, Method.NORMPROP), 1.00),
          new Known(new Setting(SELU, Method.NONE), 1.038));

  /**
   * Of a factor: layers of a few hundred units are not infinitely wide, and the pilot's weights
   * were others.
   */
  private static final double TOLERANCE = 0.03;

  @Override
  public About about() {
    return About.of("vanishing-gradients")
        .titled("Gradients on their way back")
        .claims(
            "In a deep sigmoid network gradients vanish; with batch norm layers hand them on at their size.")
        .from("Ioffe and Szegedy 2015, sections 1 and 3.3 (a conjecture there)");
  }

  @Override
  public void run(Lab lab, Finding finding) {
    byLayer(lab, finding);
    byMethod(lab, finding);
  }

  // A network on images: gradients of the weights, layer by layer

  private static void byLayer(Lab lab, Finding finding) {
    LabData data = lab.images().standardised();
    int depth = lab.size(10, 30, 30);
    Runs<Setting, GradientFlow> runs =
        lab.sweep(
            SHOWN,
            (setting, seed) ->
                GradientFlow.ofLoss(
                    lab.backend(), network(setting, data, depth), data, ROWS, seed));
    Chart chart =
        Chart.of("gradient-by-layer", "Gradient of each layer's weights before training")
            .subtitle(
                "%d-%d×%d-%d on %s, one batch of %d; %s"
                    .formatted(
                        data.inputs(),
                        WIDTH,
                        depth,
                        data.classes(),
                        data.name(),
                        ROWS,
                        lab.overSeeds("mean and sd")))
            .x("hidden layer (1 is next to the input)")
            .y("‖∂loss/∂W‖")
            .logY();
    Table table =
        Table.of(
            "gradient-by-layer", "Norm of ∂loss/∂W before training", "network", "layer", "norm");
    for (Setting setting : runs.settings()) {
      for (int layer = 1; layer <= depth; layer++) {
        int at = layer - 1;
        Spread norm = runs.spread(setting, flow -> flow.weights()[at]);
        chart.line(setting.toString(), layer, norm);
        table.row(setting.toString(), layer, norm);
      }
    }
    finding.method(
        "The norm of the gradient of each layer's weights in a fresh %d-%d×%d-%d network, from the cross-entropy of the first %d training rows (pixels standardised); Xavier's weights for sigmoid, He's for ReLU.",
        data.inputs(), WIDTH, depth, data.classes(), ROWS);
    finding.figure(chart);
    finding.data(table);
    judgeLayers(finding, runs, depth);
  }

  private static Network network(Setting setting, LabData data, int depth) {
    return setting.method.classifier(data, Collections.nCopies(depth, WIDTH), setting.function);
  }

  private static void judgeLayers(Finding finding, Runs<Setting, GradientFlow> runs, int depth) {
    Spread plain = runs.spread(PLAIN, flow -> firstToLast(flow, depth));
    Spread normed = runs.spread(NORMED, flow -> firstToLast(flow, depth));
    Spread exploding = runs.spread(EXPLODING, flow -> firstToLast(flow, depth));
    finding
        .check(
            "sigmoid: gradient of hidden layer 2 over that of layer %d".formatted(depth),
            plain.mean())
        .below(Math.pow(0.25, depth - 2));
    finding
        .check(
            "sigmoid + batch: gradient of hidden layer 2 over that of layer %d".formatted(depth),
            normed.mean())
        .between(0.2, 5);
    finding.because(
        "From layer %d back to layer 2 the gradient of the weights shrinks to %.1e of its size with sigmoid; with batch norm in front of the sigmoid it is %.2f times as large, but with batch norm and ReLU %.1f times.",
        depth, plain.mean(), normed.mean(), exploding.mean());
  }

  /** The first layer is left out: its inputs are pixels, and more of them. */
  private static double firstToLast(GradientFlow flow, int depth) {
    return flow.weights()[1] / flow.weights()[depth - 1];
  }

  // Stacks of layers on noise: the factor of one layer

  private static void byMethod(Lab lab, Finding finding) {
    int width = lab.size(192, 512, 512);
    int depth = lab.size(12, 31, 31);
    int rows = lab.size(256, 512, 512);
    List<Setting> settings = ALL.stream().map(Known::setting).toList();
    Runs<Setting, GradientFlow> runs =
        lab.sweep(
            settings,
            (setting, seed) ->
                GradientFlow.ofNoise(
                    lab.backend(),
                    setting.method.stack(width, width, depth, setting.function),
                    rows,
                    seed));
    Chart chart =
        Chart.of("factor-by-method", "What a layer multiplies the gradient by")
            .subtitle(
                "dashed: kept as it is; %d layers of %d, batch %d; %s"
                    .formatted(depth, width, rows, lab.overSeeds("mean and sd")))
            .x("norm (NormProp begins at γ = 1/1.21, unless it says)")
            .y("factor a layer")
            .reference(1, "");
    Table table =
        Table.of(
            "factor-by-method",
            "Factor of the backward gradient a layer",
            "network",
            "measured",
            "wide-layer theory",
            "numpy pilot");
    for (Known known : ALL) {
      Setting setting = known.setting;
      Spread factor = runs.spread(setting, GradientFlow::factor);
      chart.dot(Method.name(setting.function), setting.method.label(), factor);
      table.row(setting.toString(), factor, theory(setting), known.pilot);
      if (!Double.isNaN(known.pilot)) {
        Check check =
            finding
                .published("%s: factor a layer, numpy pilot".formatted(setting), factor.mean())
                .near(known.pilot, TOLERANCE);
        if (setting.equals(TANH_ALONE)) {
          check.notAtSmoke(
              "tanh without a norm shrinks its signal layer by layer, so its factor depends on the depth");
        }
      }
    }
    finding.method(
        "The factor: %d layers of %d units on %d rows of normal numbers, and a gradient of normal numbers from behind; the norm of the gradient that leaves the second layer towards the first, over that of the one from behind, as a geometric mean over the layers. Theory is that of infinitely wide layers: behind batch norm √(E f′(z)² / Var f(z)) for normal z, behind layer norm √(E f′(z)² / E f(z)²).",
        depth, width, rows);
    finding.figure(chart);
    finding.table(table);
    judgeFactors(finding, runs);
  }

  private static void judgeFactors(Finding finding, Runs<Setting, GradientFlow> runs) {
    double plain = runs.spread(PLAIN, GradientFlow::factor).mean();
    double normed = runs.spread(NORMED, GradientFlow::factor).mean();
    double exploding = runs.spread(EXPLODING, GradientFlow::factor).mean();
    double tanh = runs.spread(new Setting(TANH, Method.BATCH), GradientFlow::factor).mean();
    String known = "a layer of %s and batch norm multiplies gradients by √(E f′² / Var f) = %.4f";
    finding.check("sigmoid: factor a layer", plain).below(0.25);
    finding.check("sigmoid + batch: factor a layer", normed).near(1, 0.05);
    finding
        .check("tanh + batch: factor a layer", tanh)
        .near(1, 0.05)
        .knownToFail(known.formatted("tanh", NormProp.moments(TANH).gradientFactor()));
    finding
        .check("ReLU + batch: factor a layer", exploding)
        .near(1, 0.05)
        .knownToFail(known.formatted("ReLU", NormProp.moments(RELU).gradientFactor()));
    finding.because(
        "A sigmoid layer passes on %.3f of the gradient, with batch norm %.3f. With ReLU batch norm makes it %.3f (theory: √(π/(π − 1)) = 1.2112, which is %.0f after 50 layers), where ReLU with He's weights alone would keep its size. What is below 1 vanishes with depth, what is above 1 explodes.",
        plain, normed, exploding, Math.pow(NormProp.moments(RELU).gradientFactor(), 50));
  }

  /** NaN where there is no fixed point in closed form. */
  private static double theory(Setting setting) {
    NormProp.Moments moments = NormProp.moments(setting.function);
    return switch (setting.method) {
      case NONE ->
          setting.function == RELU
              ? 1
              : setting.function == SELU ? moments.gradientFactor() : Double.NaN;
      case NORMPROP -> 1;
      case BATCH, WEIGHT, NORMPROP_AT_1 -> moments.gradientFactor();
      case LAYER ->
          moments.gradientFactor()
              * moments.deviation()
              / Math.hypot(moments.mean(), moments.deviation());
      default -> Double.NaN;
    };
  }
}
