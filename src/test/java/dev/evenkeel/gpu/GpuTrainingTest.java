package dev.evenkeel.gpu;

import static dev.evenkeel.train.Runs.RICH;
import static dev.evenkeel.train.Runs.STEADY_ADAM;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Device;
import dev.evenkeel.backend.DeviceOptions.NormBody;
import dev.evenkeel.backend.DeviceOptions.Replay;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.gpu.Training.Run;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.optim.Schedule;
import dev.evenkeel.train.Recipe;
import dev.evenkeel.train.RunFolder;
import dev.evenkeel.train.Runs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole training runs on a real GPU, beside the same ones on the CPU. */
class GpuTrainingTest {

  private static final Network PLAIN = Network.mlp(64, List.of(256, 256), 10);

  /** A network with everything that a step can hold. */
  private static final Recipe RECIPE =
      Recipe.classification()
          .withBatch(128)
          .withSteps(200)
          .withOptimizer(STEADY_ADAM)
          .withSchedule(Schedule.cosine())
          .withSeed(3);

  @TempDir Path folder;

  @BeforeEach
  void aGpuIsThere() {
    Gpu.require();
  }

  /** Step by step, relative. */
  private static double worst(Run one, Run other) {
    assertEquals(one.losses().size(), other.losses().size());
    double worst = 0;
    for (int i = 0; i < one.losses().size(); i++) {
      worst = Math.max(worst, Math.abs(one.losses().get(i) / other.losses().get(i) - 1));
    }
    return worst;
  }

  /** A norm's body that isn't there is left out, with its words. */
  @ParameterizedTest
  @EnumSource(NormBody.class)
  void theCurveIsTheCpusOverTwoHundredSteps(NormBody body) {
    Assumptions.assumeTrue(body != NormBody.CUDNN || Gpu.hasCudnn(), "there is no cuDNN here");
    Run cpu = Training.run(Device.cpu(), PLAIN, RECIPE);
    Run gpu = Training.run(Gpu.open(Gpu.options().withNormBody(body)), PLAIN, RECIPE);
    double worst = worst(gpu, cpu);
    System.out.printf("200 steps, batch norm by %s: losses within %.1e%n", body, worst);
    assertTrue(worst < 1e-4, "the losses differ by up to " + worst);
    assertTrue(cpu.losses().get(199) < 0.2 * cpu.losses().get(0), "it learned");
  }

  @ParameterizedTest
  @CsvSource({"FP32, 1100", "TF32, 1100", "BF16, 1100"})
  void replayEqualsEagerBitForBit(Precision precision, int steps) {
    Recipe recipe = RECIPE.withSteps(steps).withClip(1);
    var options = Gpu.options().withPrecision(precision);
    Run eager = Training.run(Gpu.open(options.withReplay(Replay.EAGER)), RICH, recipe);
    Run replayed = Training.run(Gpu.open(options), RICH, recipe);
    Run again = Training.run(Gpu.open(options), RICH, recipe);
    assertEquals(steps, replayed.losses().size());
    assertEquals(eager.losses(), replayed.losses());
    assertArrayEquals(eager.values(), replayed.values());
    assertArrayEquals(replayed.values(), again.values(), "the same run twice");
  }

  /** What rounding to ten or seven bits of mantissa may change early in training. */
  @ParameterizedTest
  @CsvSource({"TF32, 0.02", "BF16, 0.1"})
  void shorterPrecisionsLearnTheSame(Precision precision, double most) {
    Recipe recipe = RECIPE.withSteps(60);
    Run cpu = Training.run(Device.cpu(), PLAIN, recipe);
    Run gpu = Training.run(Gpu.open(Gpu.options().withPrecision(precision)), PLAIN, recipe);
    for (int i = 0; i < 60; i++) {
      assertEquals(cpu.losses().get(i), gpu.losses().get(i), most, "step " + i);
    }
    assertTrue(!cpu.losses().equals(gpu.losses()), precision + " is not float32");
  }

  @ParameterizedTest
  @CsvSource({"cpu, gpu", "gpu, cpu", "gpu, gpu"})
  void aRunGoesOnOnAnotherDevice(String first, String second) {
    Recipe recipe = RECIPE.withSteps(60);
    Run whole = Training.run(open(second), RICH, recipe);
    int done;
    try (Backend backend = open(first);
        Model model = RICH.build(backend, 1)) {
      done = Runs.stopAfter(30, Training.trainer(model, recipe, new ArrayList<>()), folder);
    }
    Run rest;
    try (Backend backend = open(second);
        Model model = RICH.build(backend, 99)) {
      List<Float> losses = new ArrayList<>();
      Training.trainer(model, recipe, losses).resuming(RunFolder.checkpoint(folder)).fit();
      rest = new Run(losses, Runs.values(model));
    }
    assertEquals(60 - done, rest.losses().size());
    for (int i = 0; i < rest.losses().size(); i++) {
      assertEquals(1, rest.losses().get(i) / whole.losses().get(done + i), 1e-4, "step " + i);
    }
    if (first.equals(second)) {
      assertArrayEquals(whole.values(), rest.values(), "bit for bit on one device");
    }
  }

  private static Backend open(String device) {
    return device.equals("cpu") ? Device.cpu() : Gpu.open();
  }

  @Test
  void dropoutAndFirstWeightsAreTheCpus() {
    Recipe one = RECIPE.withSteps(1);
    Run cpu = Training.run(Device.cpu(), RICH, one);
    Run gpu = Training.run(Gpu.open(), RICH, one);
    assertEquals(1, gpu.losses().get(0) / cpu.losses().get(0), 1e-5);
  }
}
