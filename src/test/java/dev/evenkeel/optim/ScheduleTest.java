package dev.evenkeel.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evenkeel.EvenkeelException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  /** One cosine and a few products in double. */
  private static final double DOUBLE = 1e-15;

  private static final List<Schedule> ALL =
      List.of(
          Schedule.constant(),
          Schedule.step(30, 0.1),
          Schedule.cosine(),
          Schedule.cosine(0.01),
          Schedule.oneCycle(),
          Schedule.flatCosine(),
          new Schedule.FlatCosine(0.25),
          Schedule.cosineLog(),
          Schedule.reduceOnPlateau(),
          new Schedule.ReduceOnPlateau(1 / 3.0, 2, 0, 1e-3),
          Schedule.cosine(0.1).afterWarmup(7),
          Schedule.reduceOnPlateau().afterWarmup(3).afterWarmup(2));

  @Test
  void constantStaysAtOne() {
    assertEquals(1, Schedule.constant().factor(0, 10));
    assertEquals(1, Schedule.constant().factor(9, 10));
  }

  @Test
  void stepMultipliesAfterEverySoManySteps() {
    Schedule schedule = Schedule.step(30, 0.1);
    double[] expected = {1, 0.1, 0.01, 0.001};
    for (int stage = 0; stage < expected.length; stage++) {
      assertEquals(expected[stage], schedule.factor(30 * stage, 120), DOUBLE);
      assertEquals(expected[stage], schedule.factor(30 * stage + 29, 120), DOUBLE);
    }
  }

  @Test
  void cosineFallsFromOneToTheFloorAtTheLastStep() {
    Schedule schedule = Schedule.cosine(0.2);
    assertEquals(1, schedule.factor(0, 13), DOUBLE);
    assertEquals(0.2 + 0.8 * 0.75, schedule.factor(4, 13), DOUBLE); // cos 60° = 1/2
    assertEquals(0.6, schedule.factor(6, 13), DOUBLE);
    assertEquals(0.2 + 0.8 * 0.25, schedule.factor(8, 13), DOUBLE);
    assertEquals(0.2, schedule.factor(12, 13));
    assertEquals(0.2, schedule.factor(1000, 13), "held past the end");
    assertEquals(1, schedule.factor(0, 1), "a run of one step");
  }

  /** The recursion that PyTorch's CosineAnnealingLR computes, another road to the closed form. */
  @Test
  void cosineAgreesWithPyTorchsRecursion() {
    double floor = 0.05;
    int last = 99;
    Schedule schedule = Schedule.cosine(floor);
    double rate = 1;
    for (int step = 1; step <= last; step++) {
      rate =
          (1 + Math.cos(Math.PI * step / last))
                  / (1 + Math.cos(Math.PI * (step - 1) / last))
                  * (rate - floor)
              + floor;
      assertEquals(rate, schedule.factor(step, last + 1), 1e-13);
    }
  }

  @Test
  void flatCosineIsOneForHalfTheRunAndThenFallsToZero() {
    Schedule schedule = Schedule.flatCosine();
    for (int step = 0; step <= 60; step++) {
      assertEquals(1, schedule.factor(step, 120));
    }
    assertEquals(0.75, schedule.factor(80, 120), DOUBLE); // cos 60° = 1/2
    assertEquals(0.5, schedule.factor(90, 120), DOUBLE);
    assertEquals(0.25, schedule.factor(100, 120), DOUBLE);
    for (int step = 61; step < 120; step++) {
      double formula = (1 + Math.cos(Math.PI * (step / 60.0 - 1))) / 2;
      assertEquals(formula, schedule.factor(step, 120), DOUBLE);
    }
    assertEquals(0, schedule.factor(120, 120), "past the end");
    assertEquals(0, schedule.factor(1000, 120), "held past the end");
    assertEquals(1, schedule.factor(0, 1), "a run of one step");
  }

  /** Waves end where 1 + 15 t is a power of two: at 1/15, 3/15, 7/15 and 1 of the run. */
  @Test
  void cosineLogWavesFourTimesEachTwiceAsLong() {
    Schedule schedule = Schedule.cosineLog();
    int total = 1500;
    for (int end : new int[] {0, 100, 300, 700, 1500, 9999}) {
      assertEquals(0, schedule.factor(end, total), 1e-12);
    }
    for (int wave = 0; wave < 4; wave++) {
      double top = (Math.pow(2, wave + 0.5) - 1) / 15;
      long steps = 1_000_000_000_000L; // so that no step lies far from the top
      assertEquals(1, schedule.factor(Math.round(top * steps), steps), 1e-12);
    }
    for (int step = 0; step < total; step++) {
      double waves = Math.log(1 + 15.0 * step / total) / Math.log(2);
      double formula = 0.5 * (1 - Math.cos(2 * Math.PI * waves));
      assertEquals(formula, schedule.factor(step, total), 1e-13); // of cosines of up to 8π
    }
  }

  @Test
  void regularisationCannotWaitForLosses() {
    Schedule waits = Schedule.reduceOnPlateau().afterWarmup(3);
    String words = "can't follow a plateau: that schedule is the learning rate's alone";
    assertTrue(
        assertThrows(EvenkeelException.class, () -> new Fade(waits, Schedule.constant()))
            .getMessage()
            .startsWith("Weight decay " + words));
    assertTrue(
        assertThrows(EvenkeelException.class, () -> new Fade(Schedule.constant(), waits))
            .getMessage()
            .startsWith("Dropout " + words));
  }

  @Test
  void oneCycleAtItsLandmarks() {
    Schedule schedule = Schedule.oneCycle();
    // 101 steps with 30 %: PyTorch puts the peak at 0.3·101 − 1 = 29.3.
    assertEquals(0.04, schedule.factor(0, 101), DOUBLE);
    assertEquals(4e-6, schedule.factor(100, 101), DOUBLE);
    assertEquals(4e-6, schedule.factor(101, 101), DOUBLE);
    // 100 steps: the peak is step 29, and step 64 half the way from there to 99.
    assertEquals(1, schedule.factor(29, 100), DOUBLE);
    assertEquals((1 + 4e-6) / 2, schedule.factor(64, 100), DOUBLE);
    assertEquals((1 + 4e-6) / 2, new Schedule.OneCycle(0, 25, 1e4).factor(49, 100), DOUBLE);
    assertTrue(schedule.factor(28, 100) < 1 && schedule.factor(30, 100) < 1);
  }

  @Test
  void oneCycleAgreesWithPyTorchsFormula() {
    for (double warmupFraction : new double[] {0, 0.05, 0.3, 0.55, 1}) {
      Schedule schedule = new Schedule.OneCycle(warmupFraction, 10, 100);
      for (int totalSteps : new int[] {2, 7, 10, 100, 1001}) {
        for (int step = 0; step < totalSteps; step++) {
          double expected = pyTorchOneCycle(step, totalSteps, warmupFraction, 10, 100);
          assertEquals(expected, schedule.factor(step, totalSteps), 4e-15);
        }
      }
    }
  }

  /** torch.optim.lr_scheduler.OneCycleLR.get_lr, of a maximal rate of 1. */
  private static double pyTorchOneCycle(
      int step, int total, double warmupFraction, double divFactor, double finalDivFactor) {
    double initial = 1 / divFactor;
    double[] ends = {warmupFraction * total - 1, total - 1};
    double[] starts = {initial, 1};
    double[] targets = {1, initial / finalDivFactor};
    double begin = 0;
    for (int phase = 0; phase < 2; phase++) {
      if (step <= ends[phase] || phase == 1) {
        double share = (step - begin) / (ends[phase] - begin);
        return targets[phase]
            + (starts[phase] - targets[phase]) / 2 * (Math.cos(Math.PI * share) + 1);
      }
      begin = ends[phase];
    }
    throw new AssertionError();
  }

  @Test
  void oneCycleOfTinyRunsIsFinite() {
    for (double warmupFraction : new double[] {0, 0.3, 0.5, 1}) {
      Schedule schedule = new Schedule.OneCycle(warmupFraction, 25, 1e4);
      for (long total = 1; total <= 4; total++) {
        for (long step = 0; step <= total + 1; step++) {
          double factor = schedule.factor(step, total);
          assertTrue(factor > 0 && factor <= 1, schedule + " at " + step + " of " + total);
        }
      }
    }
  }

  @Test
  void warmupRisesLinearlyThenFollows() {
    Schedule schedule = Schedule.cosine(0.2).afterWarmup(4);
    for (int step = 0; step < 4; step++) {
      assertEquals((step + 1) / 4.0, schedule.factor(step, 17), DOUBLE);
    }
    for (int step = 4; step < 17; step++) {
      assertEquals(Schedule.cosine(0.2).factor(step - 4, 13), schedule.factor(step, 17));
    }
    assertEquals(0.2, schedule.factor(16, 17));
  }

  @Test
  void warmupOfNoStepsIsTheScheduleItselfAndOneLongerThanTheRunJustRises() {
    assertEquals(Schedule.cosine().factor(3, 10), Schedule.cosine().afterWarmup(0).factor(3, 10));
    assertEquals(0.1, Schedule.cosine().afterWarmup(20).factor(1, 10), DOUBLE);
    assertEquals(0.5, Schedule.cosine().afterWarmup(20).factor(9, 10), DOUBLE);
  }

  @Test
  void warmupRisesToTheFirstFactorOfWhatFollows() {
    Schedule schedule = Schedule.oneCycle().afterWarmup(2);
    assertEquals(0.02, schedule.factor(0, 102), DOUBLE);
    assertEquals(0.04, schedule.factor(1, 102), DOUBLE);
    assertEquals(0.04, schedule.factor(2, 102), DOUBLE);
  }

  @Test
  void everyScheduleSurvivesJson() throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    for (Schedule schedule : ALL) {
      String json = mapper.writerFor(Schedule.class).writeValueAsString(schedule);
      assertEquals(schedule, mapper.readValue(json, Schedule.class), json);
    }
    assertEquals(
        "{\"type\":\"warmup\",\"steps\":5,\"then\":{\"type\":\"cosine\",\"floor\":0.1}}",
        mapper.writeValueAsString(Schedule.cosine(0.1).afterWarmup(5)));
    assertEquals("{\"type\":\"constant\"}", mapper.writeValueAsString(Schedule.constant()));
  }

  @Test
  void everyNameGivesItsSchedule() {
    assertEquals(Schedule.constant(), Schedule.named("constant", 100));
    assertEquals(Schedule.step(34, 0.1), Schedule.named("step", 100));
    assertEquals(Schedule.step(1, 0.1), Schedule.named("step", 1));
    assertEquals(Schedule.cosine(), Schedule.named("cosine", 100));
    assertEquals(new Schedule.OneCycle(0.3, 25, 1e4), Schedule.named("one-cycle", 100));
    assertEquals(Schedule.reduceOnPlateau(), Schedule.named("plateau", 100));
    assertMessage(
        "Unknown schedule 'linear': expected constant, step, cosine, flat-cosine, cosine-log, one-cycle or plateau.",
        () -> Schedule.named("linear", 100));
    assertEquals(Schedule.cosineLog(), Schedule.forFade("cosine-log", 100));
    assertMessage(
        "Unknown schedule 'linear': expected constant, step, cosine, flat-cosine, cosine-log or one-cycle.",
        () -> Schedule.forFade("linear", 100));
  }

  @Test
  void argumentsAreChecked() {
    assertMessage("Step: everySteps is 0, expected at least 1.", () -> Schedule.step(0, 0.1));
    assertMessage(
        "Step: factor is 0.0, expected above 0 and at most 1.", () -> Schedule.step(1, 0));
    assertMessage("Cosine: floor is NaN, expected from 0 to 1.", () -> Schedule.cosine(Double.NaN));
    assertMessage(
        "OneCycle: warmupFraction is 1.5, expected from 0 to 1.",
        () -> new Schedule.OneCycle(1.5, 25, 1e4));
    assertMessage(
        "OneCycle: startDivisor is 0.0, expected at least 1, and finite.",
        () -> new Schedule.OneCycle(0.3, 0, 1e4));
    assertMessage(
        "OneCycle: endDivisor is Infinity, expected at least 1, and finite.",
        () -> new Schedule.OneCycle(0.3, 25, Double.POSITIVE_INFINITY));
    assertMessage(
        "Warmup: steps is -1, expected at least 0.", () -> Schedule.constant().afterWarmup(-1));
    assertMessage(
        "Warmup: then is null, expected the schedule that follows.",
        () -> new Schedule.Warmup(1, null));
    assertMessage(
        "ReduceOnPlateau: factor is 1.0, expected between 0 and 1.",
        () -> new Schedule.ReduceOnPlateau(1, 10, 0, 0));
    assertMessage(
        "ReduceOnPlateau: patience is -1, expected at least 0.",
        () -> new Schedule.ReduceOnPlateau(0.1, -1, 0, 0));
    assertMessage(
        "ReduceOnPlateau: threshold is 1.0, expected at least 0 and below 1.",
        () -> new Schedule.ReduceOnPlateau(0.1, 1, 1, 0));
    assertMessage(
        "ReduceOnPlateau: minimum is 2.0, expected from 0 to 1: a share of the base learning rate.",
        () -> new Schedule.ReduceOnPlateau(0.1, 1, 0, 2));
    for (Schedule schedule : ALL) {
      assertMessage("Schedule: totalSteps is 0, expected at least 1.", () -> schedule.factor(0, 0));
      assertMessage("Schedule: step is -1, expected at least 0.", () -> schedule.factor(-1, 5));
    }
  }

  static void assertMessage(String expected, Runnable action) {
    assertEquals(expected, assertThrows(EvenkeelException.class, action::run).getMessage());
  }
}
