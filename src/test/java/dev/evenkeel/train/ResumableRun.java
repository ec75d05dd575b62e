package dev.evenkeel.train;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.loss.Loss;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.Residual;
import dev.evenkeel.nn.RunningStatistics;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A training that goes on from the checkpoint in its folder where there is one: in this process, or
 * as a program of its own that can be killed.
 */
enum ResumableRun {
  COSINE(
      24,
      Schedule.cosine().afterWarmup(10),
      Optimizer.adamw(4e-3),
      1,
      RunningStatistics.exponential(0.1)),
  PLATEAU(
      24,
      new Schedule.ReduceOnPlateau(0.5, 0, 0.02, 1e-3),
      Optimizer.nesterov(0.1).withWeightDecay(1e-3),
      0,
      RunningStatistics.cumulative()),
  ONE_CYCLE(24, Schedule.oneCycle(), Optimizer.rmsprop(2e-3), 0.5, RunningStatistics.population()),
  /** Writing its checkpoints takes most of the time. */
  LARGE(400, Schedule.cosine(), Optimizer.adam(1e-3), 0, RunningStatistics.exponential(0.1));

  static final int EPOCHS = 20;

  /** In seven batches, six of 14 rows and one of 13. */
  static final Dataset TRAIN = Digits.train(97);

  static final Dataset VALID = Digits.DATA.valid().select(IntStream.range(0, 50).toArray());

  final Network network;
  final Recipe recipe;

  ResumableRun(
      int width, Schedule schedule, Optimizer optimizer, double clip, RunningStatistics running) {
    BatchNorm norm = BatchNorm.standard().withRunning(running);
    network =
        Network.of(
            64,
            Linear.of(width),
            norm,
            Activate.relu(),
            new Dropout(0.2),
            Residual.of(
                Linear.of(16),
                norm,
                Activate.of(Activation.TANH),
                new Dropout(0.1),
                Linear.of(width)),
            Linear.of(10));
    recipe =
        Recipe.classification()
            .withLoss(Loss.crossEntropy(0.05))
            .withOptimizer(optimizer)
            .withSchedule(schedule)
            .withClip(clip)
            .withBatch(16)
            .withEpochs(EPOCHS)
            .withEarlyStopping(1000, "accuracy")
            .withSeed(77);
  }

  Trained run(Path folder, Duration every, Listener listener) {
    try (Backend backend = Device.cpu(1);
        Model model = network.build(backend, 5)) {
      Trainer trainer =
          new Trainer(model, recipe, TRAIN)
              .withValidation(VALID)
              .withCheckpoints(folder)
              .withCheckpointEvery(every)
              .withListener(listener);
      Path checkpoint = folder.resolve(SavedModel.CHECKPOINT_FILE);
      if (Files.exists(checkpoint)) {
        trainer.resuming(SavedModel.load(checkpoint));
      }
      return trainer.fit();
    }
  }

  /** Arguments: which run, its folder, milliseconds between checkpoints. */
  public static void main(String[] arguments) {
    ResumableRun.valueOf(arguments[0])
        .run(
            Path.of(arguments[1]),
            Duration.ofMillis(Long.parseLong(arguments[2])),
            new Listener() {
              @Override
              public void onStart(
                  int epoch, int epochs, long step, long totalSteps, List<Epoch> before) {
                System.out.println("start at " + step);
              }

              @Override
              public void onStep(
                  int epoch, long step, int rows, float loss, double rate, long nanos) {
                System.out.println("step " + step);
              }
            });
    System.out.println("done");
  }
}
