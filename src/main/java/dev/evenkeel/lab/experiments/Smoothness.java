package dev.evenkeel.lab.experiments;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.lab.About;
import dev.evenkeel.lab.Chart;
import dev.evenkeel.lab.Check;
import dev.evenkeel.lab.Experiment;
import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Lab;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.lab.Moment;
import dev.evenkeel.lab.Runs;
import dev.evenkeel.lab.Table;
import dev.evenkeel.lab.Trial;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Optimizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/** What the loss looks like along the gradient, with and without batch norm. */
public final class Smoothness implements Experiment {

  private static final int WIDTH = 100;
  private static final int LAYERS = 5;
  private static final int BATCH = 128;
  private static final double LEARNING_RATE = 0.1;

  /** From half the learning rate to four times. */
  private static final List<Double> STEP_SIZES =
      List.of(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4);

  /** The means over a training differ by about a tenth from seed to seed; less says nothing. */
  private static final double CLEARLY = 1.1;

  private static final List<Method> NETS = List.of(Method.NONE, Method.BATCH);

  private record Look(long step, Landscape.View view) {}

  private record Run(double percent, List<Look> looks) {

    /** The geometric mean over the looks: what is seen spans orders of magnitude. */
    double mean(Part part, ToDoubleFunction<Landscape.View> number) {
      int from = part == Part.LATE ? looks.size() / 2 : 0;
      return Math.exp(
          looks.subList(from, looks.size()).stream()
              .mapToDouble(look -> Math.log(number.applyAsDouble(look.view)))
              .average()
              .orElseThrow());
    }
  }

  /** Of a training. */
  private enum Part {
    ALL("over the training"),
    LATE("in its second half");

    final String words;

    Part(String words) {
      this.words = words;
    }
  }

  @Override
  public About about() {
    return About.of("smoothness")
        .titled("Is the loss smoother?")
        .claims(
            "Batch norm makes the loss smoother: along the gradient the loss varies less, and the gradient at the next points is more like the one here.")
        .from("Santurkar et al. 2018, figure 4");
  }

  @Override
  public void run(Lab lab, Finding finding) {
    LabData data = lab.images().standardised();
    int steps = lab.size(120, 2000, 15000);
    int every = lab.size(10, 40, 100);
    Runs<Method, Run> runs =
        lab.sweep(NETS, (method, seed) -> train(lab, data, method, seed, steps, every));
    finding.method(
        "%s-%d×%d-10 with ReLU and He's weights on %s, in place of the paper's VGG on CIFAR-10; gradient descent at %s, batches of %d, %,d steps. Every %d steps the loss and its gradient are taken on one and the same batch of %d training rows, in training mode, at x − ηg for the gradient g there and η from %s to %s, which is half the learning rate to four times; then parameters and running statistics are put back. Effective β is the largest ‖g(x) − g(x − ηg)‖ / ‖ηg‖.",
        data.inputs(),
        WIDTH,
        LAYERS,
        data.name(),
        LEARNING_RATE,
        BATCH,
        steps,
        every,
        BATCH,
        STEP_SIZES.get(0),
        STEP_SIZES.get(STEP_SIZES.size() - 1));
    show(lab, finding, runs);
    judge(finding, runs);
  }

  private static Run train(Lab lab, LabData data, Method method, long seed, int steps, int every) {
    Network network = method.classifier(data, Collections.nCopies(LAYERS, WIDTH), Activation.RELU);
    try (Looker looker = new Looker(data)) {
      Trial.Result result =
          Trial.of(network, data)
              .withOptimizer(Optimizer.gradientDescent(LEARNING_RATE))
              .withBatch(BATCH)
              .withSteps(steps)
              .every(every, looker)
              .run(lab, seed);
      return new Run(result.percent(), looker.looks);
    }
  }

  /** Keeps one landscape for all looks at a training. */
  private static final class Looker implements Consumer<Moment>, AutoCloseable {
    private final LabData data;
    private final List<Look> looks = new ArrayList<>();
    private Landscape landscape;

    Looker(LabData data) {
      this.data = data;
    }

    @Override
    public void accept(Moment moment) {
      if (landscape == null) {
        landscape = new Landscape(moment.model(), data.train(), BATCH);
      }
      looks.add(new Look(moment.step(), landscape.look(STEP_SIZES)));
    }

    @Override
    public void close() {
      if (landscape != null) {
        landscape.close();
      }
    }
  }

  private static void show(Lab lab, Finding finding, Runs<Method, Run> runs) {
    String subtitle =
        "at x − ηg, η from half the learning rate to 4 times; the line is the middle; seed 1";
    Chart losses =
        Chart.of("loss-range", "Loss along the gradient: lowest to highest")
            .subtitle(subtitle)
            .x("training step")
            .y("loss (cross-entropy)")
            .logY();
    Chart gradients =
        Chart.of("gradient-distance", "How far the gradient turns: least to most")
            .subtitle(subtitle)
            .x("training step")
            .y("‖g(x) − g(x − ηg)‖")
            .logY();
    Chart beta =
        Chart.of("effective-beta", "Effective β-smoothness (lower is smoother)")
            .subtitle(lab.overSeeds("mean and sd"))
            .x("training step")
            .y("largest ‖g(x) − g(x − ηg)‖ / ‖ηg‖");
    Table table =
        Table.of(
            "looks",
            "What was seen",
            "network",
            "seed",
            "step",
            "lowest loss",
            "highest loss",
            "least gradient distance",
            "most gradient distance",
            "effective beta");
    for (Method method : NETS) {
      String name = name(method);
      for (Look look : runs.of(method).get(0).looks) {
        Landscape.View v = look.view;
        losses.band(name, look.step, middle(v.lowest(), v.highest()), v.lowest(), v.highest());
        gradients.band(
            name, look.step, middle(v.nearest(), v.farthest()), v.nearest(), v.farthest());
      }
      int looks = runs.of(method).stream().mapToInt(run -> run.looks.size()).min().orElseThrow();
      for (int i = 0; i < looks; i++) {
        int at = i;
        long step = runs.of(method).get(0).looks.get(i).step;
        beta.line(name, step, runs.spread(method, run -> run.looks.get(at).view.beta()));
      }
      for (int s = 0; s < runs.of(method).size(); s++) {
        for (Look look : runs.of(method).get(s).looks) {
          Landscape.View v = look.view;
          table.row(
              name,
              lab.seeds().get(s),
              look.step,
              v.lowest(),
              v.highest(),
              v.nearest(),
              v.farthest(),
              v.beta());
        }
      }
    }
    finding.figure(losses);
    finding.figure(gradients);
    finding.figure(beta);
    finding.data(table);
  }

  private static double middle(double low, double high) {
    return Math.sqrt(low * high);
  }

  private static String name(Method method) {
    return method == Method.NONE ? "without" : "with batch norm";
  }

  private static void judge(Finding finding, Runs<Method, Run> runs) {
    Table table =
        Table.of(
            "means",
            "Geometric means over the looks",
            "network",
            "part",
            "range of the loss",
            "largest gradient distance",
            "effective β",
            "test accuracy at the end (%)");
    for (Part part : Part.values()) {
      for (Method method : NETS) {
        table.row(
            name(method),
            part.words,
            runs.spread(method, run -> run.mean(part, Landscape.View::range)),
            runs.spread(method, run -> run.mean(part, Landscape.View::farthest)),
            runs.spread(method, run -> run.mean(part, Landscape.View::beta)),
            runs.spread(method, Run::percent));
      }
    }
    finding.table(table);
    for (Part part : Part.values()) {
      double range = ratio(runs, part, Landscape.View::range);
      double distance = ratio(runs, part, Landscape.View::farthest);
      double beta = ratio(runs, part, Landscape.View::beta);
      check(finding, part, "range of the loss", range);
      check(finding, part, "largest gradient distance", distance);
      check(finding, part, "effective β", beta);
      finding.because(
          "Without batch norm, %s, the loss ranges over %.2f times as much along the gradient as with it, the gradient moves %.2f times as far, and effective β is %.2f times as large.",
          part.words, range, distance, beta);
    }
    finding.because(
        "A likely reason for what is left late in training: gradient descent drifts to where the curvature along its path nears 2 / learning rate = %.0f (seen for full batches by Cohen et al. 2021), whatever the network.",
        2 / LEARNING_RATE);
  }

  /** The claim is one of all of the training, so each part of it counts. */
  private static void check(Finding finding, Part part, String what, double ratio) {
    Check check =
        finding
            .check("%s, without over with, %s".formatted(what, part.words), ratio)
            .above(CLEARLY);
    if (part == Part.LATE) {
      check.notAtSmoke("so few steps have no late part");
    }
  }

  /** Of the means over the seeds. */
  private static double ratio(
      Runs<Method, Run> runs, Part part, ToDoubleFunction<Landscape.View> number) {
    return runs.spread(Method.NONE, run -> run.mean(part, number)).mean()
        / runs.spread(Method.BATCH, run -> run.mean(part, number)).mean();
  }
}
