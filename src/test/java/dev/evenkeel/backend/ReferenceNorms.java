package dev.evenkeel.backend;

import dev.evenkeel.backend.Reference.BatchNormGradients;
import java.util.Arrays;

/** {@link Reference} for the norms over rows, over groups of rows, and of weights. */
final class ReferenceNorms {

  private ReferenceNorms() {}

  // Row norms: each row's c features fall into groups of `length` neighbours; group k of all is the
  // elements from k · length on

  /** Mean (0 where it is not subtracted) and mean squared distance from it, of every group. */
  record Moments(double[] mean, double[] variance) {}

  static Moments rowMoments(double[] x, int length, boolean centred) {
    double[] mean = new double[x.length / length];
    double[] variance = new double[x.length / length];
    for (int k = 0; k < mean.length && centred; k++) {
      // About the first element: the mean of a constant group is exactly that.
      mean[k] = x[k * length];
      for (int i = k * length; i < (k + 1) * length; i++) {
        mean[k] += (x[i] - x[k * length]) / length;
      }
    }
    for (int i = 0; i < x.length; i++) {
      double deviation = x[i] - mean[i / length];
      variance[i / length] += deviation * deviation / length;
    }
    return new Moments(mean, variance);
  }

  static double[] standardiseRows(double[] x, Moments moments, double epsilon, int length) {
    double[] xHat = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int k = i / length;
      xHat[i] = (x[i] - moments.mean[k]) / Math.sqrt(moments.variance[k] + epsilon);
    }
    return xHat;
  }

  /** From t = dy · activation′. */
  static BatchNormGradients rowNormBackward(
      double[] t,
      double[] xHat,
      double[] variance,
      double[] gamma,
      double epsilon,
      int length,
      boolean centred) {
    int c = gamma.length;
    double[] dGamma = new double[c];
    double[] dBeta = new double[c];
    double[] sum = new double[variance.length];
    double[] dot = new double[variance.length];
    for (int i = 0; i < t.length; i++) {
      dBeta[i % c] += t[i];
      dGamma[i % c] += t[i] * xHat[i];
      sum[i / length] += centred ? t[i] * gamma[i % c] : 0;
      dot[i / length] += t[i] * gamma[i % c] * xHat[i];
    }
    double[] dx = new double[t.length];
    for (int i = 0; i < t.length; i++) {
      int k = i / length;
      double projected = t[i] * gamma[i % c] - sum[k] / length - xHat[i] * dot[k] / length;
      dx[i] = projected / Math.sqrt(variance[k] + epsilon);
    }
    return new BatchNormGradients(dx, dGamma, dBeta);
  }

  // Ghost batch norm: batch norm of each group of rows for itself

  static double[] rowsOf(double[] x, int group, int groups, int n, int c) {
    return Arrays.copyOfRange(
        x,
        BatchNormMemory.firstRow(group, groups, n) * c,
        BatchNormMemory.firstRow(group + 1, groups, n) * c);
  }

  /** The groups' moments, one after the other: [groups, c]. */
  static Moments ghostMoments(double[] x, int groups, int n, int c) {
    double[] mean = new double[groups * c];
    double[] variance = new double[groups * c];
    for (int g = 0; g < groups; g++) {
      double[] rows = rowsOf(x, g, groups, n, c);
      double[] own = Reference.columnMean(rows, rows.length / c, c);
      System.arraycopy(own, 0, mean, g * c, c);
      double[] ownVariance = Reference.columnVariance(rows, own, rows.length / c, c);
      System.arraycopy(ownVariance, 0, variance, g * c, c);
    }
    return new Moments(mean, variance);
  }

  static double[] ghostStandardise(double[] x, double epsilon, int groups, int n, int c) {
    Moments moments = ghostMoments(x, groups, n, c);
    double[] xHat = new double[n * c];
    for (int g = 0; g < groups; g++) {
      double[] rows = rowsOf(x, g, groups, n, c);
      double[] mean = Arrays.copyOfRange(moments.mean, g * c, (g + 1) * c);
      double[] variance = Arrays.copyOfRange(moments.variance, g * c, (g + 1) * c);
      double[] own = Reference.standardise(rows, mean, variance, epsilon, rows.length / c, c);
      System.arraycopy(own, 0, xHat, BatchNormMemory.firstRow(g, groups, n) * c, own.length);
    }
    return xHat;
  }

  static BatchNormGradients ghostBackward(
      double[] t, double[] x, double[] gamma, double epsilon, int groups, int n) {
    int c = gamma.length;
    double[] xHat = ghostStandardise(x, epsilon, groups, n, c);
    Moments moments = ghostMoments(x, groups, n, c);
    double[] dx = new double[n * c];
    double[] dGamma = new double[c];
    double[] dBeta = new double[c];
    for (int g = 0; g < groups; g++) {
      double[] rows = rowsOf(t, g, groups, n, c);
      double[] variance = Arrays.copyOfRange(moments.variance, g * c, (g + 1) * c);
      BatchNormGradients own =
          Reference.batchNormBackward(
              rows, rowsOf(xHat, g, groups, n, c), variance, gamma, epsilon, rows.length / c, c);
      System.arraycopy(own.dx(), 0, dx, BatchNormMemory.firstRow(g, groups, n) * c, rows.length);
      for (int j = 0; j < c; j++) {
        dGamma[j] += own.dGamma()[j];
        dBeta[j] += own.dBeta()[j];
      }
    }
    return new BatchNormGradients(dx, dGamma, dBeta);
  }

  // Mean-only batch norm

  /** x − mean over each group of rows. */
  static double[] centre(double[] x, int groups, int n, int c) {
    double[] centred = new double[n * c];
    for (int g = 0; g < groups; g++) {
      double[] rows = rowsOf(x, g, groups, n, c);
      double[] mean = Reference.columnMean(rows, rows.length / c, c);
      int first = BatchNormMemory.firstRow(g, groups, n) * c;
      for (int i = 0; i < rows.length; i++) {
        centred[first + i] = rows[i] - mean[i % c];
      }
    }
    return centred;
  }

  // Weight norm: direction [o, in], gain [o]

  static double[] weightNormForward(double[] direction, double[] gain, int in) {
    double[] weight = new double[direction.length];
    double[] norms = norms(direction, in);
    for (int i = 0; i < weight.length; i++) {
      double norm = norms[i / in];
      weight[i] = norm == 0 ? 0 : gain[i / in] * direction[i] / norm;
    }
    return weight;
  }

  static double[] weightNormGain(double[] dWeight, double[] direction, int in) {
    double[] dGain = new double[direction.length / in];
    double[] norms = norms(direction, in);
    for (int i = 0; i < direction.length; i++) {
      double norm = norms[i / in];
      dGain[i / in] += norm == 0 ? 0 : dWeight[i] * direction[i] / norm;
    }
    return dGain;
  }

  static double[] weightNormDirection(double[] dWeight, double[] direction, double[] gain, int in) {
    double[] dGain = weightNormGain(dWeight, direction, in);
    double[] dDirection = new double[direction.length];
    double[] norms = norms(direction, in);
    for (int i = 0; i < direction.length; i++) {
      double norm = norms[i / in];
      double across = norm == 0 ? 0 : dWeight[i] - dGain[i / in] * direction[i] / norm;
      dDirection[i] = norm == 0 ? 0 : gain[i / in] / norm * across;
    }
    return dDirection;
  }

  /** The Euclidean norm of every row. */
  static double[] norms(double[] x, int columns) {
    double[] norms = new double[x.length / columns];
    for (int i = 0; i < x.length; i++) {
      norms[i / columns] += x[i] * x[i];
    }
    for (int k = 0; k < norms.length; k++) {
      norms[k] = Math.sqrt(norms[k]);
    }
    return norms;
  }
}
