package dev.evenkeel.backend.cpu;

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

  private final Floats x;
  private final Floats y;
  private final BatchNormMemory norm;
  private final Floats gammas;
  private final Floats betas;
  private final Floats means;
  private final Floats variances;
  private final Floats count;
  private final Activation activation;
  private final boolean dropsAny;
  private final Drops drops;
  private final boolean training;
  private final Floats saved;

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
        Floats.of(saved),
        saved.isNone() ? AFTER : 0,
        AFTER + 1,
        1.3 + Elementwise.nanoseconds(activation));
    this.x = Floats.of(x);
    this.y = Floats.of(y);
    this.norm = norm;
    this.gammas = Floats.of(norm.gamma());
    this.betas = Floats.of(norm.beta());
    this.means = Floats.of(norm.runningMean());
    this.variances = Floats.of(norm.runningVariance());
    this.count = Floats.of(norm.count());
    this.activation = activation;
    this.dropsAny = !masking.isNone();
    this.drops = new Drops(masking);
    this.training = !saved.isNone();
    this.saved = Floats.of(saved);
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
    if (!training) {
      means.read(from, shift, width);
      repeat(shift, width);
      Arrays.fill(scratch.vectors[1], 0);
    }
    for (int j = 0; j < width; j++) {
      scale[j] =
          norm.meanOnly()
              ? 1
              : gammas.get(from + j)
                  * (training
                      ? saved.get(keptAt(group, 2, from) + j)
                      : inverse(variances.get(from + j)));
    }
    repeat(scale, width);
    betas.read(from, beta, width);
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
      meanSums[j] += (double) saved.get(shift + j) + saved.get(delta + j);
      varianceSums[j] += variance[j] * unbiased;
      saved.set(inverse + j, inverse(variance[j]));
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
      int n = load(x, at, some, from, width, u);
      if (activation == Activation.RELU) {
        normaliseRelu(u, shift, delta, scale, beta, out, n);
      } else {
        normalise(u, shift, delta, scale, beta, n);
        Elementwise.forward(activation, u, out, scratch, n);
      }
      if (dropsAny) {
        drop(drops, scratch, out, at, some, from, width);
      }
      store(out, y, at, some, from, width);
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
    double w = weight();
    // Rounded once: a small batch variance must not be lost beside a large running one.
    for (int j = 0; j < width; j++) {
      means.set(from + j, w * (meanSums[j] / groups) + (1 - w) * means.get(from + j));
    }
    for (int j = 0; j < width && !norm.meanOnly(); j++) {
      variances.set(from + j, w * (varianceSums[j] / groups) + (1 - w) * variances.get(from + j));
    }
  }

  private double weight() {
    double seen = count.get(0);
    return norm.running().weight() == 0 ? 1 / (seen + 1) : norm.running().weight();
  }

  @Override
  void finish() {
    if (training) {
      count.set(0, count.get(0) + 1);
    }
  }
}
