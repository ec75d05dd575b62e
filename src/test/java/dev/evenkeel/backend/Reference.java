package dev.evenkeel.backend;

import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.tensor.Philox;

/**
 * The operations of {@link Backend} in float64, as a textbook writes them: the truth that every
 * backend is held to. Slow and obvious on purpose, and never derived from a backend's formulas. The
 * backward bodies are themselves proven against finite differences by {@link GradientCheckTest}.
 *
 * <p>Matrices are row-major; n counts rows, c columns.
 */
final class Reference {

  private Reference() {}

  /** The float32 inputs of a backend, as the numbers that they are. */
  static double[] doubles(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  // Linear

  /** [n, out] = x [n, in] weight [out, in]ᵀ. */
  static double[] linearForward(double[] x, double[] weight, int n, int in, int out) {
    double[] z = new double[n * out];
    for (int i = 0; i < n; i++) {
      for (int o = 0; o < out; o++) {
        for (int k = 0; k < in; k++) {
          z[i * out + o] += x[i * in + k] * weight[o * in + k];
        }
      }
    }
    return z;
  }

  /** [n, in] = dz [n, out] weight [out, in]. */
  static double[] linearBackwardInput(double[] dz, double[] weight, int n, int in, int out) {
    double[] dx = new double[n * in];
    for (int i = 0; i < n; i++) {
      for (int o = 0; o < out; o++) {
        for (int k = 0; k < in; k++) {
          dx[i * in + k] += dz[i * out + o] * weight[o * in + k];
        }
      }
    }
    return dx;
  }

  /** [out, in] = dz [n, out]ᵀ x [n, in]. */
  static double[] linearBackwardWeight(double[] dz, double[] x, int n, int in, int out) {
    double[] dWeight = new double[out * in];
    for (int i = 0; i < n; i++) {
      for (int o = 0; o < out; o++) {
        for (int k = 0; k < in; k++) {
          dWeight[o * in + k] += dz[i * out + o] * x[i * in + k];
        }
      }
    }
    return dWeight;
  }

  // Activations

  static double activate(Activation activation, double u) {
    return switch (activation) {
      case IDENTITY -> u;
      case RELU -> u > 0 ? u : u <= 0 ? 0 : u;
      case LEAKY_RELU -> u > 0 ? u : Activation.LEAKY_SLOPE * u;
      case ELU -> u > 0 ? u : Math.expm1(u);
      case SELU -> Activation.SELU_LAMBDA * (u > 0 ? u : Activation.SELU_ALPHA * Math.expm1(u));
      case GELU -> u * normalCdf(u);
      case SILU -> u * sigmoid(u);
      case SIGMOID -> sigmoid(u);
      case TANH -> Math.tanh(u);
      case SOFTPLUS -> Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
    };
  }

  /** The derivative; at a kink, the one from the left. */
  static double slope(Activation activation, double u) {
    return switch (activation) {
      case IDENTITY -> 1;
      case RELU -> u > 0 ? 1 : 0;
      case LEAKY_RELU -> u > 0 ? 1 : Activation.LEAKY_SLOPE;
      case ELU -> u > 0 ? 1 : Math.exp(u);
      case SELU -> Activation.SELU_LAMBDA * (u > 0 ? 1 : Activation.SELU_ALPHA * Math.exp(u));
      case GELU -> normalCdf(u) + u * Math.exp(-u * u / 2) / Math.sqrt(2 * Math.PI);
      case SILU -> sigmoid(u) + u * sigmoid(u) * sigmoid(-u);
      case SIGMOID -> sigmoid(u) * sigmoid(-u);
      case TANH -> 1 / (Math.cosh(u) * Math.cosh(u));
      case SOFTPLUS -> sigmoid(u);
    };
  }

  static double sigmoid(double u) {
    return 1 / (1 + Math.exp(-u));
  }

  /** Φ, with its relative accuracy kept in the left tail. */
  static double normalCdf(double u) {
    double x = Math.abs(u) / Math.sqrt(2);
    double tail = x < 3 ? (1 - erfSeries(x)) / 2 : erfcFraction(x) / 2;
    return u < 0 ? tail : 1 - tail;
  }

  static double erf(double x) {
    double positive = Math.abs(x) < 3 ? erfSeries(Math.abs(x)) : 1 - erfcFraction(Math.abs(x));
    return Math.copySign(positive, x);
  }

  /** 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!: all terms positive, so nothing cancels. */
  private static double erfSeries(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; term > sum * 1e-18; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  /** e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 1½/(x + …)))), for x of 3 and more. */
  static double erfcFraction(double x) {
    double fraction = x;
    for (int n = 60; n >= 1; n--) {
      fraction = x + n / 2.0 / fraction;
    }
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
  }

  /** x + bias, row by row. */
  static double[] addRow(double[] x, double[] bias, int n, int c) {
    double[] sum = new double[n * c];
    for (int i = 0; i < n * c; i++) {
      sum[i] = x[i] + bias[i % c];
    }
    return sum;
  }

  static double[] activationForward(Activation activation, double[] u) {
    double[] y = new double[u.length];
    for (int i = 0; i < u.length; i++) {
      y[i] = activate(activation, u[i]);
    }
    return y;
  }

  static double[] activationBackward(Activation activation, double[] dy, double[] u) {
    double[] du = new double[u.length];
    for (int i = 0; i < u.length; i++) {
      du[i] = dy[i] * slope(activation, u[i]);
    }
    return du;
  }

  static double[] columnSums(double[] x, int n, int c) {
    double[] sums = new double[c];
    for (int i = 0; i < n * c; i++) {
      sums[i % c] += x[i];
    }
    return sums;
  }

  // Batch norm

  static double[] columnMean(double[] x, int n, int c) {
    double[] mean = columnSums(x, n, c);
    for (int j = 0; j < c; j++) {
      mean[j] /= n;
    }
    return mean;
  }

  /** The biased variance, by the textbook's two passes. */
  static double[] columnVariance(double[] x, double[] mean, int n, int c) {
    double[] variance = new double[c];
    for (int i = 0; i < n * c; i++) {
      double deviation = x[i] - mean[i % c];
      variance[i % c] += deviation * deviation / n;
    }
    return variance;
  }

  /** x̂ = (x − mean) / √(variance + epsilon). */
  static double[] standardise(
      double[] x, double[] mean, double[] variance, double epsilon, int n, int c) {
    double[] xHat = new double[n * c];
    for (int i = 0; i < n * c; i++) {
      xHat[i] = (x[i] - mean[i % c]) / Math.sqrt(variance[i % c] + epsilon);
    }
    return xHat;
  }

  /** γ x̂ + β: what the activation is applied to. */
  static double[] affine(double[] xHat, double[] gamma, double[] beta, int n, int c) {
    double[] u = new double[n * c];
    for (int i = 0; i < n * c; i++) {
      u[i] = gamma[i % c] * xHat[i] + beta[i % c];
    }
    return u;
  }

  /** All that a training pass through batch norm makes of t = dy · activation′. */
  record BatchNormGradients(double[] dx, double[] dGamma, double[] dBeta) {}

  static BatchNormGradients batchNormBackward(
      double[] t, double[] xHat, double[] variance, double[] gamma, double epsilon, int n, int c) {
    double[] dBeta = new double[c];
    double[] dGamma = new double[c];
    for (int i = 0; i < n * c; i++) {
      dBeta[i % c] += t[i];
      dGamma[i % c] += t[i] * xHat[i];
    }
    double[] dx = new double[n * c];
    for (int i = 0; i < n * c; i++) {
      int j = i % c;
      double projected = t[i] - (dBeta[j] + xHat[i] * dGamma[j]) / n;
      dx[i] = gamma[j] / Math.sqrt(variance[j] + epsilon) * projected;
    }
    return new BatchNormGradients(dx, dGamma, dBeta);
  }

  /** weight · batch + (1 − weight) · running, or the plain average of k + 1 where weight is 0. */
  static double[] moveRunning(double[] running, double[] batch, double weight, double seen) {
    double w = weight == 0 ? 1 / (seen + 1) : weight;
    double[] moved = new double[running.length];
    for (int j = 0; j < running.length; j++) {
      moved[j] = w * batch[j] + (1 - w) * running[j];
    }
    return moved;
  }

  // Dropout

  /**
   * Which elements stay. Element e is decided by word e mod 4 of the Philox block at position e / 4
   * of stream (layer · 2⁴⁰ + step): it stays if the word, unsigned, is at least p · 2³².
   */
  static boolean[] dropoutKeeps(int size, double probability, long seed, int stream, long step) {
    long threshold = Math.round(probability * Math.pow(2, 32));
    boolean[] keeps = new boolean[size];
    int[] words = new int[4];
    for (int e = 0; e < size; e++) {
      Philox.block(seed, ((long) stream << 40) + step, e / 4, words);
      keeps[e] = Integer.toUnsignedLong(words[e % 4]) >= threshold;
    }
    return keeps;
  }

  /**
   * Inverted dropout: a kept element by 1 / (1 − p). Alpha dropout (Klambauer et al. 2017): a x +
   * b, with α′ = −λα for x where it is dropped.
   */
  static double[] dropoutForward(double[] x, boolean[] keeps, double p, boolean alpha) {
    double low = alpha ? -1.7580993408473766 : 0;
    double a = dropoutScale(p, alpha);
    double b = -a * p * low;
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = a * (keeps[i] ? x[i] : low) + b;
    }
    return y;
  }

  static double[] dropoutBackward(double[] dy, boolean[] keeps, double p, boolean alpha) {
    double[] dx = new double[dy.length];
    for (int i = 0; i < dy.length; i++) {
      dx[i] = keeps[i] ? dropoutScale(p, alpha) * dy[i] : 0;
    }
    return dx;
  }

  private static double dropoutScale(double p, boolean alpha) {
    double low = -1.7580993408473766;
    return alpha ? 1 / Math.sqrt((1 - p) * (1 + p * low * low)) : 1 / (1 - p);
  }

  // Losses

  /** A loss and the gradient of it. */
  record Loss(double loss, double[] gradient) {}

  /**
   * @param classWeights null for none
   * @param rowWeights null for none
   */
  static Loss softmaxCrossEntropy(
      double[] logits,
      int[] classes,
      double smoothing,
      double[] classWeights,
      double[] rowWeights,
      int n,
      int c) {
    double totalWeight = 0;
    for (int i = 0; i < n; i++) {
      totalWeight += classWeights == null ? 1 : classWeights[classes[i]];
    }
    double loss = 0;
    double[] gradient = new double[n * c];
    for (int i = 0; i < n; i++) {
      double weight = (classWeights == null ? 1 : classWeights[classes[i]]) / totalWeight;
      weight *= rowWeights == null ? 1 : rowWeights[i];
      int top = 0;
      for (int k = 1; k < c; k++) {
        top = logits[i * c + k] > logits[i * c + top] ? k : top;
      }
      double others = 0;
      for (int k = 0; k < c; k++) {
        others += k == top ? 0 : Math.exp(logits[i * c + k] - logits[i * c + top]);
      }
      for (int k = 0; k < c; k++) {
        double above = logits[i * c + k] - logits[i * c + top];
        double wanted = smoothing / c + (k == classes[i] ? 1 - smoothing : 0);
        loss += wanted == 0 ? 0 : weight * wanted * (Math.log1p(others) - above);
        gradient[i * c + k] = weight * (Math.exp(above) / (1 + others) - wanted);
      }
    }
    return new Loss(loss, gradient);
  }

  /** What an element counts in the mean; all rows alike where there are no weights. */
  private static double share(double[] rowWeights, int i, int elements) {
    return rowWeights == null
        ? 1.0 / elements
        : rowWeights[i / (elements / rowWeights.length)] / elements;
  }

  /**
   * @param rowWeights null for none
   */
  static Loss binaryCrossEntropy(double[] logits, double[] targets, double[] rowWeights) {
    double loss = 0;
    double[] gradient = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      double softplus = activate(Activation.SOFTPLUS, logits[i]);
      double share = share(rowWeights, i, logits.length);
      loss += share * (softplus - logits[i] * targets[i]);
      gradient[i] = share * (sigmoid(logits[i]) - targets[i]);
    }
    return new Loss(loss, gradient);
  }

  /**
   * @param rowWeights null for none
   */
  static Loss regressionLoss(
      RegressionLoss kind, double delta, double[] outputs, double[] targets, double[] rowWeights) {
    double loss = 0;
    double[] gradient = new double[outputs.length];
    for (int i = 0; i < outputs.length; i++) {
      double e = outputs[i] - targets[i];
      boolean near = Math.abs(e) <= delta;
      double value =
          switch (kind) {
            case SQUARED -> e * e;
            case ABSOLUTE -> Math.abs(e);
            case HUBER -> near ? e * e / 2 : delta * Math.abs(e) - delta * delta / 2;
          };
      double slope =
          switch (kind) {
            case SQUARED -> 2 * e;
            case ABSOLUTE -> Math.signum(e);
            case HUBER -> near ? e : delta * Math.signum(e);
          };
      double share = share(rowWeights, i, outputs.length);
      loss += share * value;
      gradient[i] = share * slope;
    }
    return new Loss(loss, gradient);
  }
}
