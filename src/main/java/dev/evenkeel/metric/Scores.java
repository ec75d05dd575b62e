package dev.evenkeel.metric;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Scores of rows, and what each row counts. */
final class Scores {

  private final double[] scores;
  private final double[] weights;
  private int count;

  /**
   * @param weighted if not, all rows count 1
   */
  Scores(int rows, boolean weighted) {
    this.scores = new double[rows];
    this.weights = new double[weighted ? rows : 0];
  }

  void add(double score, double weight) {
    if (weights.length > 0) {
      weights[count] = weight;
    }
    scores[count++] = score;
  }

  /** The same in ascending order. */
  Scores sorted() {
    if (weights.length == 0) {
      Arrays.sort(scores);
      return this;
    }
    Scores sorted = new Scores(scores.length, true);
    IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> scores[i]))
        .forEach(i -> sorted.add(scores[i], weights[i]));
    return sorted;
  }

  int count() {
    return scores.length;
  }

  double score(int i) {
    return scores[i];
  }

  double weight(int i) {
    return weights.length == 0 ? 1 : weights[i];
  }

  double total() {
    return weights.length == 0 ? scores.length : Arrays.stream(weights).sum();
  }
}
