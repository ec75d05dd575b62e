package dev.evenkeel.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ThinningTest {

  private static Map<String, List<Double>> table(int points) {
    List<Double> steps = IntStream.rangeClosed(1, points).mapToObj(i -> 2.0 * i).toList();
    List<Double> losses = IntStream.range(0, points).mapToObj(i -> i % 2 * 1.0).toList();
    return Map.of("step", steps, "train_loss", losses, "learning_rate", steps);
  }

  @Test
  void manyPointsBecomeMeansAndTheEndsOfTheirSections() {
    Map<String, List<Double>> thin = Thinning.byStep(table(4 * Thinning.MOST_POINTS));
    assertEquals(Thinning.MOST_POINTS, thin.get("step").size());
    assertEquals(8.0, thin.get("step").get(0));
    assertEquals(thin.get("step"), thin.get("learning_rate"));
    assertTrue(thin.get("train_loss").stream().allMatch(loss -> loss == 0.5));
  }

  @Test
  void fewPointsStayAsTheyAre() {
    Map<String, List<Double>> table = table(Thinning.MOST_POINTS);
    assertSame(table, Thinning.byStep(table));
    assertEquals(Map.of(), Thinning.byStep(Map.of()));
  }
}
