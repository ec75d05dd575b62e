package dev.evenkeel.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What rows tell of their text, and that none is told its own target. */
class LevelMeansTest {

  /** Davies and Goldsmith 1972, as in R's lme4: the yield of six batches, five times each. */
  private static final double[] DYESTUFF = {
    1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560, 1445,
    1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445
  };

  private static double deviation(double[] values, double mean) {
    return Math.sqrt(
        Arrays.stream(values).map(y -> (y - mean) * (y - mean)).average().orElseThrow());
  }

  private static int[] range(int count) {
    return IntStream.range(0, count).toArray();
  }

  private static LevelMeans means(int[] places, int levels, double[] target, int[] folds) {
    return new LevelMeans.Training(
            range(places.length), folds, LevelMeans.ofNumbers(List.of(target)))
        .means(places, levels, 0);
  }

  /** Where texts have equally many rows, REML's variances are those of the analysis of variance. */
  @Test
  void theyAreTheRandomEffectsOfLme4() {
    int[] batches = IntStream.range(0, 30).map(row -> row / 5).toArray();
    LevelMeans means = means(batches, 6, DYESTUFF, new int[30]);
    double[] ranef = {
      -17.6068513669, 0.3912633637, 28.5622255507, -23.0845384588, 56.7331877377, -44.9952868265
    };
    double deviation = 61.96437418787185; // of all 30, divided by n
    for (int batch = 0; batch < 6; batch++) {
      assertEquals(ranef[batch] / deviation, means.of(batch), 1e-7);
    }
  }

  /** Of texts with 1 to 40 rows, by the formulas as books have them. */
  @Test
  void rowsOfUnequalNumberAreWeighedByTheVariances() {
    Random random = new Random(3);
    int[] places = range(820);
    int place = 0;
    for (int count = 1, row = 0; count <= 40; count++, place++) {
      for (int i = 0; i < count; i++, row++) {
        places[row] = place;
      }
    }
    double[] effects = random.doubles(40, -2, 2).toArray();
    double[] target =
        Arrays.stream(places).mapToDouble(k -> 7 + effects[k] + random.nextGaussian()).toArray();
    double mean = Arrays.stream(target).average().orElseThrow();
    double deviation = deviation(target, mean);
    double within = 0;
    double between = 0;
    double squared = 0;
    double[] means = new double[40];
    for (int k = 0; k < 40; k++) {
      int own = k;
      double[] values =
          IntStream.range(0, 820)
              .filter(row -> places[row] == own)
              .mapToDouble(row -> target[row])
              .toArray();
      means[k] = Arrays.stream(values).average().orElseThrow();
      within += Arrays.stream(values).map(y -> (y - means[own]) * (y - means[own])).sum();
      between += values.length * (means[k] - mean) * (means[k] - mean);
      squared += values.length * values.length;
    }
    within /= 820 - 40;
    between = (between / 39 - within) / ((820 - squared / 820) / 39);
    LevelMeans drawn = means(places, 40, target, new int[820]);
    for (int k = 0; k < 40; k++) {
      double expected = (means[k] - mean) * (k + 1) / (k + 1 + within / between);
      assertEquals(expected / deviation, drawn.of(k), 1e-6);
    }
  }

  /** The other folds' rows alone: what a row's own fold holds changes only the units. */
  @Test
  void aFoldIsToldByTheOthers() {
    int[] places = IntStream.range(0, 200).map(row -> row % 20).toArray();
    int[] folds = IntStream.range(0, 200).map(row -> row / 20 % LevelMeans.FOLDS).toArray();
    Random random = new Random(1);
    double[] target = random.doubles(200).toArray();
    IntStream.range(0, 200).forEach(row -> target[row] += places[row]);
    LevelMeans means = means(places, 20, target, folds);
    // The same without the rows of fold 2, in the same units and as strongly drawn.
    double ratio = ratio(means, target, places, 4);
    double mean = Arrays.stream(target).average().orElseThrow();
    double deviation = deviation(target, mean);
    for (int k = 0; k < 20; k++) {
      double sum = 0;
      int count = 0;
      for (int row = 0; row < 200; row++) {
        if (places[row] == k && folds[row] != 2) {
          sum += target[row] - mean;
          count++;
        }
      }
      assertEquals(8, count);
      assertEquals(sum / (count + ratio) / deviation, means.of(k, 2), 1e-5);
      assertNotEquals(means.of(k), means.of(k, 2));
    }
  }

  /** By what one text's mean was drawn. */
  private static double ratio(LevelMeans means, double[] target, int[] places, int level) {
    double mean = Arrays.stream(target).average().orElseThrow();
    double deviation = deviation(target, mean);
    double[] own =
        IntStream.range(0, target.length)
            .filter(row -> places[row] == level)
            .mapToDouble(row -> (target[row] - mean) / deviation)
            .toArray();
    return Arrays.stream(own).sum() / means.of(level) - own.length;
  }

  /** Texts that say nothing are 0: chance alone tells them apart. */
  @Test
  void whatDiffersByChanceAloneIsZero() {
    int[] places = IntStream.range(0, 3_000).map(row -> row % 1_000).toArray();
    int zero = 0;
    for (int seed = 0; seed < 20; seed++) {
      double[] target = new Random(seed).doubles(3_000).toArray();
      LevelMeans means = means(places, 1_000, target, new int[3_000]);
      double most =
          IntStream.range(0, 1_000).mapToDouble(k -> Math.abs(means.of(k))).max().orElseThrow();
      zero += most == 0 ? 1 : 0;
      assertTrue(most < 0.3, "of a target whose texts lie up to 1.7 apart: " + most);
    }
    assertTrue(zero >= 5, "half of the time chance leaves less between texts than within: " + zero);
    LevelMeans once = means(range(50), 50, new Random(1).doubles(50).toArray(), new int[50]);
    assertEquals(0, once.of(7), "of one row each nothing is known");
    LevelMeans one = means(new int[50], 1, new Random(1).doubles(50).toArray(), new int[50]);
    assertEquals(0, one.of(0), "one text is all");
  }

  @Test
  void missingAndUnseenTextsTellNothing() {
    int[] places = IntStream.range(0, 100).map(row -> row % 5 - 1).toArray();
    double[] target = IntStream.range(0, 100).mapToDouble(row -> row % 5).toArray();
    LevelMeans means = means(places, 6, target, new int[100]);
    assertEquals(0, means.of(4), "no row has it");
    assertEquals(0, means.of(0, 0), "nor any row of the other folds");
    assertTrue(means.of(0) < means.of(1) && means.of(2) < means.of(3));
  }

  @Test
  void ofTwoClassesOneTellsTheOther() {
    List<IntToDoubleFunction> two = LevelMeans.ofClasses(new int[] {0, 1, 1}, 2);
    assertEquals(1, two.size());
    assertEquals(1, two.get(0).applyAsDouble(2));
    List<IntToDoubleFunction> three = LevelMeans.ofClasses(new int[] {0, 2, 1}, 3);
    assertEquals(3, three.size());
    assertEquals(1, three.get(2).applyAsDouble(1));
    assertEquals(0, three.get(2).applyAsDouble(2));
  }
}
