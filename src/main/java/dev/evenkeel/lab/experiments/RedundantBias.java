package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Chart;
import dev.evenkeel.lab.Experiment;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Lab;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.lab.Moment;
import dev.evenkeel.lab.Runs;
import dev.evenkeel.lab.Spread;
import dev.evenkeel.lab.Table;
import dev.evenkeel.lab.Trial;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Layer;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.tensor.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** What batch norm takes out again: a bias in front of it, and the size of the weights. */
public final class RedundantBias implements Experiment {

  private static final List<Integer> HIDDEN = List.of(100, 100);
  private static final List<Double> SCALES = List.of(0.1, 1.0, 10.0, 100.0);

  /** So small that a step changes no weight: its gradients are what is wanted. */
  private static final double STANDING_STILL = 1e-30;

  /** A training's weights and b's gradient at some of its steps, and how it ended. */
  private record Trained(
      TreeMap<Long, float[]> weights, TreeMap<Long, Double> biasGradient, double percent) {}

  /** Loss and gradient of a batch, with the weights multiplied. */
  private record Scaled(double loss, double[] gradient) {
    double size() {
      double squares = 0;
      for (double value : gradient) {
        squares += value * value;
      }
      return Math.sqrt(squares);
    }
  }

  @Override
  public About about() {
    return About.of("redundant-bias")
        .titled("In front of batch norm, b does nothing and the size of W does not matter")
        .claims(
            "A bias in front of batch norm is redundant, and scaling W leaves the output as it is while its gradient shrinks.")
        .from("Ioffe and Szegedy 2015, sections 3.2 (the bias) and 3.3 (the scale)");
  }

  @Override
  public void run(Lab lab, Finding finding) {
    LabData data = lab.images().standardised();
    bias(lab, finding, data);
    scale(lab, finding, data);
    finding.method(
        "%s, standardised by one mean and deviation; %d-%d-%d-%d with batch norm and ReLU, momentum 0.9 at a learning rate of 0.1, batches of 128, in float32 unless the device computes otherwise. With and without b, the same seed gives the same first weights and the same batches.",
        data, data.inputs(), HIDDEN.get(0), HIDDEN.get(1), data.classes());
  }

  private static Network network(LabData data, boolean bias, boolean norm) {
    return Network.mlp(
        data.inputs(),
        HIDDEN,
        data.classes(),
        width -> {
          List<Layer> layers = new ArrayList<>(List.of(Linear.of(width).withBias(bias)));
          if (norm) {
            layers.add(BatchNorm.standard());
          }
          layers.add(Activate.relu());
          return layers;
        });
  }

  // b

  private static void bias(Lab lab, Finding finding, LabData data) {
    int steps = lab.size(60, 500, 5000);
    Runs<String, Trained> runs =
        lab.sweep(
            List.of("without b", "with b"),
            (name, seed) -> train(lab, data, name.equals("with b"), steps, seed));
    Chart chart =
        Chart.of("bias", "Training with and without b in front of batch norm")
            .subtitle(lab.overSeeds("mean and sd"))
            .x("steps")
            .y("relative size")
            .logY();
    Spread gradient = null;
    Spread distance = null;
    for (long step : runs.of("with b").get(0).weights.keySet()) {
      List<Double> distances = new ArrayList<>();
      for (int i = 0; i < lab.seeds().size(); i++) {
        distances.add(
            distance(
                runs.of("without b").get(i).weights.get(step),
                runs.of("with b").get(i).weights.get(step)));
      }
      distance = Spread.of(distances);
      gradient = runs.spread("with b", run -> run.biasGradient.get(step));
      chart.line("‖W with b − W without‖ / ‖W‖", step, distance);
      chart.line("largest |db| / largest |dW|", step, gradient);
    }
    finding.figure(chart);
    Spread without = runs.spread("without b", Trained::percent);
    Spread with = runs.spread("with b", Trained::percent);
    finding.table(
        Table.of("bias", "After %,d steps".formatted(steps), "net", "test accuracy (%)")
            .row("without b", without)
            .row("with b", with));
    // db is a sum of 128 numbers that cancel: rounding leaves some 1e-7 of them, which dW, a sum
    // that does not cancel, is larger than. bf16 rounds 2^16 times as coarsely.
    boolean exact = !lab.backend().description().contains("bf16");
    finding
        .check("largest |db| / largest |dW| over the training", largestGradient(runs))
        .below(exact ? 1e-5 : 1e-2);
    finding
        .check("accuracy with b − without (points)", with.mean() - without.mean())
        // Rounding differs, and grows as training goes on: a few test rows may change sides.
        .near(0, lab.size(0.6, 0.3, 0.3));
    finding.because(
        "The gradient of b is 0 up to rounding (%.0e of that of W), and accuracy is %.2f %% with b and %.2f %% without.",
        gradient.mean(), with.mean(), without.mean());
  }

  private static double largestGradient(Runs<String, Trained> runs) {
    return runs.of("with b").stream()
        .flatMap(run -> run.biasGradient.values().stream())
        .mapToDouble(value -> value)
        .max()
        .orElseThrow();
  }

  private static Trained train(Lab lab, LabData data, boolean bias, int steps, long seed) {
    TreeMap<Long, float[]> weights = new TreeMap<>();
    TreeMap<Long, Double> gradients = new TreeMap<>();
    Trial.Result result =
        Trial.of(network(data, bias, true), data)
            .withSteps(steps)
            .every(
                steps / 20,
                moment -> {
                  if (moment.step() > 0) {
                    weights.put(moment.step(), moment.model().values(first(moment, "weight")));
                    if (bias) {
                      double db = largest(gradient(moment, "bias"));
                      gradients.put(moment.step(), db / largest(gradient(moment, "weight")));
                    }
                  }
                })
            .run(lab, seed);
    return new Trained(weights, gradients, result.percent());
  }

  // W

  private static void scale(Lab lab, Finding finding, LabData data) {
    Chart chart =
        Chart.of("scale", "The gradient of the first layer, its weights multiplied")
            .subtitle("at the first step; %s".formatted(lab.overSeeds("mean and sd")))
            .x("W is multiplied by")
            .logX()
            .y("‖dW‖ (times that of W itself)")
            .logY();
    Table table =
        Table.of(
            "scale",
            "All weights of the first layer multiplied",
            "net",
            "W multiplied by",
            "change of the loss",
            "‖dW‖ (times that of W itself)");
    for (boolean norm : List.of(true, false)) {
      String name = norm ? "batch norm" : "none";
      Runs<Double, Scaled> runs =
          lab.sweep(SCALES, (scale, seed) -> scaled(lab, data, norm, scale, seed));
      List<Scaled> plain = runs.of(1.0);
      for (double scale : SCALES) {
        List<Double> sizes = new ArrayList<>();
        List<Double> changes = new ArrayList<>();
        for (int i = 0; i < plain.size(); i++) {
          Scaled one = runs.of(scale).get(i);
          sizes.add(one.size() / plain.get(i).size());
          changes.add(Math.abs(one.loss - plain.get(i).loss));
        }
        chart.line(name, scale, Spread.of(sizes));
        table.row(name, scale, Spread.of(changes), Spread.of(sizes));
        if (norm && scale == 10) {
          judge(finding, Spread.of(changes), Spread.of(sizes));
        }
      }
    }
    finding.figure(chart);
    finding.table(table);
  }

  /** ε is 1e-5 of a variance of about 1, so the output moves by half of that at most. */
  private static void judge(Finding finding, Spread change, Spread size) {
    finding.check("change of the loss, 10 W for W", change.max()).below(1e-3);
    finding.check("‖dW‖ at 10 W, times that at W", size.mean()).near(0.1, 1e-3);
    finding.because(
        "With W ten times as large the loss changes by %.0e, and the gradient is %.5f times what it was.",
        change.max(), size.mean());
  }

  private static Scaled scaled(Lab lab, LabData data, boolean norm, double scale, long seed) {
    List<Scaled> seen = new ArrayList<>();
    Trial.of(network(data, false, norm), data)
        .withLearningRate(STANDING_STILL)
        .withSteps(1)
        .atStart(moment -> multiply(moment.model(), first(moment, "weight"), scale))
        .atEnd(moment -> seen.add(new Scaled(moment.loss(), gradient(moment, "weight"))))
        .run(lab, seed);
    return seen.get(0);
  }

  private static void multiply(Model model, Parameter weight, double factor) {
    float[] values = model.values(weight);
    for (int i = 0; i < values.length; i++) {
      values[i] *= (float) factor;
    }
    model.backend().write(values, weight.value());
  }

  // Looking

  /** Of the first layer. */
  private static Parameter first(Moment moment, String kind) {
    return moment.model().parameters().stream()
        .filter(parameter -> parameter.name().equals("0." + kind))
        .findFirst()
        .orElseThrow();
  }

  private static double[] gradient(Moment moment, String kind) {
    Backend backend = moment.model().backend();
    Matrix gradient = first(moment, kind).in(moment.training().gradients());
    float[] values = new float[(int) gradient.size()];
    backend.read(gradient, values);
    double[] copy = new double[values.length];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = values[i];
    }
    return copy;
  }

  private static double largest(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static double distance(float[] a, float[] b) {
    double squares = 0;
    double size = 0;
    for (int i = 0; i < a.length; i++) {
      squares += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      size += (double) a[i] * a[i];
    }
    return Math.sqrt(squares / size);
  }
}
