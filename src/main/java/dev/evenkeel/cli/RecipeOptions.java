package dev.evenkeel.cli;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Task;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Fade;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.train.EveryClass;
import dev.evenkeel.train.Recipe;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** Options that say how to train. */
final class RecipeOptions {

  private static final String[] CLASS_LOSSES = {"cross-entropy", "binary"};
  private static final String[] VALUE_LOSSES = {"mse", "mae", "huber"};

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      defaultValue = Defaults.PLAIN_NAME,
      description =
          "the values of options that are not given: plain, or tabular in the manner of RealMLP, which also has --hidden 256,256,256, --norm none, --act silu, --dropout 0.15 (default: ${DEFAULT-VALUE})")
  String recipe;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "walks through the training rows (default: 20, and at least 500 steps; tabular: 256)")
  Integer epochs;

  @Option(names = "--steps", paramLabel = "N", description = "training steps, instead of epochs")
  Long steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "rows of a mini-batch (default: 128; tabular: 256)")
  Integer batch;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "adamw",
      description = Optimizer.NAMES + " (default: ${DEFAULT-VALUE})")
  String optimizer;

  @Option(
      names = "--lr",
      paramLabel = "R",
      description = "base learning rate (default: 1e-3; tabular: 2.5e-3)")
  Double learningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      description = "on weights alone (default: 0.01 for adamw, tabular: 0.32; else 0)")
  Double weightDecay;

  @Option(
      names = "--beta2",
      paramLabel = "B",
      description =
          "adam's and adamw's memory of squared gradients (default: 0.999; tabular: 0.95)")
  Double beta2;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description =
          "of the learning rate: constant, step, cosine, flat-cosine, cosine-log, one-cycle or plateau (default: cosine; tabular: cosine-log)")
  String schedule;

  @Option(
      names = "--decay-schedule",
      paramLabel = "NAME",
      description =
          "of the weight decay: any of those but plateau (default: constant; tabular: flat-cosine)")
  String decaySchedule;

  @Option(
      names = "--dropout-schedule",
      paramLabel = "NAME",
      description =
          "of dropout's probability: any of those but plateau (default: constant; tabular: flat-cosine)")
  String dropoutSchedule;

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
          "cross-entropy or binary (two classes); mse, mae or huber; of flags binary (default: cross-entropy, mse or binary)")
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
      description =
          "share of the target spread over all classes (default: 0; tabular: 0.1 with cross-entropy)")
  Double labelSmoothing;

  @Option(
      names = "--class-weights",
      paramLabel = "W",
      split = ",",
      description = "a weight for each class, or balanced: by how rare a class is (default: none)")
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
      names = "--keep",
      paramLabel = "EPOCH",
      description =
          "last or best: the epoch whose weights are kept, best by --monitor (default: last, or best with --patience; tabular: best)")
  String keep;

  @Option(
      names = "--monitor",
      paramLabel = "METRIC",
      defaultValue = "loss",
      description =
          "what decides the best validation: loss, or one of --metrics (default: ${DEFAULT-VALUE})")
  String monitor;

  @Option(
      names = "--metrics",
      paramLabel = "METRIC",
      split = ",",
      description = Evaluation.NAMES + " (default: accuracy, or rmse)")
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
   *
   * @param smallestBatch of the network, which may make an epoch a step shorter
   */
  Recipe recipe(Dataset train, int smallestBatch) {
    Defaults otherwise = otherwise();
    int rows = batch == null ? otherwise.batch() : batch;
    Flag.atLeast("--batch", rows, 1);
    int perEpoch = Batches.of(train.rows(), rows, smallestBatch).count();
    int usual = otherwise.epochs() == 0 ? Recipe.enoughEpochs(perEpoch) : otherwise.epochs();
    int walks = epochs == null ? usual : epochs;
    Recipe recipe =
        ofSteps(steps != null ? steps : (long) walks * perEpoch)
            .withLoss(lossOf(train))
            .withBatch(rows)
            .withEarlyStopping(patience, monitor)
            .withMetrics(measured(train.task()))
            .withSeed(seed);
    Recipe ending = steps != null ? recipe.withSteps(steps) : recipe.withEpochs(walks);
    return keepsBest() ? ending.keepingBest() : ending;
  }

  /** What no data have a say in but by the number of steps. */
  private Recipe ofSteps(long total) {
    if (epochs != null && steps != null) {
      throw new EvenkeelException(
          "--epochs and --steps can't both say when training ends; give one of them");
    }
    Flag.atLeast("--epochs", epochs == null ? 1 : epochs, 1);
    Flag.atLeast("--steps", steps == null ? 1 : steps, 1);
    Flag.atLeast("--batch", batch == null ? 1 : batch, 1);
    Flag.atLeast("--warmup", warmup, 0);
    Flag.atLeast("--patience", patience, 0);
    String pace = schedule == null ? otherwise().schedule() : schedule;
    Schedule shape = Flag.of("--schedule", () -> Schedule.named(pace, total));
    Recipe recipe =
        Recipe.classification()
            .withOptimizer(rule())
            .withSchedule(warmup > 0 ? shape.afterWarmup(warmup) : shape)
            .withFade(fade(total));
    return Flag.of("--clip", () -> recipe.withClip(clip));
  }

  /** Refuses what would be wrong with any data, before these are read, which may take minutes. */
  void requireSound(DataOptions data, NetworkOptions network) {
    requireValidation(data);
    ofSteps(1); // any number does
    network.network(otherwise(), 1, 1);
    for (String name : metrics) {
      Flag.of("--metrics", () -> Metric.named(name));
    }
    if (!monitor.equals("loss")) {
      Flag.of("--monitor", () -> Metric.named(monitor));
    }
  }

  /** A network for the training rows, and how it is trained. */
  record Training(Network network, Recipe recipe) {}

  Training training(NetworkOptions options, Dataset train) {
    Network network = options.network(otherwise(), train.columns(), outputs(train));
    Recipe recipe = recipe(train, network.smallestBatch());
    options.requireFilled(otherwise(), Math.min(recipe.batch(), train.rows()));
    return new Training(network, recipe);
  }

  /** Refuses metrics that need rows of every class, where these lack one. */
  void requireEveryClass(Dataset rows, String what) {
    EveryClass.require(measured(rows.task()), rows, what);
  }

  /** What an option is that was not given. */
  Defaults otherwise() {
    return Defaults.named(recipe);
  }

  private static Schedule fading(String option, String given, String otherwise, long total) {
    return Flag.of(option, () -> Schedule.forFade(given == null ? otherwise : given, total));
  }

  private Fade fade(long total) {
    String usual = otherwise().fade();
    Schedule decay = fading("--decay-schedule", decaySchedule, usual, total);
    Schedule dropout = fading("--dropout-schedule", dropoutSchedule, usual, total);
    Fade decayAlone = Flag.of("--decay-schedule", () -> new Fade(decay, Fade.none().dropout()));
    return Flag.of("--dropout-schedule", () -> new Fade(decayAlone.weightDecay(), dropout));
  }

  private boolean keepsBest() {
    String kept = Flag.choice("--keep", keep == null ? otherwise().keep() : keep, "last", "best");
    if (patience > 0 && keep != null && kept.equals("last")) {
      throw new EvenkeelException(
          "--patience %d keeps the best epoch's weights, but --keep last does not. help: leave one of them out"
              .formatted(patience));
    }
    return kept.equals("best");
  }

  /** Refuses to look for the best epoch without anything to judge it by. */
  private void requireValidation(DataOptions data) {
    if (keepsBest() && patience == 0 && data.valid.isNone()) {
      throw new EvenkeelException(
          "%s needs rows to validate on, but --valid is 0. help: --valid 0.1, or --keep last"
              .formatted(keep == null ? "--recipe " + recipe : "--keep best"));
    }
    if (patience > 0 && data.valid.isNone()) {
      throw new EvenkeelException(
          "--patience %d needs rows to validate on, but --valid is 0. help: --valid 0.1, or --patience 0"
              .formatted(patience));
    }
  }

  private Optimizer rule() {
    Optimizer rule = Flag.of("--optimizer", () -> Optimizer.named(optimizer, 1));
    Defaults otherwise = otherwise();
    double rate = learningRate == null ? otherwise.learningRate() : learningRate;
    Optimizer paced = Flag.of("--lr", () -> rule.withLearningRate(rate));
    if (beta2 != null) {
      paced = remembering(paced, beta2);
    } else if (rule instanceof Optimizer.Adam || rule instanceof Optimizer.AdamW) {
      paced = remembering(paced, otherwise.beta2());
    }
    Optimizer whole = paced;
    double usual = rule instanceof Optimizer.AdamW ? otherwise.weightDecay() : 0;
    double decay = weightDecay == null ? usual : weightDecay;
    return Flag.of("--weight-decay", () -> whole.withWeightDecay(decay));
  }

  private static Optimizer remembering(Optimizer rule, double beta2) {
    return Flag.of("--beta2", () -> rule.withBeta2(beta2));
  }

  /** Those asked for, or else the task's own; and what decides the best validation. */
  private List<String> measured(Task task) {
    Evaluation.requireFit("--metrics", metrics, task);
    Set<String> measured = new LinkedHashSet<>(metrics);
    if (measured.isEmpty()) {
      measured.add(task.hasProbabilities() ? "accuracy" : "rmse");
    }
    if (!monitor.equals("loss")) {
      Evaluation.requireFit("--monitor", List.of(monitor), task);
      measured.add(monitor);
    }
    return List.copyOf(measured);
  }

  /** Of a network for these rows: two classes may share one output. */
  int outputs(Dataset train) {
    boolean two = train.task() instanceof Task.Classification;
    return two && "binary".equalsIgnoreCase(loss) ? 1 : train.task().outputs();
  }

  private Loss lossOf(Dataset train) {
    return switch (train.task().kind()) {
      case CLASSIFICATION -> classLoss(train);
      case REGRESSION -> regressionLoss();
      case FLAGS -> flagLoss();
    };
  }

  private Loss flagLoss() {
    if (loss != null && !loss.equalsIgnoreCase("binary")) {
      throw new EvenkeelException(
          "--loss %s is not for flags, each of which is true or not by itself. help: --loss binary, or --task regression"
              .formatted(loss));
    }
    requireUnused("binary");
    return Loss.binaryCrossEntropy();
  }

  private Loss classLoss(Dataset train) {
    int count = train.task().outputs();
    if (lossFor("classes", CLASS_LOSSES, VALUE_LOSSES, "regression").equals("binary")) {
      if (count != 2) {
        throw new EvenkeelException(
            "--loss binary needs a target of two classes, not %d. help: --loss cross-entropy"
                .formatted(count));
      }
      requireUnused("binary");
      return Loss.binaryCrossEntropy();
    }
    List<Double> weights = weights(train, count);
    Flag.of("--class-weights", () -> new Loss.SoftmaxCrossEntropy(0, weights));
    double smoothing = labelSmoothing == null ? otherwise().labelSmoothing() : labelSmoothing;
    return Flag.of("--label-smoothing", () -> new Loss.SoftmaxCrossEntropy(smoothing, weights));
  }

  private Loss regressionLoss() {
    String name = lossFor("numbers", VALUE_LOSSES, CLASS_LOSSES, "classification");
    requireUnused(name);
    return switch (name) {
      case "mae" -> Loss.meanAbsolute();
      case "huber" -> Flag.of("--huber-delta", () -> Loss.huber(huberDelta));
      default -> Loss.meanSquared();
    };
  }

  /** The name of the loss; the first of those that suit where none is named. */
  private String lossFor(String targets, String[] suited, String[] others, String otherTask) {
    if (loss == null) {
      return suited[0];
    }
    if (Arrays.stream(others).anyMatch(loss::equalsIgnoreCase)) {
      throw new EvenkeelException(
          "--loss %s is for %s, but the target holds %s. help: --loss %s"
              .formatted(loss, otherTask, targets, String.join(" or ", suited)));
    }
    return Flag.choice("--loss", loss, suited);
  }

  private void requireUnused(String name) {
    boolean smooths = labelSmoothing != null && labelSmoothing != 0;
    if (smooths || !classWeights.isEmpty()) {
      throw new EvenkeelException(
          "%s works with --loss cross-entropy alone, not with %s"
              .formatted(smooths ? "--label-smoothing" : "--class-weights", name));
    }
  }

  private List<Double> weights(Dataset train, int count) {
    if (classWeights.equals(List.of("balanced"))) {
      return train.balancedWeights();
    }
    try {
      if (classWeights.isEmpty() || classWeights.size() == count) {
        return classWeights.stream().map(Double::valueOf).toList();
      }
    } catch (NumberFormatException e) {
      // The message below says what is wrong.
    }
    throw new EvenkeelException(
        "--class-weights takes 'balanced' or %d numbers, one for each class, not %s"
            .formatted(count, String.join(",", classWeights)));
  }
}
