package dev.evenkeel.lab.experiments;

import java.util.Arrays;

/**
 * Logistic regression in double precision, with a little L2, by plain gradient descent and by
 * Newton's method. Parameters are the weights of the columns, then the bias. In double because raw
 * columns make a curvature of 10¹² to 1, which float32 could not hold.
 */
final class LogisticRegression {

  /** Newton's method is at its end long before. */
  private static final int NEWTON_STEPS = 60;

  private static final int BIAS_STEPS = 8;
  private static final int HALVINGS = 40;

  private final double[][] x;
  private final int[] label;
  private final double decay;
  private final int size;

  /**
   * @param rows of columns; a 1 for the bias is put behind them
   */
  LogisticRegression(double[][] rows, int[] label, double decay) {
    this.label = label;
    this.decay = decay;
    this.size = rows[0].length + 1;
    this.x = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      x[i] = Arrays.copyOf(rows[i], size);
      x[i][size - 1] = 1;
    }
  }

  int size() {
    return size;
  }

  /** The mean of log(1 + e^−m) over the rows, m being the margin, and decay / 2 · ‖w‖². */
  double loss(double[] w) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double margin = label[i] == 1 ? dot(x[i], w) : -dot(x[i], w);
      sum += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
    }
    return sum / x.length + decay / 2 * dot(w, w);
  }

  double[] gradient(double[] w) {
    double[] gradient = new double[size];
    for (int i = 0; i < x.length; i++) {
      double error = (sigmoid(dot(x[i], w)) - label[i]) / x.length;
      for (int j = 0; j < size; j++) {
        gradient[j] += error * x[i][j];
      }
    }
    for (int j = 0; j < size; j++) {
      gradient[j] += decay * w[j];
    }
    return gradient;
  }

  /** The loss can't curve more than XᵀX / 4n, and does so where it is steepest. */
  double[][] largestCurvature() {
    double[][] curvature = new double[size][size];
    for (double[] row : x) {
      add(curvature, row, 0.25 / x.length);
    }
    return curvature;
  }

  private double[][] curvature(double[] w) {
    double[][] curvature = new double[size][size];
    for (double[] row : x) {
      double p = sigmoid(dot(row, w));
      add(curvature, row, p * (1 - p) / x.length);
    }
    for (int j = 0; j < size; j++) {
      curvature[j][j] += decay;
    }
    return curvature;
  }

  /**
   * The lowest loss that there is, by Newton's method with a step that is halved until it helps.
   */
  double[] optimum() {
    double[] w = new double[size];
    double loss = loss(w);
    for (int step = 0; step < NEWTON_STEPS; step++) {
      double[] direction = Symmetric.solve(curvature(w), gradient(w));
      double length = 1;
      double[] next = moved(w, direction, length);
      for (int i = 0; i < HALVINGS && !(loss(next) < loss); i++) {
        length /= 2;
        next = moved(w, direction, length);
      }
      if (!(loss(next) < loss)) {
        return w;
      }
      w = next;
      loss = loss(w);
    }
    return w;
  }

  /** These weights, and the bias that suits them best: Newton's method on it alone. */
  double[] withBestBias(double... weights) {
    double[] w = Arrays.copyOf(weights, size);
    for (double[] row : x) {
      w[size - 1] -= dot(row, weights) / x.length; // so that as many margins are above 0 as below
    }
    for (int step = 0; step < BIAS_STEPS; step++) {
      double slope = decay * w[size - 1];
      double curvature = decay;
      for (int i = 0; i < x.length; i++) {
        double p = sigmoid(dot(x[i], w));
        slope += (p - label[i]) / x.length;
        curvature += p * (1 - p) / x.length;
      }
      w[size - 1] -= slope / curvature;
    }
    return w;
  }

  /** w − rate · direction. */
  static double[] moved(double[] w, double[] direction, double rate) {
    double[] moved = w.clone();
    for (int j = 0; j < moved.length; j++) {
      moved[j] -= rate * direction[j];
    }
    return moved;
  }

  private static void add(double[][] matrix, double[] row, double factor) {
    for (int j = 0; j < row.length; j++) {
      for (int k = 0; k < row.length; k++) {
        matrix[j][k] += factor * row[j] * row[k];
      }
    }
  }

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }

  /** Over the length of the second. */
  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < b.length; j++) {
      sum += a[j] * b[j];
    }
    return sum;
  }
}
