package dev.evenkeel.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * How often rows of a class were taken for which class: what all measures of answers by class are
 * counted from. The answer is the class of the largest logit, as in {@link Accuracy}; a row with a
 * NaN logit has none, and so counts as wrong without being wrongly counted to another class.
 *
 * <p>Rows that have weights count as many as they weigh.
 *
 * @param rows of each true class, with those that have no answer
 * @param counts [true class][answer]
 */
public record Confusion(double[] rows, double[][] counts) {

  /** So many rows of the class {@code truth} were taken for {@code answer}. */
  public record Pair(int truth, int answer, double count) {}

  public static Confusion of(Predictions predictions) {
    return of(predictions, "confusion");
  }

  /**
   * @param metric who asks, for messages
   */
  static Confusion of(Predictions predictions, String metric) {
    int[] classes = predictions.classes(metric);
    int count = predictions.classCount();
    Confusion confusion = new Confusion(new double[count], new double[count][count]);
    for (int row = 0; row < classes.length; row++) {
      double weight = predictions.weight(row);
      confusion.rows[classes[row]] += weight;
      int answer = predictions.answer(row);
      if (answer >= 0) {
        confusion.counts[classes[row]][answer] += weight;
      }
    }
    return confusion;
  }

  @Override
  public String toString() {
    return "Confusion[rows=%s, counts=%s]"
        .formatted(Arrays.toString(rows), Arrays.deepToString(counts));
  }

  public int classes() {
    return rows.length;
  }

  /** How many rows were taken for the class. */
  public double answered(int index) {
    double sum = 0;
    for (double[] row : counts) {
      sum += row[index];
    }
    return sum;
  }

  /** The share that is right of the rows that were taken for the class; NaN where none was. */
  public double precision(int index) {
    return counts[index][index] / answered(index);
  }

  /** The share of the class's rows that was found; NaN where it has none. */
  public double recall(int index) {
    return counts[index][index] / rows[index];
  }

  /**
   * 2 · right / (rows + answered), the harmonic mean of precision and recall; 0 where one of them
   * is undefined, NaN where both are.
   */
  public double f1(int index) {
    return 2 * counts[index][index] / (rows[index] + answered(index));
  }

  /** The most frequent mistakes, at most so many; the first classes first where they tie. */
  public List<Pair> mistakes(int most) {
    List<Pair> pairs = new ArrayList<>();
    for (int truth = 0; truth < rows.length; truth++) {
      for (int answer = 0; answer < rows.length; answer++) {
        if (truth != answer && counts[truth][answer] > 0) {
          pairs.add(new Pair(truth, answer, counts[truth][answer]));
        }
      }
    }
    pairs.sort(Comparator.comparingDouble(Pair::count).reversed());
    return List.copyOf(pairs.subList(0, Math.min(most, pairs.size())));
  }
}
