package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/**
 * y [N, C] = activation(γ (x − μ) / √(σ² + ε) + β) with μ and σ² of the batch, or of each of its
 * groups of rows, or the running ones; mean-only without γ/√(σ² + ε). Then dropout, while y is at
 * hand. Reads x three times (twice for the statistics) and writes y once, panel by panel.
 */
final class BatchNormForward extends Columns {

  private final float[] x;
  private final int xOffset;
  private final float[] y;
  private final int yOffset;
  private final BatchNormMemory norm;
  private final int groups;
  private final float[] gammas;
  private final float[] betas;
  private final float[] means;
  private final float[] variances;
  private final float[] count;
  private final Activation activation;
  private final boolean dropsAny;
  private final Drops drops;
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
      Masking masking,
      Matrix y,
      Matrix saved) {
    // Dropout doesn't count: among as many workers the sums are the same bits with it as without.
    super(scratch, workers, x, 1.3 + Elementwise.nanoseconds(activation));
    this.x = data(x);
    this.xOffset = (int) x.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.norm = norm;
    this.groups = BatchNormMemory.groups(rows, norm.ghostRows());
    this.gammas = norm.meanOnly() ? null : data(norm.gamma());
    this.betas = data(norm.beta());
    this.means = data(norm.runningMean());
    this.variances = norm.meanOnly() ? null : data(norm.runningVariance());
    this.count = data(norm.count());
    this.activation = activation;
    this.dropsAny = !masking.isNone();
    this.drops = new Drops(masking);
    this.training = !saved.isNone();
    this.saved = training ? data(saved) : null;
    this.savedOffset = (int) saved.offset();
  }

  @Override
  void prepare() {
    drops.prepare();
  }

  @Override
  void panel(Scratch scratch, int from, int width) {
    System.arraycopy(betas, (int) norm.beta().offset() + from, scratch.vectors[3], 0, width);
    repeat(scratch.vectors[3], width, rowsPerPiece(width));
    if (!training) {
      infer(scratch, from, width);
      return;
    }
    double[] means = scratch.sums[2];
    double[] variances = scratch.sums[3];
    Arrays.fill(means, 0, width, 0);
    Arrays.fill(variances, 0, width, 0);
    for (int group = 0; group < groups; group++) {
      train(scratch, group, from, width, means, variances);
    }
    moveRunning(means, variances, from, width);
  }

  private void infer(Scratch scratch, int from, int width) {
    double[] variance = scratch.sums[0];
    System.arraycopy(means, (int) norm.runningMean().offset() + from, scratch.vectors[0], 0, width);
    Arrays.fill(scratch.vectors[1], 0, width, 0);
    int running = (int) norm.runningVariance().offset() + from;
    for (int j = 0; j < width && !norm.meanOnly(); j++) {
      variance[j] = variances[running + j];
    }
    scale(scratch, from, width, variance, 0);
    apply(scratch, 0, rows, from, width);
  }

  /** One group of rows, or the whole batch; adds its moments to those of the others. */
  private void train(
      Scratch scratch, int group, int from, int width, double[] means, double[] variances) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    double[] variance = scratch.sums[0];
    int first = BatchNormMemory.firstRow(group, groups, rows);
    int count = BatchNormMemory.firstRow(group + 1, groups, rows) - first;
    ColumnMoments.compute(
        this, scratch, x, xOffset + first * columns, count, from, width, shift, delta, variance);
    double unbiased = norm.running().unbiased() ? count / (count - 1.0) : 1;
    int at = savedOffset + 3 * group * columns + from;
    System.arraycopy(shift, 0, saved, at, width);
    System.arraycopy(delta, 0, saved, at + columns, width);
    for (int j = 0; j < width; j++) {
      means[j] += (double) shift[j] + delta[j];
      variances[j] += variance[j] * unbiased;
    }
    scale(scratch, from, width, variance, at + 2 * columns);
    apply(scratch, first, count, from, width);
  }

  /** γ/√(σ² + ε), or 1; leaves 1/√(σ² + ε) for the backward pass in training. */
  private void scale(Scratch scratch, int from, int width, double[] variance, int savedAt) {
    float[] scale = scratch.vectors[2];
    int gamma = (int) norm.gamma().offset() + from;
    for (int j = 0; j < width; j++) {
      float inverse = norm.meanOnly() ? 1 : (float) (1 / Math.sqrt(variance[j] + norm.epsilon()));
      scale[j] = norm.meanOnly() ? 1 : gammas[gamma + j] * inverse;
      if (training) {
        saved[savedAt + j] = inverse;
      }
    }
  }

  private void apply(Scratch scratch, int first, int groupRows, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    float[] scale = scratch.vectors[2];
    float[] beta = scratch.vectors[3];
    int perPiece = rowsPerPiece(width, groupRows);
    repeat(shift, width, perPiece);
    repeat(delta, width, perPiece);
    repeat(scale, width, perPiece);
    float[] u = scratch.pieces[0];
    float[] out = scratch.pieces[1];
    for (int row = first; row < first + groupRows; row += perPiece) {
      int count = Math.min(perPiece, first + groupRows - row);
      int n = load(x, xOffset, row, count, from, width, u);
      if (activation == Activation.RELU) {
        normaliseRelu(u, shift, delta, scale, beta, out, n);
      } else {
        normalise(u, shift, delta, scale, beta, n);
        Elementwise.forward(activation, u, out, scratch, n);
      }
      if (dropsAny) {
        drop(drops, scratch, out, row, count, from, width);
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

  /** By the average over the groups of rows. */
  private void moveRunning(double[] meanSums, double[] varianceSums, int from, int width) {
    int mean = (int) norm.runningMean().offset() + from;
    int running = (int) norm.runningVariance().offset() + from;
    double w = weight();
    // Rounded once: a small batch variance must not be lost beside a large running one.
    for (int j = 0; j < width; j++) {
      means[mean + j] = (float) (w * (meanSums[j] / groups) + (1 - w) * means[mean + j]);
    }
    for (int j = 0; j < width && !norm.meanOnly(); j++) {
      variances[running + j] =
          (float) (w * (varianceSums[j] / groups) + (1 - w) * variances[running + j]);
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
