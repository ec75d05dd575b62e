package dev.evenkeel;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.nn.RowNorm;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The twin's norms that look at no other row. */
final class TwinNorms {

  private static final Map<Activation, double[]> MOMENTS = new ConcurrentHashMap<>();

  private TwinNorms() {}

  /** g v / ‖v‖, unit by unit. */
  static double[] weight(double[] gain, double[] direction) {
    double[] weight = new double[direction.length];
    int inputs = direction.length / gain.length;
    for (int o = 0; o < gain.length; o++) {
      double squares = 0;
      for (int i = 0; i < inputs; i++) {
        squares += direction[o * inputs + i] * direction[o * inputs + i];
      }
      for (int i = 0; i < inputs; i++) {
        weight[o * inputs + i] = gain[o] * direction[o * inputs + i] / Math.sqrt(squares);
      }
    }
    return weight;
  }

  static double[][] rowNorm(double[][] x, RowNorm norm, double[] gamma, double[] beta) {
    int columns = gamma.length;
    int length =
        switch (norm.kind()) {
          case LAYER, RMS -> columns;
          case GROUP -> columns / norm.size();
          case INSTANCE -> norm.size();
        };
    double[][] y = new double[x.length][columns];
    for (int n = 0; n < x.length; n++) {
      for (int from = 0; from < columns; from += length) {
        double mean = 0;
        for (int j = from; j < from + length; j++) {
          mean += norm.kind() == RowNorm.Kind.RMS ? 0 : x[n][j] / length;
        }
        double variance = 0;
        for (int j = from; j < from + length; j++) {
          variance += (x[n][j] - mean) * (x[n][j] - mean) / length;
        }
        for (int j = from; j < from + length; j++) {
          y[n][j] = gamma[j] * (x[n][j] - mean) / Math.sqrt(variance + norm.epsilon());
          y[n][j] += beta == null ? 0 : beta[j];
        }
      }
    }
    return y;
  }

  static double[][] normProp(double[][] x, Activation function) {
    double[] c = MOMENTS.computeIfAbsent(function, TwinNorms::moments);
    double[][] y = new double[x.length][x[0].length];
    for (int n = 0; n < x.length; n++) {
      for (int j = 0; j < x[n].length; j++) {
        y[n][j] = (x[n][j] - c[0]) / c[1];
      }
    }
    return y;
  }

  /** Mean and deviation of f(z), z ~ N(0, 1), by the trapezoidal rule with a node at 0. */
  private static double[] moments(Activation function) {
    double step = 1e-3;
    double mean = 0;
    double squares = 0;
    for (int i = -10_000; i <= 10_000; i++) {
      double density = step * Math.exp(-i * step * i * step / 2) / Math.sqrt(2 * Math.PI);
      double value = Twin.activate(i * step, function);
      mean += density * value;
      squares += density * value * value;
    }
    return new double[] {mean, Math.sqrt(squares - mean * mean)};
  }
}
