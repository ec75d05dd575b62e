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
final class BatchNormForward extends ColumnMoments {

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
  private final boolean dropsAny;
  private final Drops drops;
  private final boolean training;
  private final float[] saved;

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
    super(
        scratch,
        workers,
        x,
        saved.isNone() ? 1 : BatchNormMemory.groups(x.rows(), norm.ghostRows()),
        saved.isNone() ? null : data(saved),
        (int) saved.offset(),
        saved.isNone() ? AFTER : 0,
        AFTER + 1,
        1.3 + Elementwise.nanoseconds(activation));
    this.x = data(x);
    this.xOffset = (int) x.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.norm = norm;
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
  }

  @Override
  void prepare() {
    drops.prepare();
  }

  @Override
  void load(Scratch scratch, int phase, int group, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] scale = scratch.vectors[2];
    float[] beta = scratch.vectors[3];
    if (training) {
      super.load(scratch, phase, group, from, width);
    }
    if (phase < AFTER) {
      return;
    }
    int gamma = (int) norm.gamma().offset() + from;
    int running = norm.meanOnly() ? 0 : (int) norm.runningVariance().offset() + from;
    if (!training) {
      System.arraycopy(means, (int) norm.runningMean().offset() + from, shift, 0, width);
      repeat(shift, width);
      Arrays.fill(scratch.vectors[1], 0);
    }
    for (int j = 0; j < width; j++) {
      scale[j] =
          norm.meanOnly()
              ? 1
              : gammas[gamma + j]
                  * (training
                      ? saved[keptAt(group, 2, from) + j]
                      : inverse(variances[running + j]));
    }
    repeat(scale, width);
    System.arraycopy(betas, (int) norm.beta().offset() + from, beta, 0, width);
    repeat(beta, width);
  }

  private float inverse(double variance) {
    return norm.meanOnly() ? 1 : (float) (1 / Math.sqrt(variance + norm.epsilon()));
  }

  @Override
  void take(int group, int count, int from, int width, double[] variance) {
    double[] meanSums = own().sums[2];
    double[] varianceSums = own().sums[3];
    if (group == 0) {
      Arrays.fill(meanSums, 0, width, 0);
      Arrays.fill(varianceSums, 0, width, 0);
    }
    int shift = keptAt(group, 0, from);
    int delta = keptAt(group, 1, from);
    int inverse = keptAt(group, 2, from);
    double unbiased = norm.running().unbiased() ? count / (count - 1.0) : 1;
    for (int j = 0; j < width; j++) {
      meanSums[j] += (double) saved[shift + j] + saved[delta + j];
      varianceSums[j] += variance[j] * unbiased;
      saved[inverse + j] = inverse(variance[j]);
    }
    if (group == groups - 1) {
      moveRunning(meanSums, varianceSums, from, width);
    }
  }

  @Override
  void block(Scratch scratch, int phase, int block, int row, int count, int from, int width) {
    if (phase < AFTER) {
      super.block(scratch, phase, block, row, count, from, width);
      return;
    }
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    float[] scale = scratch.vectors[2];
    float[] beta = scratch.vectors[3];
    float[] u = scratch.pieces[0];
    float[] out = scratch.pieces[1];
    int perPiece = rowsPerPiece(width);
    for (int at = row; at < row + count; at += perPiece) {
      int some = Math.min(perPiece, row + count - at);
      int n = load(x, xOffset, at, some, from, width, u);
      if (activation == Activation.RELU) {
        normaliseRelu(u, shift, delta, scale, beta, out, n);
      } else {
        normalise(u, shift, delta, scale, beta, n);
        Elementwise.forward(activation, u, out, scratch, n);
      }
      if (dropsAny) {
        drop(drops, scratch, out, at, some, from, width);
      }
      store(out, y, yOffset, at, some, from, width);
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
