package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.backend.Masking;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/**
 * The gradients of y = activation(γ x̂ + β). With t = dy · activation′: dβ = Σt, dγ = Σ t x̂, and
 * dx = γ/√(σ² + ε) · (t − (Σt + x̂ Σ t x̂)/N) with the sums over the N rows of a group, which is
 * the whole batch but for ghost batch norm. x̂ is made again from x, and so is the sign of an
 * activation's input where nothing else is asked; the first pass leaves t in dx's place. Mean-only:
 * dx = t − Σt/N.
 *
 * <p>Where dropout follows, dy is dropped by the same words as y was, and since y is what it left,
 * an activation's own y is made again from x. Behind ReLU neither is needed: what is 0, dropped or
 * not, has no gradient, and what is not was kept. A leaky ReLU's y has kept its sign.
 */
final class BatchNormBackward extends Columns {

  private final float[] dy;
  private final int dyOffset;
  private final float[] x;
  private final int xOffset;
  private final float[] y;
  private final int yOffset;
  private final float[] dx;
  private final int dxOffset;
  private final BatchNormMemory norm;
  private final int groups;
  private final float[] gammas;
  private final float[] betas;
  private final float[] dGammas;
  private final float[] dBetas;
  private final int dGamma;
  private final int dBeta;
  private final Activation activation;
  private final boolean dropsAny;
  private final boolean zerosTellDrops;
  private final boolean readsY;
  private final boolean remakesY;
  private final boolean needsInput;
  private final Drops drops;
  private final float[] saved;
  private final int savedOffset;

  BatchNormBackward(
      Scratch[] scratch,
      Workers workers,
      Matrix dy,
      Matrix x,
      Matrix y,
      BatchNormMemory norm,
      Activation activation,
      Masking masking,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta) {
    super(scratch, workers, x, 2.3);
    this.dy = data(dy);
    this.dyOffset = (int) dy.offset();
    this.x = data(x);
    this.xOffset = (int) x.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.dx = data(dx);
    this.dxOffset = (int) dx.offset();
    this.norm = norm;
    this.groups = BatchNormMemory.groups(rows, norm.ghostRows());
    this.gammas = norm.meanOnly() ? null : data(norm.gamma());
    this.betas = data(norm.beta());
    this.dGammas = dGamma.isNone() ? null : data(dGamma);
    this.dBetas = data(dBeta);
    this.dGamma = (int) dGamma.offset();
    this.dBeta = (int) dBeta.offset();
    this.activation = activation;
    this.dropsAny = !masking.isNone();
    this.zerosTellDrops = activation == Activation.RELU && !masking.dropping().alpha();
    this.readsY = readsY(activation, masking);
    this.needsInput = !readsY && activation != Activation.IDENTITY;
    this.remakesY =
        needsInput
            && !Elementwise.backwardNeedsOnlySign(activation)
            && !Elementwise.backwardNeedsInput(activation);
    this.drops = new Drops(masking.backward());
    this.saved = data(saved);
    this.savedOffset = (int) saved.offset();
  }

  /** Where it doesn't, what it has to know of y is made again from x. */
  static boolean readsY(Activation activation, Masking masking) {
    boolean signTells = Elementwise.backwardNeedsOnlySign(activation);
    if (masking.isNone()) {
      return !signTells && !Elementwise.backwardNeedsInput(activation);
    }
    return signTells && activation != Activation.IDENTITY && !masking.dropping().alpha();
  }

  @Override
  void prepare() {
    drops.prepare();
  }

  @Override
  void panel(Scratch scratch, int from, int width) {
    double[] dGammaSums = scratch.sums[2];
    double[] dBetaSums = scratch.sums[3];
    Arrays.fill(dGammaSums, 0, width, 0);
    Arrays.fill(dBetaSums, 0, width, 0);
    loadBeta(scratch, from, width);
    for (int group = 0; group < groups; group++) {
      int first = BatchNormMemory.firstRow(group, groups, rows);
      int count = BatchNormMemory.firstRow(group + 1, groups, rows) - first;
      loadSaved(scratch, group, from, width, rowsPerPiece(width, count));
      reduce(scratch, first, count, from, width);
      for (int j = 0; j < width; j++) {
        dBetaSums[j] += scratch.sums[0][j];
        dGammaSums[j] += scratch.sums[1][j];
      }
      project(scratch, first, count, from, width);
    }
    for (int j = 0; j < width; j++) {
      dBetas[dBeta + from + j] = (float) dBetaSums[j];
    }
    for (int j = 0; j < width && dGammas != null; j++) {
      dGammas[dGamma + from + j] = (float) dGammaSums[j];
    }
  }

  private void loadBeta(Scratch scratch, int from, int width) {
    if (needsInput) {
      float[] beta = scratch.vectors[6];
      System.arraycopy(betas, (int) norm.beta().offset() + from, beta, 0, width);
      repeat(beta, width, rowsPerPiece(width));
    }
  }

  /** The mean in two parts, 1/√(σ² + ε), and γ times that as the forward pass had it. */
  private void loadSaved(Scratch scratch, int group, int from, int width, int perPiece) {
    for (int i = 0; i < 3; i++) {
      int at = savedOffset + (3 * group + i) * columns + from;
      System.arraycopy(saved, at, scratch.vectors[i], 0, width);
      repeat(scratch.vectors[i], width, perPiece);
    }
    if (needsInput) {
      float[] inverse = scratch.vectors[2];
      float[] scale = scratch.vectors[5];
      int gamma = (int) norm.gamma().offset() + from;
      for (int j = 0; j < width; j++) {
        scale[j] = norm.meanOnly() ? 1 : gammas[gamma + j] * inverse[j];
      }
      repeat(scale, width, perPiece);
    }
  }

  /** dx := γ/√(σ² + ε) · (t − (Σt + x̂ Σ t x̂)/N) over the rows of a group, whose t is in dx. */
  private void project(Scratch scratch, int first, int groupRows, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    float[] scale = scratch.vectors[2];
    float[] sum = scratch.vectors[3];
    float[] dot = scratch.vectors[4];
    projection(scratch, groupRows, from, width);
    int perPiece = rowsPerPiece(width, groupRows);
    repeat(scale, width, perPiece);
    repeat(sum, width, perPiece);
    repeat(dot, width, perPiece);
    float[] t = scratch.pieces[0];
    float[] xPiece = scratch.pieces[1];
    for (int row = first; row < first + groupRows; row += perPiece) {
      int count = Math.min(perPiece, first + groupRows - row);
      int n = load(x, xOffset, row, count, from, width, xPiece);
      load(dx, dxOffset, row, count, from, width, t);
      project(t, xPiece, shift, delta, scale, dot, sum, n);
      store(t, dx, dxOffset, row, count, from, width);
    }
  }

  /** The factors of t, of x − μ and of 1; a deviation that was left alone takes no part. */
  private void projection(Scratch scratch, int groupRows, int from, int width) {
    float[] scale = scratch.vectors[2];
    float[] sum = scratch.vectors[3];
    float[] dot = scratch.vectors[4];
    double[] sums = scratch.sums[0];
    double[] dots = scratch.sums[1];
    int gamma = (int) norm.gamma().offset() + from;
    for (int j = 0; j < width; j++) {
      float inverse = scale[j];
      double outer = norm.meanOnly() ? 1 : (double) gammas[gamma + j] * inverse;
      dot[j] = norm.meanOnly() ? 0 : (float) (outer * inverse * dots[j] / groupRows);
      sum[j] = (float) (outer * sums[j] / groupRows);
      scale[j] = (float) outer;
    }
  }

  /** sums := Σt and dots := Σ t x̂ over the rows of a group; t is left in dx. */
  private void reduce(Scratch scratch, int first, int groupRows, int from, int width) {
    int perPiece = rowsPerPiece(width, groupRows);
    float[] t = scratch.pieces[0];
    float[] xHat = scratch.pieces[1];
    float[] yPiece = scratch.pieces[2];
    float[] sum = scratch.vectors[3];
    float[] dot = scratch.vectors[4];
    double[] sums = scratch.sums[0];
    double[] dots = scratch.sums[1];
    Arrays.fill(sum, 0, width * perPiece, 0f);
    Arrays.fill(dot, 0, width * perPiece, 0f);
    Arrays.fill(sums, 0, width, 0);
    Arrays.fill(dots, 0, width, 0);
    for (int row = first; row < first + groupRows; row += perPiece) {
      int count = Math.min(perPiece, first + groupRows - row);
      int n = load(dy, dyOffset, row, count, from, width, t);
      load(x, xOffset, row, count, from, width, xHat);
      if (readsY) {
        load(y, yOffset, row, count, from, width, yPiece);
      }
      if (zerosTellDrops && dropsAny) {
        drops.keepAll(t, n);
      } else if (dropsAny) {
        drop(drops, scratch, t, row, count, from, width);
      }
      mask(scratch, t, xHat, yPiece, n);
      accumulate(t, xHat, sum, dot, n);
      store(t, dx, dxOffset, row, count, from, width);
      if (endsSlab(row - first, perPiece)) {
        flush(sum, sums, width, perPiece);
        flush(dot, dots, width, perPiece);
      }
    }
    flush(sum, sums, width, perPiece);
    flush(dot, dots, width, perPiece);
  }

  /** t := t · activation′; x becomes x̂. */
  private void mask(Scratch scratch, float[] t, float[] x, float[] y, int n) {
    float[][] vectors = scratch.vectors;
    float[] u = scratch.pieces[3];
    centre(x, vectors[0], vectors[1], n);
    if (needsInput) {
      affine(x, vectors[5], vectors[6], u, n);
    }
    multiply(x, vectors[2], n);
    if (remakesY) {
      Elementwise.forward(activation, u, y, scratch, n);
    }
    Elementwise.backward(activation, u, readsY || remakesY ? y : u, t, scratch, n);
  }

  private static void centre(float[] x, float[] shift, float[] delta, int width) {
    for (int j = 0; j < width; j++) {
      x[j] = x[j] - shift[j] - delta[j];
    }
  }

  private static void affine(float[] centred, float[] scale, float[] beta, float[] u, int width) {
    for (int j = 0; j < width; j++) {
      u[j] = centred[j] * scale[j] + beta[j];
    }
  }

  private static void multiply(float[] x, float[] inverse, int width) {
    for (int j = 0; j < width; j++) {
      x[j] *= inverse[j];
    }
  }

  private static void accumulate(float[] t, float[] xHat, float[] sum, float[] dot, int width) {
    for (int j = 0; j < width; j++) {
      sum[j] += t[j];
      dot[j] += t[j] * xHat[j];
    }
  }

  /** t := scale t − slope (x − μ) − constant. */
  private static void project(
      float[] t,
      float[] x,
      float[] shift,
      float[] delta,
      float[] scale,
      float[] slope,
      float[] constant,
      int n) {
    for (int j = 0; j < n; j++) {
      t[j] = scale[j] * t[j] - slope[j] * (x[j] - shift[j] - delta[j]) - constant[j];
    }
  }
}
