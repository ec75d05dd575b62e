package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
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
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.tensor.RowOrder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Neither Java's heap nor the device's memory grows while training, and all of it comes back. */
class AllocationTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final Network NETWORK =
      Network.of(
          64,
          Linear.of(96),
          BatchNorm.standard(),
          Activate.relu(),
          new Dropout(0.2),
          Residual.of(
              Linear.of(40), BatchNorm.standard(), Activate.of(Activation.GELU), Linear.of(96)),
          Activate.of(Activation.TANH),
          Linear.of(10));

  /** Bytes that this thread and the backends' workers have allocated so far. */
  private static long allocatedBytes() {
    long sum = 0;
    for (long id : ids) {
      sum += THREADS.getThreadAllocatedBytes(id);
    }
    return sum;
  }

  private static long[] ids = {};

  private static void watchThreads(int workers) {
    List<Thread> team =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().startsWith("evenkeel-worker-") && t.isAlive())
            .toList();
    assertTrue(team.size() >= workers, team::toString);
    ids =
        IntStream.rangeClosed(0, team.size())
            .mapToLong(i -> i == team.size() ? Thread.currentThread().getId() : team.get(i).getId())
            .toArray();
  }

  /**
   * The JVM itself allocates on these threads now and then, as when it compiles or unloads code: so
   * many rounds are measured, and most of them must show nothing at all. Something allocated in
   * every round shows in every one.
   */
  private static void assertAllocatesNothing(Runnable round, String what) {
    for (int i = 0; i < 700; i++) {
      round.run();
    }
    int clean = 0;
    long last = 0;
    for (int i = 0; i < 50; i++) {
      long before = allocatedBytes();
      round.run();
      last = allocatedBytes() - before;
      clean += last == 0 ? 1 : 0;
    }
    assertTrue(
        clean >= 45, what + ": " + clean + " of 50 rounds were clean, the last took " + last);
  }

  @Test
  void theCounterCounts() {
    watchThreads(0);
    float[][] kept = new float[1][];
    assertThrows(
        AssertionError.class,
        () -> assertAllocatesNothing(() -> kept[0] = new float[3], "an array a round"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void stepsAllocateNothingAfterWarmUp(int threads) {
    Dataset data = Digits.DATA.train();
    int[] sizes = {128, 100, 128, 57};
    try (Backend backend = Device.cpu(threads);
        Model model = NETWORK.build(backend, 1)) {
      for (Optimizer optimizer :
          List.of(
              Optimizer.gradientDescent(1e-3),
              Optimizer.nesterov(1e-3),
              Optimizer.rmsprop(1e-4),
              Optimizer.adamw(1e-4))) {
        RowOrder order = new RowOrder(IntStream.range(0, data.rows()).toArray());
        TrainingStep.Source source =
            new TrainingStep.Source(
                backend.table(data.features(), data.rows(), 64),
                backend.table(data.targets(), data.rows(), 1),
                order);
        Loss loss = Loss.crossEntropy(0.1);
        try (TrainingStep step = new TrainingStep(model, source, loss, optimizer, 1, 128, 4)) {
          watchThreads(threads - 1);
          int[] number = {0};
          long floats = backend.allocated();
          assertAllocatesNothing(
              () -> {
                order.moveTo(number[0] % 9 * 100);
                step.run(sizes[number[0] % sizes.length], number[0]++, 1e-4);
              },
              "a step of " + optimizer.getClass().getSimpleName());
          assertEquals(floats, backend.allocated(), "memory is taken before the first step");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void evaluatingAllocatesNothingAfterWarmUp(int threads) {
    Dataset data = Digits.DATA.valid();
    Loss loss = new Loss.SoftmaxCrossEntropy(0, List.of(1., 2., 1., 1., 1., 1., 1., 1., 1., 1.));
    try (Backend backend = Device.cpu(threads);
        Model model = NETWORK.build(backend, 1);
        Evaluator evaluator = new Evaluator(model, data, Optional.of(loss), 100)) {
      watchThreads(threads - 1);
      assertAllocatesNothing(evaluator::run, "an evaluation");
    }
  }

  @Test
  void theTrainersOwnLoopAllocatesNothingFromStepToStep() {
    assertStepsAllocateNothing(model -> new Listener() {});
  }

  @Test
  void norDoesTheTensorBoardsWhoseThousandPointsAreWrittenInBetween() {
    assertStepsAllocateNothing(
        model -> new TensorBoard(folder, model, Digits.DATA.train(), System.err::println));
  }

  @Test
  void norDoObservationsBetweenTheEndsOfEpochs() {
    assertStepsAllocateNothing(
        model -> new Observations(folder, model, Digits.DATA.train(), System.err::println));
  }

  @Test
  void norDoesTheFileOfStepsWithALineForEach() throws IOException {
    assertStepsAllocateNothing(
        model -> new StepFile(folder, Digits.DATA.train().rows(), System.err::println, 0, 0));
    int lines = Files.readAllLines(folder.resolve(StepFile.FILE)).size();
    assertTrue(lines > 29 * 719, lines + " lines"); // the clock's first tick has none
  }

  private static void assertStepsAllocateNothing(Function<Model, Listener> watching) {
    Recipe recipe =
        Recipe.classification()
            .withSchedule(Schedule.oneCycle().afterWarmup(100))
            .withBatch(2)
            .withEpochs(30);
    long[] bytes = new long[30000];
    try (Backend backend = Device.cpu(1);
        Model model = Network.mlp(64, List.of(8), 10).build(backend, 1)) {
      watchThreads(0);
      Listener watched = watching.apply(model);
      new Trainer(model, recipe, Digits.DATA.train())
          .withListener(watched)
          .withListener(
              Runs.atSteps((epoch, step, rows, loss) -> bytes[(int) step] = allocatedBytes()))
          .fit();
      if (watched instanceof AutoCloseable closeable) {
        assertDoesNotThrow(closeable::close);
      }
    }
    int clean = 0;
    for (int step = 20900;
        step < 21400;
        step++) { // within the thirtieth epoch of 719 batches, long after warm-up
      clean += bytes[step] == bytes[step + 1] ? 1 : 0;
    }
    assertTrue(clean > 480, clean + " of 500 steps were clean"); // 23 of them make a point
  }

  // The device's memory

  @TempDir Path folder;

  @Test
  void allMemoryComesBackHoweverTrainingEnds() {
    Recipe recipe = Recipe.classification().withEpochs(1);
    Loss fits = Loss.crossEntropy();
    Loss doesNot = new Loss.SoftmaxCrossEntropy(0, List.of(1.0, 2.0));
    for (int threads = 1; threads <= 2; threads++) {
      try (Backend backend = Device.cpu(threads)) {
        for (Loss loss : List.of(fits, doesNot)) {
          try (Model model = NETWORK.build(backend, 1)) {
            long ofTheModel = backend.allocated();
            Trainer trainer =
                new Trainer(model, recipe.withLoss(loss).withClip(1), Digits.DATA.train())
                    .withValidation(Digits.DATA.valid())
                    .withCheckpoints(folder);
            if (loss == fits) {
              trainer.fit();
            } else {
              Expect.failure(trainer::fit, "A network of 10 outputs can't take 2 class weights");
            }
            assertEquals(ofTheModel, backend.allocated());
          }
          assertEquals(0, backend.allocated());
        }
        try (Model model = NETWORK.build(backend, 1)) {
          long ofTheModel = backend.allocated();
          Recipe hopeless = recipe.withOptimizer(Optimizer.gradientDescent(1e30));
          assertThrows(
              EvenkeelException.class,
              () -> new Trainer(model, hopeless, Digits.DATA.train()).fit());
          assertEquals(ofTheModel, backend.allocated());
          assertThrows(
              EvenkeelException.class,
              () -> new Evaluator(model, Digits.DATA.valid(), Optional.of(doesNot), 10));
          assertEquals(ofTheModel, backend.allocated());
        }
        assertEquals(0, backend.allocated());
      }
    }
  }
}
