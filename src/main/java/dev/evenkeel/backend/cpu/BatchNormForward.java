package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.tensor.Matrix;

/**
 * y [N, C] = activation(γ (x − μ) / √(σ² + ε) + β) with the batch's own μ and σ², or the running
 * ones. Reads x three times (twice for the statistics) and writes y once, panel by panel.
 */
final class BatchNormForward extends Columns {

  private final float[] x;
  private final int xOffset;
  private final float[] y;
  private final int yOffset;
  private final BatchNormMemory norm;
  private final float[] gammas;
  private final float[] betas;
  private final float[] means;
  private final float[] variances;
  private final float[] count;
  private final Activation activation;
  private final boolean training;
  private final float[] saved;
  private final int savedOffset;

  /**
   * @param saved NONE for inference with the running statistics
   */
  BatchNormForward(
      Scratch[] scratch,
      Workers workers,
      Matrix x,
      BatchNormMemory norm,
      Activation activation,
      Matrix y,
      Matrix saved) {
    super(scratch, workers, x, 1.3 + Elementwise.nanoseconds(activation));
    this.x = data(x);
    this.xOffset = (int) x.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.norm = norm;
    this.gammas = data(norm.gamma());
    this.betas = data(norm.beta());
    this.means = data(norm.runningMean());
    this.variances = data(norm.runningVariance());
    this.count = data(norm.count());
    this.activation = activation;
    this.training = !saved.isNone();
    this.saved = training ? data(saved) : null;
    this.savedOffset = (int) saved.offset();
  }

  @Override
  void panel(Scratch scratch, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    float[] scale = scratch.vectors[2];
    float[] beta = scratch.vectors[3];
    double[] variance = scratch.sums[0];
    if (training) {
      ColumnMoments.compute(this, scratch, x, xOffset, from, width, shift, delta, variance);
      moveRunning(shift, delta, variance, from, width);
    } else {
      int mean = (int) norm.runningMean().offset() + from;
      int running = (int) norm.runningVariance().offset() + from;
      for (int j = 0; j < width; j++) {
        shift[j] = means[mean + j];
        delta[j] = 0;
        variance[j] = variances[running + j];
      }
    }
    int gamma = (int) norm.gamma().offset() + from;
    for (int j = 0; j < width; j++) {
      double inverseDeviation = 1 / Math.sqrt(variance[j] + norm.epsilon());
      scale[j] = (float) (gammas[gamma + j] * inverseDeviation);
      if (training) {
        saved[savedOffset + from + j] = shift[j];
        saved[savedOffset + columns + from + j] = delta[j];
        saved[savedOffset + 2 * columns + from + j] = (float) inverseDeviation;
      }
    }
    System.arraycopy(betas, (int) norm.beta().offset() + from, beta, 0, width);
    apply(scratch, from, width, shift, delta, scale, beta);
  }

  private void apply(
      Scratch scratch,
      int from,
      int width,
      float[] shift,
      float[] delta,
      float[] scale,
      float[] beta) {
    int perPiece = rowsPerPiece(width);
    repeat(shift, width, perPiece);
    repeat(delta, width, perPiece);
    repeat(scale, width, perPiece);
    repeat(beta, width, perPiece);
    float[] u = scratch.pieces[0];
    float[] out = scratch.pieces[1];
    for (int row = 0; row < rows; row += perPiece) {
      int count = Math.min(perPiece, rows - row);
      int n = load(x, xOffset, row, count, from, width, u);
      if (activation == Activation.RELU) {
        normaliseRelu(u, shift, delta, scale, beta, out, n);
      } else {
        normalise(u, shift, delta, scale, beta, n);
        Elementwise.forward(activation, u, out, scratch, n);
      }
      store(out, y, yOffset, row, count, from, width);
    }
  }

  private static void normalise(
      float[] u, float[] shift, float[] delta, float[] scale, float[] beta, int width) {
    for (int j = 0; j < width; j++) {
      u[j] = (u[j] - shift[j] - delta[j]) * scale[j] + beta[j];
    }
  }

  private static void normaliseRelu(
      float[] u, float[] shift, float[] delta, float[] scale, float[] beta, float[] y, int width) {
    for (int j = 0; j < width; j++) {
      y[j] = Math.max((u[j] - shift[j] - delta[j]) * scale[j] + beta[j], 0f);
    }
  }

  private void moveRunning(float[] shift, float[] delta, double[] variance, int from, int width) {
    int mean = (int) norm.runningMean().offset() + from;
    int running = (int) norm.runningVariance().offset() + from;
    double unbiased = norm.running().unbiased() ? rows / (rows - 1.0) : 1;
    double w = weight();
    for (int j = 0; j < width; j++) {
      double batchMean = (double) shift[j] + delta[j];
      // Rounded once: a small batch variance must not be lost beside a large running one.
      means[mean + j] = (float) (w * batchMean + (1 - w) * means[mean + j]);
      variances[running + j] =
          (float) (w * (variance[j] * unbiased) + (1 - w) * variances[running + j]);
    }
  }

  private double weight() {
    double seen = count[(int) norm.count().offset()];
    return norm.running().weight() == 0 ? 1 / (seen + 1) : norm.running().weight();
  }

  @Override
  void finish() {
    if (training) {
      count[(int) norm.count().offset()]++;
    }
  }
}
