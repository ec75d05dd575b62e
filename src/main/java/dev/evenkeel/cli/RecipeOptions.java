package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.train.Recipe;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that say how to train. */
final class RecipeOptions {

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "walks through the training rows (default: 20)")
  Integer epochs;

  @Option(names = "--steps", paramLabel = "N", description = "training steps, instead of epochs")
  Long steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "128",
      description = "rows of a mini-batch (default: ${DEFAULT-VALUE})")
  int batch;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "adamw",
      description = "sgd, momentum, nesterov, rmsprop, adam or adamw (default: ${DEFAULT-VALUE})")
  String optimizer;

  @Option(
      names = "--lr",
      paramLabel = "R",
      defaultValue = "1e-3",
      description = "base learning rate (default: ${DEFAULT-VALUE})")
  double learningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      description = "on weights alone (default: 0.01 for adamw, else 0)")
  Double weightDecay;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      defaultValue = "cosine",
      description = "constant, step, cosine, one-cycle or plateau (default: ${DEFAULT-VALUE})")
  String schedule;

  @Option(
      names = "--warmup",
      paramLabel = "STEPS",
      defaultValue = "0",
      description = "steps in which the learning rate rises linearly (default: ${DEFAULT-VALUE})")
  long warmup;

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description =
          "cross-entropy or binary (two classes); mse, mae or huber (default: cross-entropy or mse)")
  String loss;

  @Option(
      names = "--huber-delta",
      paramLabel = "D",
      defaultValue = "1",
      description =
          "where Huber's loss turns linear, in standardised units (default: ${DEFAULT-VALUE})")
  double huberDelta;

  @Option(
      names = "--label-smoothing",
      paramLabel = "E",
      defaultValue = "0",
      description = "share of the target spread over all classes (default: ${DEFAULT-VALUE})")
  double labelSmoothing;

  @Option(
      names = "--class-weights",
      paramLabel = "W",
      split = ",",
      description = "a weight for each class, or: balanced")
  List<String> classWeights = List.of();

  @Option(
      names = "--clip",
      paramLabel = "NORM",
      defaultValue = "0",
      description = "largest global gradient norm, 0 for no clipping (default: ${DEFAULT-VALUE})")
  double clip;

  @Option(
      names = "--patience",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "stop after N validations without a better one, and keep the best weights; 0 never stops (default: ${DEFAULT-VALUE})")
  int patience;

  @Option(
      names = "--monitor",
      paramLabel = "METRIC",
      defaultValue = "loss",
      description =
          "what decides the best validation: loss, or a metric (default: ${DEFAULT-VALUE})")
  String monitor;

  @Option(
      names = "--metrics",
      paramLabel = "METRIC",
      split = ",",
      description = "accuracy, topK, logloss, auc, rmse, mae, r2 (default: accuracy, or rmse)")
  List<String> metrics = List.of();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "of weights, split, order and dropout (default: ${DEFAULT-VALUE})")
  long seed;

  /**
   * The recipe for a task; the training rows decide balanced weights and how long a step schedule
   * is.
   */
  Recipe recipe(Dataset train) {
    if (epochs != null && steps != null) {
      throw new EvenkeelException("--epochs and --steps can't both say when training ends");
    }
    boolean classes = train.task() instanceof Task.Classification;
    long total =
        steps != null
            ? steps
            : (long) (epochs == null ? 20 : epochs)
                * ((train.rows() + batch - 1) / Math.max(1, batch));
    Optimizer rule = Optimizer.named(optimizer, learningRate);
    Schedule shape = Schedule.named(schedule, Math.max(1, total));
    List<String> measured = new ArrayList<>(metrics);
    if (measured.isEmpty()) {
      measured.add(classes ? "accuracy" : "rmse");
    }
    return new Recipe(
        classes ? classLoss(train) : regressionLoss(),
        weightDecay == null ? rule : rule.withWeightDecay(weightDecay),
        warmup > 0 ? shape.afterWarmup(warmup) : shape,
        steps != null ? 0 : epochs == null ? 20 : epochs,
        steps == null ? 0 : steps,
        batch,
        clip,
        patience,
        monitor,
        measured,
        seed);
  }

  /** Whether the network has one output for two classes. */
  boolean isBinary() {
    return "binary".equalsIgnoreCase(loss);
  }

  private Loss classLoss(Dataset train) {
    int count = train.task().outputs();
    if (loss != null
        && NetworkOptions.choice("--loss", loss, "cross-entropy", "binary").equals("binary")) {
      if (count != 2) {
        throw new EvenkeelException(
            "--loss binary needs a target of two classes, not %d. help: --loss cross-entropy"
                .formatted(count));
      }
      return Loss.binaryCrossEntropy();
    }
    return new Loss.SoftmaxCrossEntropy(labelSmoothing, weights(train, count));
  }

  private List<Double> weights(Dataset train, int count) {
    if (classWeights.equals(List.of("balanced"))) {
      double[] rows = new double[count];
      for (int label : train.labels()) {
        rows[label]++;
      }
      List<Double> balanced = new ArrayList<>();
      for (double n : rows) {
        balanced.add(n == 0 ? 0 : train.rows() / (count * n));
      }
      return balanced;
    }
    try {
      return classWeights.stream().map(Double::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new EvenkeelException(
          "--class-weights takes 'balanced' or %d numbers, not %s"
              .formatted(count, String.join(",", classWeights)));
    }
  }

  private Loss regressionLoss() {
    if (loss == null) {
      return Loss.meanSquared();
    }
    return switch (NetworkOptions.choice("--loss", loss, "mse", "mae", "huber")) {
      case "mae" -> Loss.meanAbsolute();
      case "huber" -> Loss.huber(huberDelta);
      default -> Loss.meanSquared();
    };
  }
}
