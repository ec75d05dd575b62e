package dev.evenkeel.lab.experiments;

import dev.evenkeel.lab.Finding;
import dev.evenkeel.lab.Lab;
import dev.evenkeel.lab.LabData;
import dev.evenkeel.lab.Trial;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** In what the libraries' running statistics differ: how long the start stays, and n / (n − 1). */
final class RunningConventions {

  private static final double WEIGHT = 0.01;
  private static final int STEPS = 100;

  /** So far from any true mean that what is left of it tells the weight of the start. */
  private static final float FAR_START = 1e6f;

  private RunningConventions() {}

  static void check(Lab lab, Finding finding, LabData data, int batch) {
    finding
        .published(
            "share of the start left after %d steps at weight %s (Keras)".formatted(STEPS, WEIGHT),
            startLeft(lab, data, batch))
        .near(Math.pow(1 - WEIGHT, STEPS), 1e-4);
    finding
        .published(
            "running variance, unbiased (PyTorch) / biased (Keras) − 1: 1 / (n − 1)",
            variance(lab, data, batch, RunningVariance.UNBIASED)
                    / variance(lab, data, batch, RunningVariance.BIASED)
                - 1)
        .near(1 / (batch - 1.0), 1e-5);
  }

  private static double startLeft(Lab lab, LabData data, int batch) {
    List<Double> left = new ArrayList<>();
    RunningStatistics slow = RunningStatistics.exponential(WEIGHT);
    Trial.of(TestTime.network(data, slow, RunningVariance.UNBIASED), data)
        .withBatch(batch)
        .withSteps(STEPS)
        .atStart(moment -> startFar(moment.model()))
        .atEnd(moment -> left.add((double) ofFirst(moment.model(), "running_mean") / FAR_START))
        .run(lab, 1);
    return left.get(0);
  }

  private static void startFar(Model model) {
    Parameter mean = statistic(model, "running_mean");
    float[] far = new float[(int) mean.size()];
    Arrays.fill(far, FAR_START);
    model.backend().write(far, mean.value());
  }

  /** By the plain average, in which the start has no part. */
  private static double variance(Lab lab, LabData data, int batch, RunningVariance kind) {
    List<Double> variances = new ArrayList<>();
    Trial.of(TestTime.network(data, RunningStatistics.cumulative(), kind), data)
        .withBatch(batch)
        .withSteps(10)
        .atEnd(moment -> variances.add((double) ofFirst(moment.model(), "running_var")))
        .run(lab, 1);
    return variances.get(0);
  }

  /** Of the first unit of the first norm. */
  private static float ofFirst(Model model, String name) {
    return model.values(statistic(model, name))[0];
  }

  private static Parameter statistic(Model model, String name) {
    return model.statistics().stream()
        .filter(parameter -> parameter.name().endsWith(name))
        .findFirst()
        .orElseThrow();
  }
}
