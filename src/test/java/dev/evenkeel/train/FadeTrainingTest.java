package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.into;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Twin;
import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Batches;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.AlphaDropout;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Parameter;
import dev.evenkeel.nn.Streams;
import dev.evenkeel.optim.Fade;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import dev.evenkeel.tensor.RowOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weight decay and dropout by schedule: the right values at every step, on both devices. */
class FadeTrainingTest {

  private static final Dataset TRAIN = Digits.train(96);
  private static final int BATCH = 32;
  private static final int STEPS = 12;
  private static final long SEED = 3;
  private static final Fade FADE = new Fade(Schedule.cosine(0.1), Schedule.flatCosine());

  private static final Recipe RECIPE =
      Recipe.classification()
          .withBatch(BATCH)
          .withEpochs(STEPS / 3)
          .withOptimizer(Optimizer.adamw(2e-3).withWeightDecay(0.3))
          .withFade(FADE)
          .withSeed(SEED);

  @TempDir Path folder;

  /** With all of the dropouts' probability, or a share of it. */
  private static Network network(double share) {
    return Network.of(
        64,
        Linear.of(24),
        BatchNorm.standard(),
        Activate.relu(),
        new Dropout(0.5 * share),
        Linear.of(16),
        Activate.of(Activation.SELU),
        new AlphaDropout(0.2 * share),
        Linear.of(10));
  }

  private static Backend open(String device) {
    return device.equals("cpu") ? Device.cpu(1) : SimulatedGpu.open(new SimulatedDriver(11));
  }

  private static TrainingStep.Source source(Backend backend, RowOrder order) {
    return new TrainingStep.Source(
        backend.inputs(TRAIN.features(), TRAIN.rows(), TRAIN.columns()),
        backend.table(TRAIN.targets(), TRAIN.rows(), 1),
        order);
  }

  /**
   * A loss is that of a net whose dropouts have the step's own probability; a weight loses, beside
   * its gradient, the step's own share. Replayed from a recording on the GPU.
   */
  @ParameterizedTest
  @ValueSource(strings = {"cpu", "gpu"})
  void everyStepHasTheScheduledDropoutAndDecay(String device) {
    double rate = 0.05;
    double decay = 0.4;
    SimulatedDriver driver = new SimulatedDriver(11);
    int[] rows = IntStream.range(0, BATCH).toArray();
    double[][] x = Twin.rows(TRAIN.features(), 64, rows);
    double[][] targets = Twin.rows(TRAIN.targets(), 1, rows);
    Optimizer descent = Optimizer.gradientDescent(rate).withWeightDecay(decay);
    try (Backend backend = device.equals("cpu") ? Device.cpu(1) : SimulatedGpu.open(driver);
        Model model = network(1).build(backend, 1);
        TrainingStep step =
            new TrainingStep(
                model,
                source(backend, RowOrder.natural(TRAIN.rows())),
                Loss.crossEntropy(),
                descent,
                0,
                BATCH,
                SEED)) {
      float[] gradients = new float[model.flatParameters().columns()];
      for (int k = 0; k < STEPS; k++) {
        double kept = k < 6 ? 1 : (1 + Math.cos(Math.PI * (k - 6) / 6)) / 2;
        double decayed = 0.1 + 0.9 * (1 + Math.cos(Math.PI * k / 11)) / 2;
        Map<String, float[]> before = model.values();
        double decays = FADE.weightDecay().factor(k, STEPS);
        step.start(BATCH, k, rate, decays, FADE.dropout().factor(k, STEPS));
        assertTrue(step.take(0));
        float loss = step.loss();
        Twin twin = new Twin(network(kept), before);
        double expected = twin.loss(x, targets, Loss.crossEntropy(), Twin.Mode.training(SEED, k));
        assertEquals(expected, loss, 1e-5 * expected, "loss of step " + k);
        backend.read(step.gradients(), gradients);
        for (Parameter parameter : model.parameters()) {
          float[] old = before.get(parameter.name());
          float[] now = model.values(parameter);
          double share = parameter.decays() ? decay * decayed : 0;
          for (int i = 0; i < now.length; i++) {
            double moved = rate * (gradients[(int) parameter.offset() + i] + share * old[i]);
            // Two roundings of values up to 1, and one of the decay.
            assertEquals(old[i] - moved, now[i], 2e-7, parameter.name() + " at step " + k);
          }
        }
      }
      if (device.equals("gpu")) {
        assertTrue(driver.counters().graphLaunches > STEPS / 2, "it was replayed");
      }
    }
  }

  private record Run(List<Float> losses, Map<String, float[]> values) {}

  private static void assertSame(Run expected, Run seen) {
    assertEquals(expected.losses, seen.losses);
    assertEquals(expected.values.keySet(), seen.values.keySet());
    expected.values.forEach((name, values) -> assertArrayEquals(values, seen.values.get(name)));
  }

  private static Run trained(Backend backend, Recipe recipe) {
    List<Float> losses = new ArrayList<>();
    try (backend;
        Model model = network(1).build(backend, 1)) {
      new Trainer(model, recipe, TRAIN).withListener(into(losses)).fit();
      return new Run(losses, model.values());
    }
  }

  /** The trainer's loop, with the factors written down as formulas. */
  private static Run byHand(Backend backend) {
    List<Float> losses = new ArrayList<>();
    RowOrder order = new RowOrder(new int[TRAIN.rows()]);
    Batches batches = Batches.of(TRAIN.rows(), BATCH, 2);
    try (backend;
        Model model = network(1).build(backend, 1);
        TrainingStep step =
            new TrainingStep(
                model, source(backend, order), RECIPE.loss(), RECIPE.optimizer(), 0, BATCH, SEED)) {
      for (int k = 0; k < STEPS; k++) {
        if (k % 3 == 0) {
          order.replace(Streams.shuffled(TRAIN.rows(), SEED, k / 3));
        }
        order.moveTo(batches.start(k % 3));
        double rate = 2e-3 * ((1 + Math.cos(Math.PI * k / 11)) / 2);
        double decay = 0.1 + 0.9 * (1 + Math.cos(Math.PI * k / 11)) / 2;
        double dropout = k <= 6 ? 1 : (1 + Math.cos(Math.PI * (k - 6) / 6)) / 2;
        step.start(BATCH, k, k == 11 ? 0 : rate, k == 11 ? 0.1 : decay, dropout);
        assertTrue(step.take(0));
        losses.add(step.loss());
      }
      return new Run(losses, model.values());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "gpu"})
  void theTrainerFollowsTheFormulas(String device) {
    assertSame(byHand(open(device)), trained(open(device), RECIPE));
  }

  @Test
  void aFadeMakesADifference() {
    Run faded = trained(Device.cpu(1), RECIPE);
    Run constant = trained(Device.cpu(1), RECIPE.withFade(Fade.none()));
    Run again =
        trained(Device.cpu(1), RECIPE.withFade(new Fade(FADE.weightDecay(), Schedule.constant())));
    assertNotEquals(constant.losses, faded.losses);
    assertNotEquals(constant.losses, again.losses);
    assertNotEquals(faded.losses, again.losses);
  }

  /** After the first epoch, and so amid both schedules. */
  @ParameterizedTest
  @ValueSource(strings = {"cpu", "gpu"})
  void aRunThatWasStoppedGoesOnBitForBit(String device) {
    Run alone = trained(open(device), RECIPE);
    for (int epochs : new int[] {1, 3}) {
      Path run = folder.resolve("run" + epochs);
      List<Float> losses = new ArrayList<>();
      try (Backend backend = open(device);
          Model model = network(1).build(backend, 1)) {
        Trainer stopped =
            new Trainer(model, RECIPE, TRAIN)
                .withCheckpoints(run)
                .withCheckpointEvery(Duration.ZERO)
                .withListener(into(losses))
                .withListener(
                    new Listener() {
                      private int ended;

                      @Override
                      public void onEpoch(Epoch epoch) {
                        ended = epoch.number();
                      }

                      @Override
                      public void onCheckpoint(Path file) {
                        if (ended == epochs) {
                          throw new IllegalStateException("stop");
                        }
                      }
                    });
        assertThrows(IllegalStateException.class, stopped::fit);
      }
      try (Backend backend = open(device);
          Model model = network(1).build(backend, 99)) {
        new Trainer(model, RECIPE, TRAIN)
            .withListener(into(losses))
            .resuming(RunFolder.checkpoint(run))
            .fit();
        assertSame(alone, new Run(losses, model.values()));
      }
    }
  }

  @Test
  void theBestEpochIsKeptWithoutStopping() {
    Recipe recipe =
        RECIPE
            .withEpochs(12)
            .withOptimizer(Optimizer.adamw(0.05))
            .withSchedule(Schedule.constant())
            .keepingBest();
    Dataset valid = Digits.DATA.valid();
    try (Backend backend = Device.cpu(1);
        Model model = network(1).build(backend, 1)) {
      Trained trained = new Trainer(model, recipe, TRAIN).withValidation(valid).fit();
      assertEquals(12, trained.epochs());
      assertTrue(trained.keptBest());
      double least =
          trained.history().stream()
              .mapToDouble(epoch -> epoch.validation().get("loss"))
              .min()
              .orElseThrow();
      assertEquals(least, trained.kept().validation().get("loss"));
      assertTrue(trained.bestEpoch() < 12, "else it would show nothing");
      try (Evaluator evaluator =
          new Evaluator(model, valid, java.util.Optional.of(recipe.loss()), BATCH)) {
        evaluator.run();
        assertEquals(least, evaluator.loss(), 1e-9);
      }
    }
  }
}
