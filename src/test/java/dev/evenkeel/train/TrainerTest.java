package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.OnCpu;
import dev.evenkeel.Twin;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.data.Preparation;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.nn.RunningVariance;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.optim.Fade;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest extends OnCpu {

  private static final Dataset TRAIN = Digits.DATA.train();
  private static final Dataset VALID = Digits.DATA.valid();
  private static final Network SMALL = Network.mlp(64, List.of(24), 10);
  private static final Recipe RECIPE = Recipe.classification().withSeed(3);

  @TempDir Path folder;

  private Trained fit(Model model, Recipe recipe) {
    return new Trainer(model, recipe, TRAIN).withValidation(VALID).fit();
  }

  private float[] trainedValues(Network network, Recipe recipe) {
    try (Model model = network.build(backend, 1)) {
      fit(model, recipe);
      return values(model);
    }
  }

  // What training reaches

  @Test
  void digitsAreLearned() {
    Network network = Network.mlp(64, List.of(64, 32), 10);
    try (Model model = network.build(backend, 1)) {
      Trained trained = fit(model, RECIPE.withEpochs(25).withBatch(64));
      Epoch last = trained.last();
      assertTrue(last.validation().get("accuracy") >= 0.96, last::toString);
      assertTrue(last.trainLoss() < 0.2, last::toString);
      assertTrue(trained.history().get(0).trainLoss() > 0.5, "it had to be learned");
      assertEquals(25, trained.epochs());
      assertFalse(trained.stoppedEarly());
    }
  }

  @Test
  void epochsAreStepsTimesBatches() {
    int batches = Batches.of(TRAIN.rows(), 128, 2).count();
    Recipe byEpochs = RECIPE.withEpochs(3);
    Recipe bySteps = RECIPE.withSteps(3L * batches);
    assertArrayEquals(trainedValues(SMALL, byEpochs), trainedValues(SMALL, bySteps));
    try (Model model = SMALL.build(backend, 1)) {
      assertEquals(3L * batches, fit(model, byEpochs).steps());
    }
  }

  @Test
  void stepsMayEndInTheMiddleOfAnEpoch() {
    int batches = Batches.of(TRAIN.rows(), 128, 2).count();
    List<Float> losses = new ArrayList<>();
    List<Integer> sizes = new ArrayList<>();
    try (Model model = SMALL.build(backend, 1)) {
      Trained trained =
          new Trainer(model, RECIPE.withSteps(batches + 4), TRAIN)
              .withListener(
                  Runs.atSteps(
                      (epoch, step, rows, loss) -> {
                        assertEquals(step > batches ? 2 : 1, epoch);
                        losses.add(loss);
                        sizes.add(rows);
                      }))
              .fit();
      assertEquals(2, trained.epochs());
      assertEquals(batches + 4, trained.steps());
      double sum = 0;
      int rows = 0;
      for (int i = batches; i < batches + 4; i++) {
        sum += (double) losses.get(i) * sizes.get(i);
        rows += sizes.get(i);
      }
      assertEquals(sum / rows, trained.last().trainLoss(), 1e-12);
      assertEquals(TRAIN.rows(), sizes.subList(0, batches).stream().mapToInt(i -> i).sum());
      assertEquals(Map.of(), trained.last().validation());
      assertEquals(0, trained.bestEpoch());
    }
  }

  @Test
  void oneEpochVisitsEveryRowOnceInAnOrderOfItsOwn() {
    // Features that name their row; a learning rate that moves nothing; the loss tells the row.
    int rows = 37;
    float[] features = new float[rows];
    float[] targets = new float[rows];
    for (int i = 0; i < rows; i++) {
      features[i] = 1 + i;
    }
    Dataset data = Dataset.regression("rows", features, 1, targets, List.of("zero"));
    List<List<Integer>> seen = List.of(new ArrayList<>(), new ArrayList<>());
    Recipe recipe =
        Recipe.regression()
            .withOptimizer(Optimizer.gradientDescent(1e-30))
            .withBatch(1)
            .withEpochs(2);
    try (Model model = Network.of(1, Linear.of(1).withBias(false)).build(backend, 1)) {
      backend.write(new float[] {1}, model.parameters().get(0).value());
      new Trainer(model, recipe, data)
          .withListener(
              Runs.atSteps(
                  (epoch, step, size, loss) ->
                      seen.get(epoch - 1).add((int) Math.round(Math.sqrt(loss)))))
          .fit();
    }
    List<Integer> all = IntStream.rangeClosed(1, rows).boxed().toList();
    for (List<Integer> epoch : seen) {
      assertEquals(all, epoch.stream().sorted().toList());
      assertNotEquals(all, epoch);
    }
    assertNotEquals(seen.get(0), seen.get(1));
  }

  @Test
  void aPlateauLowersTheLearningRateFromThenOn() {
    Schedule plateau = new Schedule.ReduceOnPlateau(0.5, 0, 0.9, 0.1);
    try (Model model = SMALL.build(backend, 1)) {
      Trained trained = fit(model, RECIPE.withSchedule(plateau).withEpochs(6));
      List<Double> losses =
          trained.history().stream().map(e -> e.validation().get("loss")).toList();
      double factor = 1;
      double best = Double.POSITIVE_INFINITY;
      for (Epoch epoch : trained.history()) {
        assertEquals(1e-3 * factor, epoch.learningRate(), losses::toString);
        double loss = epoch.validation().get("loss");
        if (loss < 0.1 * best) {
          best = loss;
        } else {
          factor = Math.max(0.1, factor / 2);
        }
      }
      assertTrue(factor < 0.3, "it was lowered");
    }
  }

  // Early stopping

  /** Keeps the model's values after each epoch. */
  private static final class Keeper implements Listener {
    private final Model model;
    private final List<float[]> kept = new ArrayList<>();

    Keeper(Model model) {
      this.model = model;
    }

    @Override
    public void onEpoch(Epoch epoch) {
      kept.add(values(model));
    }
  }

  /** So fast that the validation soon gets worse again. */
  private static final Recipe RASH =
      RECIPE
          .withOptimizer(Optimizer.adam(0.05))
          .withSchedule(Schedule.constant())
          .withBatch(32)
          .withEpochs(40);

  @Test
  void earlyStoppingTakesBackTheBestWeightsBitForBit() {
    for (String monitor : List.of("loss", "accuracy")) {
      try (Model model = SMALL.build(backend, 1)) {
        Keeper keeper = new Keeper(model);
        Trained trained =
            new Trainer(model, RASH.withEarlyStopping(2, monitor), TRAIN)
                .withValidation(VALID)
                .withListener(keeper)
                .fit();
        List<Double> scores =
            trained.history().stream().map(e -> e.validation().get(monitor)).toList();
        double best =
            monitor.equals("loss")
                ? scores.stream().min(Double::compare).orElseThrow()
                : scores.stream().max(Double::compare).orElseThrow();
        assertTrue(trained.stoppedEarly(), scores::toString);
        assertEquals(scores.indexOf(best) + 1, trained.bestEpoch(), scores::toString);
        assertEquals(trained.bestEpoch() + 2, trained.epochs(), "patience 2");
        assertTrue(trained.keptBest());
        assertEquals(trained.bestEpoch(), trained.kept().number());
        assertArrayEquals(keeper.kept.get(trained.bestEpoch() - 1), values(model));
        assertNotEquals(
            Arrays.toString(keeper.kept.get(trained.epochs() - 1)), Arrays.toString(values(model)));
        for (Epoch epoch : trained.history()) {
          List<Double> before = scores.subList(0, epoch.number() - 1);
          double score = scores.get(epoch.number() - 1);
          boolean better =
              before.stream().allMatch(b -> monitor.equals("loss") ? score < b : score > b);
          assertEquals(better, epoch.best(), epoch::toString);
        }
      }
    }
  }

  @Test
  void aListenerEndsTrainingAsPatienceDoes() {
    try (Model model = SMALL.build(backend, 1)) {
      Keeper keeper = new Keeper(model);
      Trainer trainer =
          new Trainer(model, RASH.keepingBest(), TRAIN)
              .withValidation(VALID)
              .withPreparation(Digits.DATA.preparation())
              .withCheckpoints(folder)
              .withListener(keeper);
      Trained trained =
          trainer
              .withListener(
                  Runs.atEpochs(
                      epoch -> {
                        if (epoch.number() == 6) {
                          trainer.endAfterEpoch();
                        }
                      }))
              .fit();
      assertTrue(trained.stoppedEarly());
      assertEquals(6, trained.epochs());
      assertTrue(trained.bestEpoch() < 6, "else the rest shows nothing");
      assertArrayEquals(keeper.kept.get(trained.bestEpoch() - 1), values(model));
      try (Model saved = SavedModel.load(folder.resolve(SavedModel.MODEL_FILE)).build(backend)) {
        assertArrayEquals(values(model), values(saved));
      }
    }
  }

  @Test
  void whoStopsFindsTheBestWeightsSoFarInMemoryAndOnDisk() {
    try (Model model = SMALL.build(backend, 1)) {
      Keeper keeper = new Keeper(model);
      List<Epoch> epochs = new ArrayList<>();
      Trainer trainer =
          new Trainer(model, RASH.keepingBest(), TRAIN)
              .withValidation(VALID)
              .withCheckpoints(folder)
              .withListener(keeper)
              .withListener(Runs.atEpochs(epochs::add))
              .withListener(Runs.atStep(6 * 45 + 3, Thread.currentThread()::interrupt));
      assertThrows(StoppedException.class, trainer::fit);
      assertTrue(Thread.interrupted());
      int best = 0;
      for (Epoch epoch : epochs) {
        best = epoch.best() ? epoch.number() : best;
      }
      assertTrue(best < epochs.size(), "else the rest shows nothing");
      assertArrayEquals(keeper.kept.get(best - 1), values(model));
      try (Model saved = SavedModel.load(folder).build(backend)) {
        assertArrayEquals(values(model), values(saved));
      }
    }
  }

  @Test
  void withoutPatienceTheLastWeightsStay() {
    try (Model model = SMALL.build(backend, 1)) {
      Keeper keeper = new Keeper(model);
      Trained trained =
          new Trainer(model, RASH.withEpochs(8), TRAIN)
              .withValidation(VALID)
              .withListener(keeper)
              .fit();
      assertEquals(8, trained.epochs());
      assertFalse(trained.stoppedEarly());
      assertTrue(trained.bestEpoch() > 0 && trained.bestEpoch() < 8, "else this shows nothing");
      assertArrayEquals(keeper.kept.get(7), values(model));
      assertFalse(trained.keptBest());
      assertEquals(trained.last(), trained.kept());
    }
  }

  // NaN and infinity

  /** Spoils one value of a parameter after a step. */
  private static Listener spoiler(Model model, String name, long afterStep, float value) {
    return Runs.atStep(
        afterStep,
        () -> {
          Parameter parameter =
              model.parameters().stream().filter(p -> p.name().equals(name)).findFirst().get();
          float[] values = model.values(parameter);
          values[values.length / 2] = value;
          model.backend().write(values, parameter.value());
        });
  }

  @Test
  void aNanInAWeightStopsWithItsStepAndNameAndKeepsTheLastCheckpoint() throws IOException {
    int batches = Batches.of(TRAIN.rows(), 128, 2).count();
    Path file = folder.resolve(SavedModel.CHECKPOINT_FILE);
    List<byte[]> written = new ArrayList<>();
    try (Model model = SMALL.build(backend, 1)) {
      Trainer trainer =
          new Trainer(model, RECIPE.withEpochs(5), TRAIN)
              .withValidation(VALID)
              .withCheckpoints(folder)
              .withListener(spoiler(model, "3.weight", 2L * batches + 3, Float.NaN))
              .withListener(
                  Runs.atCheckpoints(
                      path -> {
                        assertEquals(file, path);
                        try {
                          written.add(Files.readAllBytes(path));
                        } catch (IOException e) {
                          throw new AssertionError(e);
                        }
                      }));
      NonFiniteException thrown = assertThrows(NonFiniteException.class, trainer::fit);
      String message = thrown.getMessage();
      assertTrue(message.contains("stopped at step " + (2 * batches + 4) + ": "), message);
      assertTrue(message.contains("the loss is NaN"), message);
      assertTrue(message.contains("The parameter 3.weight became NaN or infinite"), message);
      assertTrue(message.contains("help: try a smaller --lr"), message);
    }
    assertEquals(1, written.size(), "of the first epoch; the next was not due");
    assertArrayEquals(written.get(0), Files.readAllBytes(file));
    SavedModel saved = SavedModel.load(folder);
    assertEquals(batches, Checkpoint.progress(saved).step());
    saved.build(backend).close();
  }

  @Test
  void aCheckpointThatStaysIsSpokenOf() {
    int batches = Batches.of(TRAIN.rows(), 128, 2).count();
    try (Model model = SMALL.build(backend, 1)) {
      Trainer trainer =
          new Trainer(model, RECIPE.withEpochs(2), TRAIN)
              .withCheckpoints(folder)
              .withListener(spoiler(model, "0.weight", 2L * batches, Float.NaN));
      Expect.failure(
          trainer::fit, "Nothing of it was saved; a checkpoint from before stays. help: ");
    }
    assertTrue(Files.exists(folder.resolve(SavedModel.CHECKPOINT_FILE)));
  }

  @Test
  void aNanOfTheLastUpdateIsFoundBeforeItIsSavedWithOrWithoutCheckpoints() {
    for (boolean checkpoints : new boolean[] {true, false}) {
      for (String name : List.of("0.weight", "1.bias")) {
        try (Model model = SMALL.build(backend, 1)) {
          Trainer trainer =
              new Trainer(model, RECIPE.withSteps(5), TRAIN)
                  .withListener(spoiler(model, name, 5, Float.POSITIVE_INFINITY));
          if (checkpoints) {
            trainer.withCheckpoints(folder);
          }
          Expect.failure(
              trainer::fit,
              "step 5",
              name + " is NaN or infinite",
              "Nothing of it was saved. help: ");
          assertFalse(Files.exists(folder.resolve(SavedModel.CHECKPOINT_FILE)));
          assertFalse(Files.exists(folder.resolve(SavedModel.MODEL_FILE)));
        }
      }
    }
  }

  @Test
  void aHopelessLearningRateStopsInWords() {
    List<Network> networks =
        List.of(SMALL, Network.of(64, Linear.of(24), Activate.relu(), Linear.of(10)));
    for (Network network : networks) {
      for (Optimizer optimizer :
          List.of(Optimizer.gradientDescent(1e30), Optimizer.momentum(1e38))) {
        try (Model model = network.build(backend, 1)) {
          Trainer trainer =
              new Trainer(model, RECIPE.withOptimizer(optimizer).withSteps(60), TRAIN)
                  .withValidation(VALID);
          EvenkeelException thrown = assertThrows(EvenkeelException.class, trainer::fit);
          assertTrue(thrown.getMessage().contains(" step "), thrown.getMessage());
          assertTrue(thrown.getMessage().contains("help: "), thrown.getMessage());
        }
      }
    }
  }

  @Test
  void theLayerThatOverflowsFirstIsNamed() {
    Network network =
        Network.of(64, Linear.of(8), Activate.relu(), Linear.of(8), Activate.relu(), Linear.of(10));
    try (Model model = network.build(backend, 1)) {
      for (String name : List.of("0.weight", "2.weight")) {
        Parameter weight =
            model.parameters().stream().filter(p -> p.name().equals(name)).findFirst().get();
        float[] large = new float[(int) weight.size()];
        Arrays.fill(large, 1e25f);
        backend.write(large, weight.value());
      }
      Expect.failure(
          () -> fit(model, RECIPE),
          "Training stopped at step 1: the loss is ",
          "It first appeared in the output of layer 2 linear",
          "the parameters are as they were before this step");
    }
  }

  @Test
  void anOverflowInTheLossAloneIsSaid() {
    Dataset data = Dataset.regression("x", new float[] {1, 1}, 1, new float[2], List.of("y"));
    try (Model model = Network.of(1, Linear.of(1)).build(backend, 1)) {
      backend.write(new float[] {1e25f}, model.parameters().get(0).value());
      Expect.failure(
          () -> new Trainer(model, Recipe.regression(), data).fit(),
          "the loss is Infinity",
          "All layers are still finite: it first appeared in the loss");
    }
  }

  @Test
  void aBatchThatIsNotFiniteIsSaid() {
    float[] features = {1, 2, 3};
    Dataset data = Dataset.regression("x", features, 1, new float[3], List.of("y"));
    features[1] = Float.NaN;
    try (Model model = Network.of(1, Linear.of(1)).build(backend, 1)) {
      Expect.failure(
          () -> new Trainer(model, Recipe.regression(), data).fit(),
          "The batch itself holds NaN or infinite values");
    }
  }

  @Test
  void aStatisticThatOverflowedIsNotSavedAsIfAllWereWell() {
    // Finite activations whose variance is not: the batch is normalised to β, the loss stays fine.
    Network network = Network.of(64, Linear.of(8), BatchNorm.standard(), Linear.of(10));
    try (Model model = network.build(backend, 1)) {
      float[] large = new float[64 * 8];
      for (int i = 0; i < large.length; i++) {
        large[i] = (i % 7 - 3) * 1e22f;
      }
      backend.write(large, model.parameters().get(0).value());
      Recipe recipe = RECIPE.withOptimizer(Optimizer.gradientDescent(1e-3)).withSteps(3);
      Expect.failure(
          () -> new Trainer(model, recipe, TRAIN).withCheckpoints(folder).fit(),
          "step 3",
          "1.running_var is NaN or infinite");
    }
  }

  // Statistics

  @Test
  void populationStatisticsAreThoseOfTheWholeSetLayerByLayer() {
    BatchNorm population = BatchNorm.standard().withRunning(RunningStatistics.population());
    Network network =
        Network.of(
            64,
            population,
            Linear.of(20),
            population,
            Activate.of(Activation.TANH),
            Residual.of(
                Linear.of(33),
                population.withRunningVariance(RunningVariance.BIASED),
                Activate.relu(),
                new Dropout(0.2),
                Linear.of(20)),
            BatchNorm.standard(),
            Linear.of(10));
    Map<String, float[]> exponential = new LinkedHashMap<>();
    try (Model model = network.build(backend, 1)) {
      new Trainer(model, RECIPE.withEpochs(2).withBatch(100), TRAIN)
          .withListener(
              Runs.atEpochs(
                  epoch ->
                      model.statistics().forEach(s -> exponential.put(s.name(), model.values(s)))))
          .fit();
      Twin twin = new Twin(model);
      int[] all = IntStream.range(0, TRAIN.rows()).toArray();
      twin.outputs(Twin.rows(TRAIN.features(), 64, all), Twin.Mode.inference());
      assertEquals(List.of("0", "2", "4.1", "5"), List.copyOf(twin.normInputs.keySet()));
      for (String norm : List.of("0", "2", "4.1")) {
        double[][] input = twin.normInputs.get(norm);
        double correction = norm.equals("4.1") ? 1 : TRAIN.rows() / (TRAIN.rows() - 1.0);
        for (int j = 0; j < input[0].length; j++) {
          double variance = Twin.variance(input, j) * correction;
          double seenMean = twin.values.get(norm + ".running_mean")[j];
          double seenVariance = twin.values.get(norm + ".running_var")[j];
          assertEquals(Twin.mean(input, j), seenMean, 3e-6 * Math.sqrt(variance) + 1e-7, norm);
          assertEquals(variance, seenVariance, 1e-5 * variance + 1e-12, norm);
        }
      }
      for (Parameter statistic : model.statistics()) {
        boolean stays = statistic.name().startsWith("5.") || statistic.name().endsWith("tracked");
        String before = Arrays.toString(exponential.get(statistic.name()));
        String after = Arrays.toString(model.values(statistic));
        assertEquals(stays, before.equals(after), statistic.name());
      }
    }
  }

  @Test
  void cumulativeStatisticsAreThePlainAverageOfAllBatches() {
    BatchNorm cumulative = BatchNorm.standard().withRunning(RunningStatistics.cumulative());
    Network network = Network.of(64, Linear.of(9), cumulative, Activate.relu(), Linear.of(10));
    Recipe recipe =
        RECIPE
            .withOptimizer(Optimizer.gradientDescent(1e-30))
            .withBatch(100)
            .withEpochs(2)
            .withSeed(9);
    try (Model model = network.build(backend, 1)) {
      Twin twin = new Twin(model);
      new Trainer(model, recipe, TRAIN).fit();
      Batches batches = Batches.of(TRAIN.rows(), 100, 2);
      double[] means = new double[9];
      double[] variances = new double[9];
      for (int epoch = 0; epoch < 2; epoch++) {
        int[] order = Streams.shuffled(TRAIN.rows(), 9, epoch);
        for (int b = 0; b < batches.count(); b++) {
          int from = batches.start(b);
          int[] rows = Arrays.copyOfRange(order, from, from + batches.size(b));
          twin.outputs(Twin.rows(TRAIN.features(), 64, rows), Twin.Mode.training(9, 0));
          double[][] input = twin.normInputs.get("1");
          for (int j = 0; j < 9; j++) {
            means[j] += Twin.mean(input, j) / (2 * batches.count());
            double unbiased = Twin.variance(input, j) * rows.length / (rows.length - 1);
            variances[j] += unbiased / (2 * batches.count());
          }
        }
      }
      Twin after = new Twin(model);
      assertEquals(2 * batches.count(), after.values.get("1.num_batches_tracked")[0]);
      for (int j = 0; j < 9; j++) {
        assertEquals(means[j], after.values.get("1.running_mean")[j], 1e-5 * variances[j]);
        assertEquals(variances[j], after.values.get("1.running_var")[j], 1e-5 * variances[j]);
      }
    }
  }

  @Test
  void aRedundantBiasTrainsTheSameFunction() {
    BatchNorm norm = BatchNorm.standard();
    float[][] outputs = new float[2][];
    for (int bias = 0; bias < 2; bias++) {
      Linear linear = Linear.of(16).withBias(bias == 1);
      Network network =
          Network.of(64, linear, norm, Activate.of(Activation.TANH), linear, norm, Linear.of(10));
      Recipe recipe = RECIPE.withOptimizer(Optimizer.momentum(0.05)).withEpochs(4);
      try (Model model = network.build(backend, 1)) {
        fit(model, recipe);
        try (Evaluator evaluator = new Evaluator(model, VALID, Optional.empty(), 500)) {
          outputs[bias] = evaluator.run().clone();
        }
      }
    }
    for (int i = 0; i < outputs[0].length; i++) {
      assertEquals(outputs[0][i], outputs[1][i], 1e-4);
    }
  }

  // Listeners, history, metrics

  @Test
  void listenersHearOfEverythingInOrder() {
    List<String> heard = new ArrayList<>();
    Listener listener =
        new Listener() {
          @Override
          public void onStart(
              int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
            heard.add("start %d of %d, step %d of %d".formatted(epoch, epochs, step, totalSteps));
          }

          @Override
          public void onStep(int epoch, long step, int rows, float loss, double rate, long nanos) {
            heard.add("step %d of epoch %d, %d rows, rate %.3f".formatted(step, epoch, rows, rate));
          }

          @Override
          public void onEpoch(Epoch epoch) {
            heard.add("epoch %d after %d".formatted(epoch.number(), epoch.steps()));
          }

          @Override
          public void onCheckpoint(Path file) {
            heard.add("checkpoint at " + Checkpoint.progress(SavedModel.read(file)).step());
          }

          @Override
          public void onEnd(Trained result) {
            assertTrue(Files.exists(folder.resolve(SavedModel.MODEL_FILE)), "the model is there");
            heard.add("end after " + result.steps());
          }
        };
    try (Model model = SMALL.build(backend, 1)) {
      Recipe recipe = RECIPE.withSchedule(new Schedule.Step(2, 0.5)).withBatch(3).withEpochs(2);
      new Trainer(model, recipe.withOptimizer(Optimizer.adam(1)), Digits.train(7))
          .withListener(listener)
          .withCheckpoints(folder)
          .withCheckpointEvery(Duration.ZERO)
          .fit();
    }
    assertEquals(
        """
        start 1 of 2, step 0 of 6
        step 1 of epoch 1, 2 rows, rate 1.000
        checkpoint at 1
        step 2 of epoch 1, 2 rows, rate 1.000
        checkpoint at 2
        step 3 of epoch 1, 3 rows, rate 0.500
        epoch 1 after 3
        checkpoint at 3
        step 4 of epoch 2, 2 rows, rate 0.500
        checkpoint at 4
        step 5 of epoch 2, 2 rows, rate 0.250
        checkpoint at 5
        step 6 of epoch 2, 3 rows, rate 0.250
        epoch 2 after 6
        checkpoint at 6
        end after 6\
        """,
        String.join("\n", heard));
  }

  @Test
  void aListenerThatThrowsStopsTrainingAndItsExceptionArrives() {
    IllegalStateException thrown = new IllegalStateException("enough");
    try (Model model = SMALL.build(backend, 1)) {
      Trainer trainer =
          new Trainer(model, RECIPE, TRAIN)
              .withValidation(VALID)
              .withListener(
                  Runs.atEpochs(
                      epoch -> {
                        throw thrown;
                      }));
      assertEquals(thrown, assertThrows(IllegalStateException.class, trainer::fit));
    }
  }

  @Test
  void theHistoryIsWhatTheTwinAndTheModelSay() {
    try (Model model = SMALL.build(backend, 1)) {
      Recipe recipe = RECIPE.withEpochs(3).withMetrics(List.of("accuracy", "logloss", "top3"));
      Trained trained = fit(model, recipe);
      Epoch last = trained.last();
      assertEquals(
          List.of("loss", "accuracy", "logloss", "top3"), List.copyOf(last.validation().keySet()));
      Twin twin = new Twin(model);
      int[] all = IntStream.range(0, VALID.rows()).toArray();
      double loss =
          twin.loss(
              Twin.rows(VALID.features(), 64, all),
              Twin.rows(VALID.targets(), 1, all),
              recipe.loss(),
              Twin.Mode.inference());
      assertEquals(loss, last.validation().get("loss"), 1e-5 * loss);
      assertEquals(loss, last.validation().get("logloss"), 1e-5 * loss);
      assertEquals(3, last.number());
      assertEquals(trained.steps(), last.steps());
      assertTrue(trained.seconds() >= last.seconds(), trained::toString);
      assertTrue(last.examplesPerSecond() > 0);
      assertTrue(last.dataShare() > 0 && last.dataShare() < 1, last::toString);
      double rate = Schedule.cosine().factor(last.steps() - 1, last.steps()) * 1e-3;
      assertEquals(rate, last.learningRate());
    }
  }

  private static Dataset quantities(int rows) {
    Random random = new Random(6);
    float[] features = new float[rows * 3];
    float[] targets = new float[rows * 2];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < 3; j++) {
        features[i * 3 + j] = 5 + 2 * (float) random.nextGaussian();
      }
      targets[i * 2] = 4000 + 300 * features[i * 3] + 20 * (float) random.nextGaussian();
      targets[i * 2 + 1] = -0.02f + 0.001f * features[i * 3 + 1] * features[i * 3 + 2];
    }
    return Dataset.regression("made", features, 3, targets, List.of("price", "share"));
  }

  @Test
  void aRegressionIsMeasuredInItsOwnUnits() {
    Dataset raw = quantities(600);
    int[] trainRows = IntStream.range(0, 500).toArray();
    int[] validRows = IntStream.range(500, 600).toArray();
    Preparation preparation = Preparation.fit(raw, trainRows, false);
    Recipe recipe =
        Recipe.regression()
            .withMetrics(List.of("rmse", "mae"))
            .withOptimizer(Optimizer.adam(0.02))
            .withBatch(50)
            .withEpochs(15);
    try (Model model = Network.mlp(3, List.of(16), 2).build(backend, 1)) {
      Dataset valid = preparation.apply(raw, validRows);
      Trained trained =
          new Trainer(model, recipe, preparation.apply(raw, trainRows))
              .withValidation(valid)
              .withPreparation(preparation)
              .fit();
      float[] outputs;
      try (Evaluator evaluator = new Evaluator(model, valid, Optional.empty(), 30)) {
        outputs = evaluator.run();
      }
      preparation.restoreTargets(outputs);
      double squares = 0;
      double sizes = 0;
      for (int i = 0; i < outputs.length; i++) {
        double error = outputs[i] - (double) raw.targets()[1000 + i];
        squares += error * error / outputs.length;
        sizes += Math.abs(error) / outputs.length;
      }
      Map<String, Double> measured = trained.last().validation();
      assertEquals(Math.sqrt(squares), measured.get("rmse"), 1e-4 * measured.get("rmse"));
      assertEquals(sizes, measured.get("mae"), 1e-4 * measured.get("mae"));
      assertTrue(measured.get("rmse") > 10 && measured.get("rmse") < 150, measured::toString);
      assertTrue(measured.get("loss") < 0.1, "the loss is in standardised units");
    }
  }

  @Test
  void aWeightedValidationLossDoesNotDependOnTheChunks() {
    Loss loss =
        new Loss.SoftmaxCrossEntropy(
            0.1, List.of(9.0, 0.1, 1.0, 0.0, 2.0, 1.0, 0.5, 1.0, 3.0, 1.0));
    try (Model model = SMALL.build(backend, 1)) {
      int[] all = IntStream.range(0, VALID.rows()).toArray();
      double expected =
          new Twin(model)
              .loss(
                  Twin.rows(VALID.features(), 64, all),
                  Twin.rows(VALID.targets(), 1, all),
                  loss,
                  Twin.Mode.inference());
      for (int chunk : new int[] {VALID.rows(), 100, 7, 1}) {
        try (Evaluator evaluator = new Evaluator(model, VALID, Optional.of(loss), chunk)) {
          evaluator.run();
          assertEquals(expected, evaluator.loss(), 1e-5 * expected, "chunks of " + chunk);
        }
      }
    }
  }

  // Words

  @Test
  void whatDoesNotFitTheNetworkIsNamed() {
    try (Model model = SMALL.build(backend, 1)) {
      Dataset narrow = Dataset.classification("n", new float[4], 2, new int[2], List.of("a", "b"));
      Dataset bare = Dataset.unlabelled("b", new float[64], 64);
      Expect.failure(
          () -> new Trainer(model, RECIPE, narrow),
          "The network takes 64 features and targets, but the training data has 2 columns and"
              + " targets");
      Expect.failure(
          () -> new Trainer(model, RECIPE, TRAIN).withValidation(bare),
          "but the validation data has 64 columns and no targets");
      Expect.failure(
          () -> new Trainer(model, RECIPE.withEarlyStopping(2, "rmse"), TRAIN),
          "The monitor \"rmse\" is neither \"loss\" nor one of the metrics taken: [accuracy]");
      Expect.failure(
          () -> RECIPE.withMetrics(List.of("roc_auc")), "Unknown metric 'roc_auc': expected");
      Expect.failure(() -> RECIPE.withEarlyStopping(2, "f0"), "Unknown metric 'f0'");
      Expect.failure(
          () -> new Trainer(model, RECIPE.withEarlyStopping(2, "loss"), TRAIN).fit(),
          "Early stopping needs rows to validate on. help: split some off");
      Expect.failure(
          () -> new Trainer(model, RECIPE.withBatch(1), TRAIN).fit(),
          "A batch of 1 row is too small: 2 are needed",
          "help: --batch 2 or more");
      Expect.failure(
          () -> new Trainer(model, RECIPE, Digits.train(1)).fit(),
          "1 training row can't make a batch of the 2 rows that are needed");
      Expect.failure(
          () -> new Trainer(model, RECIPE.withLoss(Loss.binaryCrossEntropy()), TRAIN).fit(),
          "needs a target for each of the network's 10 outputs, but the targets have 1 column");
    }
    try (Model model = Network.mlp(64, List.of(8), 5).build(backend, 1)) {
      Expect.failure(
          () -> fit(model, RECIPE),
          "The network has 5 outputs, but the targets of the training data need 10");
    }
    try (Model model = SMALL.build(backend, 1)) {
      int[] zeros = IntStream.range(0, VALID.rows()).filter(i -> VALID.labels()[i] == 0).toArray();
      Trainer trainer = new Trainer(model, RECIPE.withMetrics(List.of("auc")), TRAIN);
      Expect.failure(
          () -> trainer.withValidation(VALID.select(zeros)),
          "auc needs rows of every class, but of",
          "none is of class \"1\"");
    }
    Dataset two = Dataset.classification("t", new float[8], 4, new int[2], List.of("a", "b"));
    try (Model model = Network.mlp(4, List.of(3), 1).build(backend, 1)) {
      new Trainer(model, RECIPE.withLoss(Loss.binaryCrossEntropy()), two);
      Expect.failure(() -> new Trainer(model, RECIPE, two), "has 1 output, but", "need 2");
    }
  }

  @Test
  void aMissingFolderForCheckpointsIsMadeAndAnImpossibleOneIsNamedBeforeTraining()
      throws IOException {
    List<Long> steps = new ArrayList<>();
    Listener counter = Runs.atSteps((epoch, step, rows, loss) -> steps.add(step));
    try (Model model = SMALL.build(backend, 1)) {
      Path file = Files.writeString(folder.resolve("file"), "");
      Trainer trainer =
          new Trainer(model, RECIPE, TRAIN).withCheckpoints(file).withListener(counter);
      Expect.failure(trainer::fit, file + " is a file, but a folder is needed");
      assertEquals(List.of(), steps);
      Path deep = folder.resolve("a/b");
      new Trainer(model, RECIPE.withSteps(1), TRAIN)
          .withCheckpoints(deep)
          .withListener(counter)
          .fit();
      assertEquals(
          1, Checkpoint.progress(SavedModel.load(deep.resolve("checkpoint.safetensors"))).step());
    }
  }

  @Test
  void impossibleRecipesAreNamed() {
    Expect.failure(
        () -> RECIPE.withEpochs(0),
        "Training ends after a number of epochs or of steps; one of the two must be given, not"
            + " epochs 0 and steps 0");
    Expect.failure(() -> RECIPE.withSteps(-1), "epochs 0 and steps -1");
    Expect.failure(() -> RECIPE.withBatch(0), "A batch needs at least 1 row, not 0");
    Expect.failure(() -> RECIPE.withClip(-1), "The clipping norm must be at least 0 and finite");
    Expect.failure(() -> RECIPE.withClip(Double.NaN), "not NaN");
    Expect.failure(
        () -> RECIPE.withEarlyStopping(-1, "loss"),
        "The patience must be at least 0 validations, not -1");
  }

  @Test
  void everyRecipeComesBackFromJson() {
    Recipe recipe =
        Recipe.regression()
            .withLoss(new Loss.SoftmaxCrossEntropy(0.1, List.of(1.0 / 3, 2.0)))
            .withOptimizer(Optimizer.nesterov(1.0 / 7).withWeightDecay(1e-4))
            .withSchedule(Schedule.reduceOnPlateau().afterWarmup(100))
            .withFade(Fade.flatCosine())
            .withSteps(1L << 40)
            .withBatch(77)
            .withClip(0.1)
            .withEarlyStopping(4, "r2")
            .withMetrics(List.of("r2", "mae"))
            .withSeed(Long.MIN_VALUE + 5);
    String text = dev.evenkeel.io.Json.write(recipe);
    assertEquals(recipe, dev.evenkeel.io.Json.read(text, Recipe.class, "the text"));
  }
}
