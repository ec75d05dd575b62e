package dev.evenkeel.train;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Required;
import dev.evenkeel.Words;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceMemoryException;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.data.Task;
import dev.evenkeel.io.Json;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.metric.Metric;
import dev.evenkeel.nn.DataStart;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.PopulationStatistics;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.tensor.Matrix;
import dev.evenkeel.tensor.RowOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.LoggerFactory;

/**
 * The loop: epochs of steps, validation, early stopping, checkpoints, listeners.
 *
 * <p>{@link #train} does all of it in one call. Order of use else: make one with a model, a recipe
 * and the training data; add what else is wanted with the {@code with} methods; call {@link #fit}
 * once. The model then holds the result.
 *
 * <p>Belongs to one thread, as its model and their backend do; listeners are called on that thread.
 */
public final class Trainer {

  /**
   * The host runs ahead of the device by this many steps at most, so that the device never waits.
   */
  private static final int STEPS_UNDER_WAY = 16;

  private final Model model;
  private final Recipe recipe;
  private final Dataset train;
  private Optional<Dataset> valid = Optional.empty();
  private Optional<Preparation> preparation = Optional.empty();
  private final List<Listener> listeners = new ArrayList<>();
  private Optional<Path> folder = Optional.empty();
  private Optional<RunMark> mark = Optional.empty();
  private Optional<Duration> checkpointEvery = Optional.empty();
  private final Map<String, String> notes = new LinkedHashMap<>();
  private Optional<SavedModel> resumed = Optional.empty();

  private final List<Metric> metrics;
  private boolean interrupted;
  private volatile boolean enough;
  private Course course;
  private int epochs;
  private long runNanos; // when this run began
  private double secondsBefore; // of the runs that this one goes on from
  private CheckpointClock checkpoints;

  /** Trains and validates on these parts, whose preparation is stored with the model. */
  public Trainer(Model model, Recipe recipe, Parts data) {
    this(model, recipe, data.train());
    data.valid().ifPresent(this::withValidation);
    withPreparation(data.preparation());
  }

  /** Of rows prepared elsewhere: a model without a preparation takes them as they are here. */
  public Trainer(Model model, Recipe recipe, Dataset train) {
    this.model = model;
    this.recipe = recipe;
    this.train = train;
    this.metrics = recipe.metrics().stream().map(Metric::named).toList();
    requireFit(train, "training");
    requireTask();
    if (!recipe.monitor().equals("loss") && !recipe.metrics().contains(recipe.monitor())) {
      throw new EvenkeelException(
          "The monitor \"%s\" is neither \"loss\" nor one of the metrics taken: %s"
              .formatted(recipe.monitor(), recipe.metrics()));
    }
  }

  /**
   * The whole way in one call: builds the network on {@link Device#auto}, trains it, validates on
   * the data's own rows, and leaves checkpoint and model in the folder, as {@link #withCheckpoints}
   * says; {@link SavedModel#load} brings the model back. Whoever wants more of it, as a device of
   * their own, makes a trainer.
   *
   * <p>An earlier run in that folder is replaced, and the log says so at info: the same program may
   * well run twice. Its model stays until this run's is there. Whoever wants to keep it names
   * another folder.
   *
   * @param network for the data's columns and outputs, as {@link Parts#mlp} makes one
   */
  public static Trained train(
      Network network, Recipe recipe, Parts data, Path folder, Listener... listeners) {
    Required.there(folder, "The run's folder", "one; a Trainer of your own needs none");
    if (RunFolder.runIn(folder).isPresent()) {
      LoggerFactory.getLogger(Trainer.class).info("Replacing the earlier run in {}", folder);
    }
    try (Backend backend = Device.auto();
        Model model = network.build(backend, recipe.seed())) {
      Trainer trainer = new Trainer(model, recipe, data).withCheckpoints(folder);
      for (Listener listener : listeners) {
        trainer.withListener(listener);
      }
      return trainer.fit();
    }
  }

  private void requireFit(Dataset data, String purpose) {
    if (data.columns() != model.network().inputs() || !data.hasTargets()) {
      throw new EvenkeelException(
          "The network takes %s and targets, but the %s data has %s and %s"
              .formatted(
                  Words.counted(model.network().inputs(), "feature"),
                  purpose,
                  Words.counted(data.columns(), "column"),
                  data.hasTargets() ? "targets" : "no targets"));
    }
    int outputs = model.network().outputs();
    int needed = data.task().outputs();
    boolean oneLogit =
        outputs == 1 && needed == 2 && recipe.loss() instanceof Loss.BinaryCrossEntropy;
    if (outputs != needed && !oneLogit) {
      throw new EvenkeelException(
          "The network has %s, but the targets of the %s data need %,d. help: Parts.mlp makes a network that fits"
              .formatted(Words.counted(outputs, "output"), purpose, needed));
    }
  }

  /** Losses of classes read numbers as classes, and the other way round, without a complaint. */
  private void requireTask() {
    Loss loss = recipe.loss();
    boolean classes = train.task().hasProbabilities();
    boolean fits =
        loss instanceof Loss.BinaryCrossEntropy
            || !(train.task() instanceof Task.Flags)
                && loss instanceof Loss.SoftmaxCrossEntropy == classes;
    Optional<String> other =
        recipe.metrics().stream()
            .filter(
                name ->
                    Metric.isOfNumbers(name) == classes
                        || train.task() instanceof Task.Flags && name.startsWith("top"))
            .findFirst();
    if (!fits || other.isPresent()) {
      String[] words =
          switch (train.task().kind()) {
            case CLASSIFICATION -> new String[] {"classes", "classification"};
            case REGRESSION -> new String[] {"numbers", "regression"};
            case FLAGS -> new String[] {"flags", "flags"};
          };
      throw new EvenkeelException(
          "The recipe's %s is not for the targets of %s, which are %s. help: Recipe.%s(), or Recipe.of(data)"
              .formatted(
                  fits ? "metric " + other.get() : "loss " + loss.getClass().getSimpleName(),
                  train.name(),
                  words[0],
                  words[1]));
    }
  }

  /** Without one that counts, the mean loss would be 0/0, and no epoch better than another. */
  private void requireLoss(Dataset valid) {
    if (recipe.loss().weight(valid.targets(), 0, valid.rows()) == 0) {
      throw new EvenkeelException(
          "The validation data has %s, all of classes of weight 0, so that none counts in its loss. help: other class weights, or other rows to validate on"
              .formatted(Words.counted(valid.rows(), "row")));
    }
  }

  /** Of targets that are all alike r2 is the same in every epoch, or NaN. */
  private void requireSpread(Dataset valid) {
    int count = valid.targetColumns();
    float[] targets = valid.targets();
    boolean alike =
        IntStream.range(count, targets.length).allMatch(i -> targets[i] == targets[i % count]);
    if (recipe.monitor().equals("r2") && alike) {
      throw new EvenkeelException(
          "The monitor r2 can't tell epochs apart: the targets of the validation data are the same in %s. help: more rows, or another monitor, such as rmse"
              .formatted(Words.counted(valid.rows(), "row")));
    }
  }

  /** Rows to validate on after each epoch. */
  public Trainer withValidation(Dataset valid) {
    requireFit(valid, "validation");
    requireLoss(valid);
    requireSpread(valid);
    EveryClass.require(recipe.metrics(), valid, "validation row");
    this.valid = Optional.of(valid);
    return this;
  }

  /** Stored with the model; takes a regression's metrics back to their own units. */
  public Trainer withPreparation(Preparation preparation) {
    this.preparation = Optional.of(preparation);
    return this;
  }

  public Trainer withListener(Listener listener) {
    Required.there(listener, "The listener", "one to be called after each epoch");
    listeners.add(listener);
    return this;
  }

  /**
   * Keeps a checkpoint in this folder, from the end of the first epoch on every 5 seconds (where it
   * is large, less often: a twentieth of the time goes to it at most), and both it and the model at
   * the end; what an earlier run left there is replaced, its model only then: if this run does not
   * come to its end, {@link SavedModel#load} still brings the earlier one. {@link
   * RunMark#askToStop} ends the run with a {@link StoppedException}.
   */
  public Trainer withCheckpoints(Path folder) {
    this.folder = Optional.of(folder);
    return this;
  }

  /** Another interval between checkpoints, however large they are. */
  public Trainer withCheckpointEvery(Duration interval) {
    this.checkpointEvery = Optional.of(interval);
    return this;
  }

  /** A text of the caller's own, stored with the model. */
  public Trainer withNote(String key, String text) {
    notes.put(key, text);
    return this;
  }

  /** Goes on from a checkpoint with the same data, as if it had never stopped. */
  public Trainer resuming(SavedModel checkpoint) {
    this.resumed = Optional.of(checkpoint);
    return this;
  }

  /**
   * Ends training after the epoch under way, as patience does: with the best weights, where the
   * recipe keeps them, and a model in the folder. Any thread may ask for it, and so may a listener.
   */
  public void endAfterEpoch() {
    enough = true;
  }

  /**
   * Trains to the end.
   *
   * @throws StoppedException if it was asked to stop before, or this thread was interrupted, as an
   *     executor does to cancel what it runs; the interrupt stays set, and the model holds the best
   *     weights so far, where the recipe keeps them
   */
  public Trained fit() {
    runNanos = System.nanoTime();
    if (recipe.keepsBest() && valid.isEmpty()) {
      throw new EvenkeelException(
          recipe.patience() > 0
              ? "Early stopping needs rows to validate on. help: split some off, or set the patience to 0"
              : "Keeping the best epoch needs rows to validate on. help: split some off, or keep the last epoch");
    }
    folder.ifPresent(RunFolder::make);
    int smallest = model.network().smallestBatch();
    Batches batches = Batches.of(train.rows(), recipe.batch(), smallest);
    long held = model.backend().allocatedBytes();
    mark = folder.map(RunMark::of);
    try {
      return fit(batches);
    } catch (DeviceMemoryException e) {
      throw memory().advise(e, held);
    } finally {
      enough = false;
      mark.ifPresent(RunMark::close);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private RunMemory memory() {
    return new RunMemory(model, recipe, train, valid);
  }

  private Trained fit(Batches batches) {
    try (TrainingStep.Source rows = TrainingStep.Source.of(model.backend(), train)) {
      if (resumed.isEmpty()) {
        DataStart.set(model, rows.features(), Arrays.copyOf(shuffled(0), batches.size(0)));
        model.markStarted();
      }
      boolean stopped;
      try (Backend.Arena arena = memory().take(batches);
          TrainingStep step = TrainingStep.of(model, rows, recipe, batches.largest())) {
        step.prepare(batches.smallest());
        stopped = run(batches, step);
      }
      // The step's memory is free again: statistics over all rows never need more than it.
      return finish(stopped, rows.features());
    }
  }

  private boolean run(Batches batches, TrainingStep step) {
    if (valid.isEmpty()) {
      return run(batches, step, Map::of);
    }
    try (Evaluator evaluator =
        new Evaluator(model, valid.get(), Optional.of(recipe.loss()), batches.largest())) {
      return run(batches, step, () -> evaluator.measure(metrics, preparation));
    }
  }

  /**
   * All epochs; whether it was stopped early.
   *
   * @param validation measures the model as it is
   */
  private boolean run(
      Batches batches, TrainingStep step, Supplier<Map<String, Double>> validation) {
    listeners.forEach(listener -> listener.onReady(step));
    listeners.forEach(listener -> listener.onMemory(model.backend().allocatedBytes()));
    begin(step);
    long total = recipe.steps() > 0 ? recipe.steps() : (long) recipe.epochs() * batches.count();
    long walks = (total - 1) / batches.count() + 1;
    if (walks > Integer.MAX_VALUE) {
      throw new EvenkeelException(
          "A training of %,d steps would be %,d epochs, more than %,d. help: fewer steps"
              .formatted(total, walks, Integer.MAX_VALUE));
    }
    epochs = (int) walks;
    mark.ifPresent(one -> one.tell(new RunMark.Length(epochs, total)));
    for (Listener listener : listeners) {
      Progress from = course.progress();
      listener.onStart(from.epoch() + 1, epochs, from.step(), total, List.copyOf(from.history()));
    }
    boolean stopped = course.patienceIsOut();
    while (course.progress().step() < total && !stopped) {
      epoch(batches, step, validation, total);
      stopped = course.patienceIsOut() || enough;
      long taken = course.progress().step();
      requireFinite(taken);
      boolean ends = taken == total || stopped;
      boolean asked = !ends && isStopAsked();
      if (ends || asked || checkpoints.isDue() || !checkpoints.hasWritten()) {
        checkpoint(step);
      }
      if (asked) {
        throw stopped(taken);
      }
    }
    return stopped;
  }

  private StoppedException stopped(long step) {
    restoreBest();
    return new StoppedException(folder, step);
  }

  private boolean restoreBest() {
    boolean restored = !course.best().isEmpty();
    if (restored) {
      model.fill(course.best());
    }
    return restored;
  }

  private void requireFinite(long step) {
    NonFiniteException.check(model, step, recipe.clip() > 0, folder);
  }

  private boolean isStopAsked() {
    interrupted |= Thread.interrupted(); // an interrupted thread could write no checkpoint
    return interrupted || mark.isPresent() && mark.get().isStopAsked();
  }

  private void begin(TrainingStep step) {
    List<String> data = Parts.fingerprints(train, valid);
    notes.put(SavedModel.ROWS, Json.write(data));
    course = new Course(model, recipe, data);
    checkpoints = new CheckpointClock(checkpointEvery);
    resumed.ifPresent(saved -> course.resume(saved, step.optimizerState()));
    secondsBefore = course.progress().seconds();
  }

  /** What a user waited for so far: steps, validation, files, listeners. */
  private double seconds() {
    return secondsBefore + (System.nanoTime() - runNanos) * 1e-9;
  }

  private void epoch(
      Batches batches, TrainingStep step, Supplier<Map<String, Double>> validation, long total) {
    Progress progress = course.progress();
    RowOrder order = step.order();
    order.replace(shuffled(progress.epoch()));
    long number = progress.step();
    int batch = progress.batch();
    double lossSum = progress.lossSum();
    double rate = 0;
    long done = 0;
    long gatherBefore = model.backend().gatherNanos();
    long start = System.nanoTime();
    for (; batch < batches.count() && number < total; batch++) {
      order.moveTo(batches.start(batch));
      int size = batches.size(batch);
      rate = course.learningRate(number, total);
      double decay = recipe.fade().weightDecay().factor(number, total);
      double dropout = recipe.fade().dropout().factor(number, total);
      step.start(size, number, rate, decay, dropout);
      number++;
      done += size;
      boolean stop = isStopAsked();
      boolean due = stop || folder.isPresent() && checkpoints.isDue();
      boolean last = batch + 1 == batches.count() || number == total;
      lossSum = losses(step, due || last ? 0 : STEPS_UNDER_WAY, lossSum);
      if (due && !last) {
        course.within(number, batch + 1, lossSum, seconds());
        requireFinite(number);
        checkpoint(step);
        if (stop) {
          throw stopped(number);
        }
      }
    }
    double seconds = Math.max(1e-9, (System.nanoTime() - start) * 1e-9);
    double dataShare = (model.backend().gatherNanos() - gatherBefore) * 1e-9 / seconds;
    int rowsSeen = batch == batches.count() ? train.rows() : batches.start(batch);
    showGradients(step);
    Map<String, Double> scores = validation.get();
    Epoch epoch =
        course.endEpoch(
            number, lossSum / rowsSeen, rate, seconds(), done / seconds, dataShare, scores);
    listeners.forEach(listener -> listener.onEpoch(epoch));
  }

  /** The order of the training rows in an epoch. */
  private int[] shuffled(int epoch) {
    return Streams.shuffled(train.rows(), recipe.seed(), epoch);
  }

  /** Takes the losses that are here, and waits until no more than {@code allowed} are not. */
  private double losses(TrainingStep step, int allowed, double before) {
    double sum = before;
    while (step.take(allowed)) {
      TrainingStep.Started one = step.taken();
      sum += (double) step.loss() * one.rows();
      for (int i = 0; i < listeners.size(); i++) {
        listeners
            .get(i)
            .onStep(
                course.progress().epoch() + 1,
                one.number() + 1,
                one.rows(),
                step.loss(),
                one.learningRate(),
                model.backend().gatherNanos());
      }
    }
    return sum;
  }

  private void showGradients(TrainingStep step) {
    List<Listener> wanting = listeners.stream().filter(Listener::wantsGradients).toList();
    if (wanting.isEmpty() || !Epoch.isLookedInto(course.progress().epoch() + 1, epochs)) {
      return;
    }
    for (Parameter parameter : model.parameters()) {
      float[] values = new float[(int) parameter.size()];
      model.backend().read(parameter.in(step.gradients()), values);
      wanting.forEach(listener -> listener.onGradient(parameter, values));
    }
  }

  private void checkpoint(TrainingStep step) {
    if (folder.isEmpty()) {
      return;
    }
    long start = System.nanoTime();
    Path file = folder.get().resolve(SavedModel.CHECKPOINT_FILE);
    Checkpoint.write(
        file,
        model,
        recipe,
        preparation,
        notes,
        course.progress(),
        step.optimizerState(),
        course.best());
    checkpoints.written(start);
    listeners.forEach(listener -> listener.onCheckpoint(file));
  }

  private Trained finish(boolean stopped, Matrix features) {
    boolean restored = restoreBest();
    PopulationStatistics.update(model, features, recipe.batch());
    folder.ifPresent(
        path ->
            SavedModel.write(
                path.resolve(SavedModel.MODEL_FILE), model, recipe, preparation, notes));
    Progress progress = course.progress();
    Trained result =
        new Trained(
            progress.epoch(),
            progress.step(),
            seconds(),
            List.copyOf(progress.history()),
            progress.bestEpoch(),
            stopped,
            restored);
    listeners.forEach(listener -> listener.onEnd(result));
    return result;
  }
}
