package dev.evenkeel.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ScheduleStateTest {

  private static void assertFactors(Schedule schedule, double[] losses, double... expected) {
    ScheduleState state = new ScheduleState(schedule);
    assertEquals(1, state.factor(0, 100));
    for (int i = 0; i < losses.length; i++) {
      state.observe(losses[i]);
      assertEquals(expected[i], state.factor(i + 1, 100), "after loss " + i);
    }
  }

  private static Schedule halving(int patience, double threshold, double minimum) {
    return new Schedule.ReduceOnPlateau(0.5, patience, threshold, minimum);
  }

  @Test
  void reducesOncePatienceIsExceededAndCountsAnew() {
    assertFactors(
        halving(2, 0, 0),
        new double[] {3, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1},
        1,
        1,
        1,
        1,
        0.5,
        0.5,
        0.5,
        0.25,
        0.25,
        0.25,
        0.25,
        0.125);
  }

  @Test
  void aGainInTimeResetsTheCount() {
    assertFactors(halving(1, 0, 0), new double[] {3, 4, 2, 2.5, 1, 1, 1}, 1, 1, 1, 1, 1, 1, 0.5);
  }

  @Test
  void withoutPatienceTheFirstFailureReduces() {
    assertFactors(halving(0, 0, 0), new double[] {1, 1, 1}, 1, 0.5, 0.25);
  }

  @Test
  void aGainBelowTheThresholdIsNone() {
    // 10 % below 1 is the bar: 0.95 and 0.9 miss it and leave the best at 1, 0.89 clears it.
    assertFactors(halving(1, 0.1, 0), new double[] {1, 0.95, 0.9, 0.89, 0.85}, 1, 1, 0.5, 0.5, 0.5);
  }

  @Test
  void negativeLossesMustFallByTheThresholdToo() {
    assertFactors(halving(0, 0.1, 0), new double[] {-1, -1.05, -1.2}, 1, 0.5, 0.5);
  }

  @Test
  void theMinimumHolds() {
    assertFactors(halving(0, 0, 0.2), new double[] {1, 1, 1, 1, 1}, 1, 0.5, 0.25, 0.2, 0.2);
  }

  @Test
  void nanAndInfiniteLossesAreNoGain() {
    double inf = Double.POSITIVE_INFINITY;
    assertFactors(
        halving(1, 0.1, 0),
        new double[] {Double.NaN, inf, 5, Double.NaN, 1},
        1,
        0.5,
        0.5,
        0.5,
        0.5);
  }

  @Test
  void reactsBehindAWarmup() {
    ScheduleState state = new ScheduleState(halving(0, 0, 0).afterWarmup(4));
    assertEquals(0.25, state.factor(0, 10));
    state.observe(1);
    state.observe(1);
    assertEquals(0.5, state.factor(4, 10));
    assertEquals(0.5 * 0.75, state.factor(2, 10));
  }

  @Test
  void otherSchedulesIgnoreLosses() {
    ScheduleState state = new ScheduleState(Schedule.cosine());
    for (int i = 0; i < 50; i++) {
      state.observe(1);
    }
    assertEquals(Schedule.cosine().factor(7, 10), state.factor(7, 10));
  }

  @Test
  void aStateRestoredAnywhereGoesOnAsIfUninterrupted() throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    Schedule schedule = new Schedule.ReduceOnPlateau(1 / 3.0, 2, 1e-3, 1e-5).afterWarmup(3);
    int steps = 60;
    for (int stop = 0; stop <= steps; stop++) {
      Random random = new Random(8);
      ScheduleState whole = new ScheduleState(schedule);
      ScheduleState resumed = new ScheduleState(schedule);
      for (int step = 0; step < steps; step++) {
        if (step == stop) {
          String json = mapper.writeValueAsString(resumed.saved());
          resumed =
              ScheduleState.restore(schedule, mapper.readValue(json, ScheduleState.Saved.class));
        }
        double loss = 1 + 0.3 * random.nextGaussian();
        whole.observe(loss);
        resumed.observe(loss);
        assertEquals(whole.saved(), resumed.saved());
        assertEquals(
            Double.doubleToRawLongBits(whole.factor(step, steps)),
            Double.doubleToRawLongBits(resumed.factor(step, steps)));
      }
    }
  }

  @Test
  void impossibleSavedNumbersAreRefused() {
    ScheduleTest.assertMessage(
        "Schedule state holds best=NaN, lossesWithoutGain=0, reduction=1.0, expected a loss, at"
            + " least 0, and from 0 to 1.",
        () -> new ScheduleState.Saved(Double.NaN, 0, 1));
    ScheduleTest.assertMessage(
        "Schedule state holds best=1.0, lossesWithoutGain=-1, reduction=2.0, expected a loss, at"
            + " least 0, and from 0 to 1.",
        () -> new ScheduleState.Saved(1, -1, 2));
  }
}
