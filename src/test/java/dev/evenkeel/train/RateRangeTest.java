package dev.evenkeel.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.OnCpu;
import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.data.Dataset;
import dev.evenkeel.nn.Activate;
import dev.evenkeel.nn.BatchNorm;
import dev.evenkeel.nn.Dropout;
import dev.evenkeel.nn.Linear;
import dev.evenkeel.nn.Model;
import dev.evenkeel.nn.Network;
import dev.evenkeel.nn.WeightNorm;
import dev.evenkeel.optim.Optimizer;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The range test finds the edge, and leaves no trace. */
class RateRangeTest extends OnCpu {

  private static final Dataset TRAIN = Digits.DATA.train();
  private static final Recipe RECIPE = Recipe.classification().withBatch(64).withSteps(40);
  private static final RateRange.Span SHORT = new RateRange.Span(1e-6, 10, 100);

  /** With everything that keeps state: running statistics, dropout's counter, a start from data. */
  private static final Network NETWORK =
      Network.of(
          64,
          Linear.of(24),
          BatchNorm.standard(),
          Activate.relu(),
          new Dropout(0.2),
          Linear.of(16).withWeightNorm(WeightNorm.fromData()),
          Activate.relu(),
          Linear.of(10));

  private static List<float[]> values(Model model) {
    return model.all().stream().map(model::values).toList();
  }

  private static void assertSame(List<float[]> expected, List<float[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), "the one of number " + i);
    }
  }

  @Test
  void leavesTheModelBitwiseAsItWasAlsoWhereItDiverges() {
    try (Model model = NETWORK.build(backend, 5)) {
      new Trainer(model, RECIPE, TRAIN).fit(); // so that statistics are not those of the start
      List<float[]> before = values(model);
      RateRange diverging =
          RateRange.of(model, RECIPE.withOptimizer(Optimizer.gradientDescent(1)), TRAIN, WILD);
      assertTrue(diverging.diverged());
      assertSame(before, values(model));
    }
  }

  private static final RateRange.Span WILD = new RateRange.Span(1e-3, 1e9, 100);

  @Test
  void aTrainingAfterItEqualsOneWithoutIt() {
    List<float[]> without;
    try (Model model = NETWORK.build(backend, 5)) {
      new Trainer(model, RECIPE, TRAIN).fit();
      without = values(model);
    }
    try (Model model = NETWORK.build(backend, 5)) {
      List<float[]> start = values(model);
      RateRange range = RateRange.of(model, RECIPE, TRAIN, SHORT);
      assertTrue(range.points().size() > 20, "it had to train");
      assertSame(start, values(model));
      new Trainer(model, RECIPE, TRAIN).fit();
      assertSame(without, values(model));
    }
  }

  /** There weights have a second copy, and a step is recorded. */
  @Test
  void leavesNoTraceOnAGpuInBfloat16() {
    assertSame(trainedOnAGpu(false), trainedOnAGpu(true));
  }

  private static List<float[]> trainedOnAGpu(boolean rangeBefore) {
    Dataset few = Digits.train(16);
    Network small =
        Network.of(64, Linear.of(8), BatchNorm.standard(), new Dropout(0.2), Linear.of(10));
    Recipe recipe = RECIPE.withBatch(8).withSteps(3);
    try (Backend gpu =
            SimulatedGpu.open(
                new SimulatedDriver(2), SimulatedGpu.options().withPrecision(Precision.BF16));
        Model model = small.build(gpu, 5)) {
      if (rangeBefore) {
        List<float[]> start = values(model);
        RateRange range = RateRange.of(model, recipe, few, new RateRange.Span(1e-3, 1, 40));
        assertTrue(range.points().size() > 20, "it had to train");
        assertSame(start, values(model));
      }
      new Trainer(model, recipe, few).fit();
      return values(model);
    }
  }

  @Test
  void isTheSameTwice() {
    try (Model model = NETWORK.build(backend, 5)) {
      RateRange first = RateRange.of(model, RECIPE, TRAIN, SHORT);
      assertEquals(first, RateRange.of(model, RECIPE, TRAIN, SHORT));
    }
  }

  @Test
  void ratesRiseExponentiallyFromTheFirstToTheLast() {
    RateRange.Span span = RateRange.Span.standard();
    assertEquals(1e-6, span.rate(0), 1e-12);
    assertEquals(10, span.rate(span.steps() - 1), 1e-6);
    assertEquals(span.rate(101) / span.rate(100), span.rate(301) / span.rate(300), 1e-9);
  }

  @Test
  void whatItSuggestsTrainsBetterThanTenTimesLessAndDoesNotDiverge() {
    Network network = Network.mlp(64, List.of(32), 10);
    double suggested;
    try (Model model = network.build(backend, 1)) {
      RateRange range = RateRange.of(model, RECIPE, TRAIN, RateRange.Span.standard());
      assertTrue(range.diverged(), "at a rate of 10 the loss must leave");
      suggested = range.suggestion().orElseThrow();
    }
    assertTrue(suggested > 1e-4 && suggested < 0.3, "suggested " + suggested);
    assertTrue(loss(network, suggested) < loss(network, suggested / 30), "suggested " + suggested);
    assertTrue(loss(network, suggested) < 0.5, "suggested " + suggested);
  }

  private double loss(Network network, double rate) {
    try (Model model = network.build(backend, 1)) {
      Recipe recipe = RECIPE.withOptimizer(Optimizer.adamw(rate)).withSteps(110);
      return new Trainer(model, recipe, TRAIN).fit().last().trainLoss();
    }
  }

  @Test
  void suggestsNothingWhereNothingIsLearned() {
    try (Model model = Network.mlp(64, List.of(8), 10).build(backend, 1)) {
      RateRange range = RateRange.of(model, RECIPE, TRAIN, new RateRange.Span(1e-9, 1e-8, 60));
      assertTrue(range.suggestion().isEmpty(), range.suggestion()::toString);
      assertFalse(range.diverged());
      assertEquals(60, range.points().size());
    }
  }

  @Test
  void aRangeUpsideDownIsRefused() {
    assertTrue(
        assertThrows(EvenkeelException.class, () -> new RateRange.Span(1, 0.1, 100))
            .getMessage()
            .contains("needs 0 < lowest < highest, not 1.0 to 0.1"));
    assertThrows(EvenkeelException.class, () -> new RateRange.Span(1e-6, 1, 5));
  }
}
