package dev.evenkeel.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.function.Supplier;

/**
 * How far the mean target of each text's rows lies from that of all: a number for each target that
 * stands for any number of texts. It is drawn to 0 where rows are few, as far as texts differ by no
 * more than chance would have it: the best linear prediction of a random effect, with the variances
 * within texts and between them by the analysis of variance.
 *
 * <p>A row's own target must not be told by what it learns from. So a text's rows are dealt to
 * folds one after the other, or group after group, and each is told the mean of the other folds. Of
 * a text that has only one row, or group, the others tell nothing, so nothing is known of it.
 */
final class LevelMeans {

  private static final int FOLDS = 5;

  /** Rows that train, and what they tell of texts. Each column is looked through once. */
  static final class Training {
    private final TrainRows rows;
    private final Supplier<List<IntToDoubleFunction>> told;
    private List<IntToDoubleFunction> targets = List.of();
    private final Map<String, LevelMeans> known = new HashMap<>();

    /**
     * @param told the targets of every row of the table, each an input; asked for once some column
     *     wants them
     */
    Training(TrainRows rows, Supplier<List<IntToDoubleFunction>> told) {
      this.rows = rows;
      this.told = told;
    }

    List<IntToDoubleFunction> targets() {
      targets = targets.isEmpty() ? told.get() : targets;
      return targets;
    }

    /**
     * @param places each row's text by its number; −1 where there is none
     */
    LevelMeans of(String column, int[] places, int levels) {
      return known.computeIfAbsent(column, name -> new LevelMeans(places, levels, this));
    }
  }

  /** Of every row of the table; −1 where it tells nothing. */
  private final int[] folds;

  /** How many rows, or groups, of each level were dealt. */
  private final int[] parts;

  /** Of each level and fold. */
  private final double[] weights;

  /** For each target, of each level and fold. */
  private final List<double[]> sums = new ArrayList<>();

  /**
   * For each target the variance within texts to that between them: rows of mean 0 that each text
   * is given.
   */
  private final double[] ratios;

  private LevelMeans(int[] places, int levels, Training training) {
    TrainRows train = training.rows;
    folds = new int[places.length];
    parts = new int[levels];
    weights = new double[levels * FOLDS];
    deal(places, train);
    double mean = // so that it doesn't matter in what they are counted
        Arrays.stream(train.rows())
            .mapToDouble(train::weight)
            .filter(w -> w > 0)
            .average()
            .orElse(1);
    for (int row : train.rows()) {
      if (folds[row] >= 0) {
        weights[places[row] * FOLDS + folds[row]] += train.weight(row) / mean;
      }
    }
    ratios =
        training.targets().stream()
            .mapToDouble(target -> sum(places, train, mean, target))
            .toArray();
  }

  private void deal(int[] places, TrainRows train) {
    Arrays.fill(folds, -1);
    Map<Long, Integer> ofGroups = new HashMap<>();
    for (int row : train.rows()) {
      int place = places[row];
      if (place >= 0 && train.weight(row) > 0) {
        int next = parts[place];
        int part = next;
        if (train.groups().isPresent()) {
          long group = train.groups().get().ofRow()[row];
          part = ofGroups.computeIfAbsent(group << 32 | place, unseen -> next);
        }
        parts[place] = Math.max(next, part + 1);
        folds[row] = part % FOLDS;
      }
    }
  }

  /** Adds a target up; returns its ratio. */
  private double sum(int[] places, TrainRows train, double weight, IntToDoubleFunction target) {
    double rows = 0;
    double mean = 0;
    for (int row : train.rows()) {
      rows += train.weight(row);
      mean += train.weight(row) * target.applyAsDouble(row);
    }
    mean /= Math.max(rows, Double.MIN_NORMAL);
    double variance = 0;
    for (int row : train.rows()) {
      double value = target.applyAsDouble(row) - mean;
      variance += train.weight(row) * value * value;
    }
    double deviation = variance > 0 ? Math.sqrt(variance / rows) : 1;
    double[] own = new double[weights.length];
    double squares = 0;
    for (int row : train.rows()) {
      if (folds[row] >= 0) {
        double value = (target.applyAsDouble(row) - mean) / deviation;
        double share = train.weight(row) / weight;
        own[places[row] * FOLDS + folds[row]] += share * value;
        squares += share * value * value;
      }
    }
    sums.add(own);
    return ratio(own, squares);
  }

  private double ratio(double[] own, double squares) {
    double rows = 0;
    double total = 0;
    double ofMeans = 0;
    double rowsSquared = 0;
    int seen = 0;
    for (int level = 0; level < parts.length; level++) {
      double count = without(weights, level, -1);
      if (count > 0) {
        double sum = without(own, level, -1);
        rows += count;
        total += sum;
        ofMeans += sum * sum / count;
        rowsSquared += count * count;
        seen++;
      }
    }
    if (seen < 2 || rows <= seen) {
      return Double.POSITIVE_INFINITY; // nothing is known of the one variance or of the other
    }
    double within = Math.max(0, squares - ofMeans) / (rows - seen);
    double between =
        ((ofMeans - total * total / rows) / (seen - 1) - within)
            * (seen - 1)
            / (rows - rowsSquared / rows);
    return between > 0 ? within / between : Double.POSITIVE_INFINITY;
  }

  /** A level's sum over its folds but one. */
  private static double without(double[] values, int level, int fold) {
    double sum = 0;
    for (int k = 0; k < FOLDS; k++) {
      sum += k == fold ? 0 : values[level * FOLDS + k];
    }
    return sum;
  }

  /** In deviations of the target, as a float holds it. */
  double of(int level, int target) {
    return parts[level] < 2 ? 0 : drawn(level, -1, target);
  }

  /** The same as a row of the level is told it: by others, if it trains. */
  double of(int level, int row, int target) {
    return folds[row] < 0 ? of(level, target) : drawn(level, folds[row], target);
  }

  private double drawn(int level, int fold, int target) {
    double rows = without(weights, level, fold);
    double sum = without(sums.get(target), level, fold);
    return rows == 0 ? 0 : (float) (sum / (rows + ratios[target])) + 0.0; // of −0.0 and 0.0 one
  }
}
