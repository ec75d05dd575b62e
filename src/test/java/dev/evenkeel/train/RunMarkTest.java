package dev.evenkeel.train;

import static dev.evenkeel.train.Runs.parameters;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunMarkTest {

  private static final Dataset FEW = Digits.train(97);
  private static final Network NETWORK = Network.mlp(64, List.of(16), 10);

  private static final Recipe RECIPE =
      Recipe.classification().withBatch(16).withEpochs(4).withSeed(7);

  @TempDir Path folder;

  /** Asks at the first step; steps are slow enough for the run to look before its end. */
  private static Listener asking(Path folder) {
    return new Listener() {
      private boolean asked;

      @Override
      public void onStep(int epoch, long step, int rows, float loss, double rate, long nanos) {
        if (!asked) {
          assertTrue(RunMark.isRunning(folder));
          RunMark.askToStop(folder);
          asked = true;
        }
        try {
          Thread.sleep(30);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    };
  }

  @Test
  void aRunThatIsAskedStopsWithACheckpointAndGoesOnBitForBit() {
    float[] whole;
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      new Trainer(model, RECIPE, FEW).fit();
      whole = parameters(model);
    }
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      Trainer trainer =
          new Trainer(model, RECIPE, FEW).withCheckpoints(folder).withListener(asking(folder));
      StoppedException stopped = assertThrows(StoppedException.class, trainer::fit);
      assertTrue(stopped.steps() > 1 && stopped.steps() < 24, stopped.getMessage());
      assertEquals(
          stopped.steps(), Checkpoint.progress(RunFolder.checkpoint(folder)).step(), "on disk");
    }
    assertFalse(RunMark.isRunning(folder));
    assertFalse(Files.exists(folder.resolve(SavedModel.MODEL_FILE)));
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 6)) {
      new Trainer(model, RECIPE, FEW)
          .withCheckpoints(folder)
          .resuming(RunFolder.checkpoint(folder))
          .fit();
      assertArrayEquals(whole, parameters(model));
    }
  }

  @Test
  void whatAnEarlierRunWasAskedIsForgotten() throws IOException {
    RunMark.askToStop(folder);
    try (RunMark mark = RunMark.of(folder)) {
      Files.writeString(folder.resolve("other"), "");
      assertFalse(Files.exists(folder.resolve("stop")));
      assertFalse(mark.isStopAsked());
    }
  }

  private Listener interrupting() {
    return new Listener() {
      @Override
      public void onStep(int epoch, long step, int rows, float loss, double rate, long nanos) {
        if (step == 1) {
          Thread.currentThread().interrupt();
        }
      }
    };
  }

  @Test
  void anInterruptedThreadStopsWithACheckpointAndStaysInterrupted() {
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      Trainer trainer =
          new Trainer(model, RECIPE, FEW).withCheckpoints(folder).withListener(interrupting());
      StoppedException stopped = assertThrows(StoppedException.class, trainer::fit);
      assertTrue(Thread.interrupted());
      assertTrue(stopped.steps() < 24, stopped.getMessage());
      assertEquals(stopped.steps(), Checkpoint.progress(RunFolder.checkpoint(folder)).step());
      Trainer bare = new Trainer(model, RECIPE, FEW).withListener(interrupting());
      stopped = assertThrows(StoppedException.class, bare::fit);
      assertTrue(Thread.interrupted());
      assertTrue(stopped.getMessage().contains("keeps checkpoints"), stopped.getMessage());
    }
  }

  /** Whatever the run was at: a step, a checkpoint, its mark, the model at its end. */
  @Test
  void anInterruptAtAnyMomentLeavesAWholeRunOrACheckpoint() throws Exception {
    Random random = new Random(1);
    int stopped = 0;
    for (int i = 0; i < 30; i++) {
      Path run = folder.resolve("run-" + i);
      FutureTask<Throwable> training = new FutureTask<>(() -> outcome(run));
      Thread thread = new Thread(training);
      thread.start();
      for (int k = 0; k < 3; k++) {
        Thread.sleep(0, random.nextInt(1_000_000));
        Thread.sleep(random.nextInt(4));
        thread.interrupt();
      }
      Throwable outcome = training.get();
      if (outcome == null) {
        assertTrue(Files.exists(run.resolve(SavedModel.MODEL_FILE)), run::toString);
      } else {
        assertInstanceOf(StoppedException.class, outcome);
        RunFolder.checkpoint(run);
        stopped++;
      }
      assertFalse(RunMark.isRunning(run));
    }
    assertTrue(stopped > 0, "none was interrupted in time");
  }

  /** What was thrown, if anything was. */
  private static Throwable outcome(Path run) {
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      new Trainer(model, RECIPE.withEpochs(12), FEW)
          .withCheckpoints(run)
          .withCheckpointEvery(Duration.ZERO)
          .withListener(new RunFolder.HistoryFile(run))
          .fit();
      return null;
    } catch (EvenkeelException e) {
      return e;
    }
  }

  @Test
  void ofTwoRunsThatBeginAtOnceOneIsRefused() throws Exception {
    for (int i = 0; i < 20; i++) {
      Path run = folder.resolve("both-" + i);
      Files.createDirectory(run);
      CyclicBarrier together = new CyclicBarrier(2);
      Callable<Boolean> begin =
          () -> {
            together.await();
            try {
              RunMark.of(run);
              return true;
            } catch (EvenkeelException e) {
              return false;
            }
          };
      FutureTask<Boolean> other = new FutureTask<>(begin);
      new Thread(other).start();
      assertTrue(begin.call() ^ other.get(), "one of them");
    }
  }

  @Test
  void aRunSaysHowLongItWillBe() throws IOException {
    assertEquals(Optional.empty(), RunMark.length(folder));
    try (Backend backend = Device.cpu(1);
        Model model = NETWORK.build(backend, 5)) {
      Trainer trainer =
          new Trainer(model, RECIPE.withSteps(19), FEW)
              .withCheckpoints(folder)
              .withListener(asking(folder));
      assertThrows(
          StoppedException.class,
          trainer.withListener(
                  Runs.atSteps(
                      (epoch, step, rows, loss) ->
                          assertEquals(
                              Optional.of(new RunMark.Length(3, 19)), RunMark.length(folder))))
              ::fit);
    }
    assertEquals(Optional.empty(), RunMark.length(folder));
    try (RunMark mark = RunMark.of(folder)) {
      assertEquals(Optional.empty(), RunMark.length(folder), "not said yet");
      mark.tell(new RunMark.Length(3, 1L << 40));
      assertEquals(Optional.of(new RunMark.Length(3, 1L << 40)), RunMark.length(folder));
      assertTrue(RunMark.isRunning(folder));
      Files.writeString(folder.resolve("running"), "1 2\nx y\n");
      assertEquals(Optional.empty(), RunMark.length(folder));
    }
  }

  /** As of a container whose Java has the same number each time, and starts again at once. */
  @Test
  void aMarkOfAnEarlierProcessOfThisNumberSaysNothing() throws IOException {
    try (RunMark mark = RunMark.of(folder)) {
      Path other = Files.createDirectory(folder.resolve("other"));
      Files.copy(folder.resolve("running"), other.resolve("running"));
      assertFalse(RunMark.isRunning(other));
      RunMark.of(other).close();
      Expect.failure(
          () -> RunMark.of(folder.resolve("other/..")),
          "is being trained by this program at this moment");
    }
    RunMark.of(folder).close();
  }

  @Test
  void aMarkOfAProcessThatIsGoneSaysNothing() throws IOException {
    assertFalse(RunMark.isRunning(folder));
    try (RunMark mark = RunMark.of(folder)) {
      assertTrue(RunMark.isRunning(folder));
      String ours = Files.readString(folder.resolve("running"));
      for (String other : List.of("", "nonsense", ours + "0", "x " + ours, "99999999 2020")) {
        Files.writeString(folder.resolve("running"), other);
        assertFalse(RunMark.isRunning(folder), other);
      }
      assertFalse(mark.isStopAsked());
    }
  }
}
