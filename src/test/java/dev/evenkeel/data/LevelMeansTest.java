package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What rows tell of their text, and that none is told its own target. */
class LevelMeansTest {

  /** Davies and Goldsmith 1972, as in R's lme4: the yield of six batches, five times each. */
  private static final double[] DYESTUFF = {
    1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560, 1445,
    1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445
  };

  private static int[] rows(int count, IntUnaryOperator of) {
    return IntStream.range(0, count).map(of).toArray();
  }

  private static LevelMeans means(int[] places, int levels, double[] target) {
    return means(places, levels, target, TrainRows.of(rows(places.length, row -> row)));
  }

  private static LevelMeans means(int[] places, int levels, double[] target, TrainRows train) {
    return new LevelMeans.Training(train, () -> List.of(row -> target[row]))
        .of("text", places, levels);
  }

  /** How far values lie from their mean, in deviations. */
  private static double[] standardised(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(y -> (y - mean) * (y - mean)).sum();
    return Arrays.stream(values)
        .map(y -> (y - mean) / Math.sqrt(squares / values.length))
        .toArray();
  }

  /** Where texts have equally many rows, REML's variances are those of the analysis of variance. */
  @Test
  void theyAreTheRandomEffectsOfLme4() {
    LevelMeans means = means(rows(30, row -> row / 5), 6, DYESTUFF);
    double[] ranef = {
      -17.6068513669, 0.3912633637, 28.5622255507, -23.0845384588, 56.7331877377, -44.9952868265
    };
    double deviation = 61.96437418787185; // of all 30, divided by n
    for (int batch = 0; batch < 6; batch++) {
      assertEquals(ranef[batch] / deviation, means.of(batch, 0), 1e-7);
    }
  }

  /** Of texts with 2 to 41 rows, beside rows without one, by the formulas as books have them. */
  @Test
  void rowsOfUnequalNumberAreWeighedByTheVariances() {
    Random random = new Random(3);
    int[] counts = rows(40, k -> k + 2);
    int all = IntStream.of(counts).sum();
    int[] places = new int[all + 100];
    Arrays.fill(places, -1);
    for (int k = 0, row = 0; k < 40; row += counts[k++]) {
      Arrays.fill(places, row, row + counts[k], k);
    }
    double[] effects = random.doubles(40, -2, 2).toArray();
    double[] target =
        Arrays.stream(places)
            .mapToDouble(k -> (k < 0 ? 5 : effects[k]) + random.nextGaussian())
            .toArray();
    double[] values = standardised(target);
    double total = Arrays.stream(values).limit(all).average().orElseThrow();
    double within = 0;
    double between = 0;
    double squared = 0;
    double[] means = new double[40];
    for (int k = 0, from = 0; k < 40; from += counts[k++]) {
      double[] own = Arrays.copyOfRange(values, from, from + counts[k]);
      double mean = Arrays.stream(own).average().orElseThrow();
      within += Arrays.stream(own).map(y -> (y - mean) * (y - mean)).sum();
      between += counts[k] * (mean - total) * (mean - total);
      squared += counts[k] * counts[k];
      means[k] = mean;
    }
    within /= all - 40;
    between = (between / 39 - within) / ((all - squared / all) / 39);
    LevelMeans drawn = means(places, 40, target);
    for (int k = 0; k < 40; k++) {
      double expected = means[k] * counts[k] / (counts[k] + within / between);
      assertEquals(expected, drawn.of(k, 0), 1e-6);
    }
  }

  /** A text's rows are dealt to five folds, and a row is told the mean of the other four. */
  @Test
  void aRowIsToldByOthers() {
    int[] places = rows(200, row -> row % 20);
    Random random = new Random(1);
    double[] target = IntStream.of(places).mapToDouble(k -> k + random.nextDouble()).toArray();
    double[] values = standardised(target);
    LevelMeans means = means(places, 20, target);
    double whole = IntStream.range(0, 10).mapToDouble(i -> values[4 + 20 * i]).sum();
    double ratio = whole / means.of(4, 0) - 10; // by what one mean was drawn, as all are
    for (int row = 0; row < 200; row++) {
      int own = row / 20 % 5;
      double others = 0;
      for (int i = 0; i < 10; i++) {
        others += i % 5 == own ? 0 : values[row % 20 + 20 * i];
      }
      assertEquals(others / (8 + ratio), means.of(places[row], row, 0), 1e-5);
      assertNotEquals(means.of(places[row], 0), means.of(places[row], row, 0));
    }
  }

  /** However rows lie: by day, as many shops each day, or by shop. */
  @Test
  void everyOrderOfRowsIsDealtAlike() {
    for (IntUnaryOperator shop :
        List.<IntUnaryOperator>of(row -> row % 50, row -> row / 12, row -> row % 25, row -> row)) {
      int[] places = rows(600, shop);
      int levels = IntStream.of(places).max().orElseThrow() + 1;
      double[] target =
          IntStream.range(0, 600)
              .mapToDouble(row -> 3 * Math.sin(places[row]) + row % 7 * 0.1)
              .toArray();
      LevelMeans means = means(places, levels, target);
      for (int row = 0; row < 600; row++) {
        double told = means.of(places[row], row, 0);
        double known = means.of(places[row], 0);
        assertEquals(known, told, 0.3 * Math.abs(known) + 0.1, "as later rows are told, nearly");
        assertTrue(levels == 600 ? told == 0 && known == 0 : told != 0);
      }
    }
  }

  /** Rows of a group tell each other nothing, and of a text within one group nothing is known. */
  @Test
  void groupsAreDealtWhole() {
    int[] places = rows(240, row -> row / 40);
    double[] target = new Random(2).doubles(240).map(y -> y * 5).toArray();
    IntStream.range(0, 240).forEach(row -> target[row] += places[row]);
    for (int size : List.of(4, 40)) {
      Groups groups = new Groups("g", List.of(), rows(240, row -> row / size));
      TrainRows train = new TrainRows(rows(240, row -> row), Optional.of(groups), Optional.empty());
      LevelMeans means = means(places, 6, target, train);
      for (int row = 0; row < 240; row++) {
        int first = row / size * size;
        assertEquals(means.of(places[first], first, 0), means.of(places[row], row, 0));
        assertEquals(size == 40, means.of(places[row], 0) == 0);
      }
    }
  }

  /** A row of weight 3 is three such rows, one of weight 0 none; it matters not what 1 is. */
  @Test
  void rowsCountAsTheirWeightsSay() {
    int[] places = rows(120, row -> row % 12);
    float[] weights = new float[120];
    Random random = new Random(4);
    double[] target = random.doubles(120).toArray();
    for (int row = 0; row < 120; row++) {
      weights[row] = row % 5 == 0 ? 0 : 1;
      target[row] += row % 5 == 0 ? 100 : places[row] * 0.2;
    }
    int[] all = rows(120, row -> row);
    int[] some = IntStream.of(all).filter(row -> weights[row] > 0).toArray();
    LevelMeans expected = means(places, 12, target, TrainRows.of(some));
    LevelMeans weighed = means(places, 12, target, TrainRows.of(all).withWeights(weights));
    float[] halves = new float[120];
    IntStream.range(0, 120).forEach(row -> halves[row] = weights[row] / 2);
    LevelMeans halved = means(places, 12, target, TrainRows.of(all).withWeights(halves));
    IntStream.range(0, 120).forEach(row -> halves[row] *= row % 2 == 0 ? 1 : 5);
    LevelMeans uneven = means(places, 12, target, TrainRows.of(all).withWeights(halves));
    for (int k = 0; k < 12; k++) {
      assertEquals(expected.of(k, 0), weighed.of(k, 0), 1e-6);
      assertEquals(expected.of(k, 0), halved.of(k, 0), 1e-6);
      assertNotEquals(expected.of(k, 0), uneven.of(k, 0), 1e-4);
    }
  }

  /** Texts that say nothing are 0: chance alone tells them apart. */
  @Test
  void whatDiffersByChanceAloneIsZero() {
    int[] places = rows(3_000, row -> row % 1_000);
    int zero = 0;
    for (int seed = 0; seed < 20; seed++) {
      LevelMeans means = means(places, 1_000, new Random(seed).doubles(3_000).toArray());
      double most =
          IntStream.range(0, 1_000).mapToDouble(k -> Math.abs(means.of(k, 0))).max().orElseThrow();
      zero += most == 0 ? 1 : 0;
      assertTrue(most < 0.3, "of a target whose texts lie up to 1.7 apart: " + most);
    }
    assertTrue(zero >= 5, "half of the time chance leaves less between texts than within: " + zero);
    double[] noise = new Random(1).doubles(50).toArray();
    assertEquals(0, means(rows(50, row -> row), 50, noise).of(7, 0), "of one row nothing is known");
    assertEquals(0, means(new int[50], 1, noise).of(0, 0), "one text is all");
  }

  @Test
  void missingAndUnseenTextsTellNothing() {
    int[] places = rows(100, row -> row % 5 - 1);
    double[] target = IntStream.range(0, 100).mapToDouble(row -> row % 5 + row % 3).toArray();
    LevelMeans means = means(places, 6, target);
    assertEquals(0, means.of(4, 0), "no row has it");
    assertTrue(means.of(0, 0) < means.of(1, 0) && means.of(2, 0) < means.of(3, 0));
  }

  @Test
  void ofTwoClassesOneTellsTheOther() {
    Target.Labels two = new Target.Labels("y", List.of("a", "b"));
    assertEquals(1, new TargetRows(two, new int[] {0, 1, 1}, List.of(), true).told().size());
    Target.Labels three = new Target.Labels("y", List.of("a", "b", "c"));
    var told = new TargetRows(three, new int[] {0, 2, 1}, List.of(), true).told();
    assertEquals(3, told.size());
    assertEquals(1, told.get(2).applyAsDouble(1));
    assertEquals(0, told.get(2).applyAsDouble(2));
  }
}
