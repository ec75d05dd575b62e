package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.BatchNormMemory;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/**
 * The gradients of y = activation(γ x̂ + β). With t = dy · activation′: dβ = Σt, dγ = Σ t x̂, and
 * dx = γ/√(σ² + ε) · (t − (dβ + x̂ dγ)/N). x̂ is made again from x; the first pass leaves t in dx's
 * place.
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
  private final float[] gammas;
  private final float[] betas;
  private final float[] dGammas;
  private final float[] dBetas;
  private final int dGamma;
  private final int dBeta;
  private final Activation activation;
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
    this.gammas = data(norm.gamma());
    this.betas = data(norm.beta());
    this.dGammas = data(dGamma);
    this.dBetas = data(dBeta);
    this.dGamma = (int) dGamma.offset();
    this.dBeta = (int) dBeta.offset();
    this.activation = activation;
    this.saved = data(saved);
    this.savedOffset = (int) saved.offset();
  }

  @Override
  void panel(Scratch scratch, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    float[] inverse = scratch.vectors[2];
    float[] sum = scratch.vectors[3];
    float[] dot = scratch.vectors[4];
    double[] sums = scratch.sums[0];
    double[] dots = scratch.sums[1];
    System.arraycopy(saved, savedOffset + from, shift, 0, width);
    System.arraycopy(saved, savedOffset + columns + from, delta, 0, width);
    System.arraycopy(saved, savedOffset + 2 * columns + from, inverse, 0, width);

    int perPiece = rowsPerPiece(width);
    repeat(shift, width, perPiece);
    repeat(delta, width, perPiece);
    repeat(inverse, width, perPiece);
    reduce(scratch, from, width, shift, delta, inverse, sum, dot, sums, dots);

    float[] scale = inverse;
    int gamma = (int) norm.gamma().offset() + from;
    for (int j = 0; j < width; j++) {
      dBetas[dBeta + from + j] = (float) sums[j];
      dGammas[dGamma + from + j] = (float) dots[j];
      double outer = (double) gammas[gamma + j] * inverse[j];
      dot[j] = (float) (outer * inverse[j] * dots[j] / rows);
      sum[j] = (float) (outer * sums[j] / rows);
      scale[j] = (float) outer;
    }
    repeat(scale, width, perPiece);
    repeat(sum, width, perPiece);
    repeat(dot, width, perPiece);
    float[] t = scratch.pieces[0];
    float[] xPiece = scratch.pieces[1];
    for (int row = 0; row < rows; row += perPiece) {
      int count = Math.min(perPiece, rows - row);
      int n = load(x, xOffset, row, count, from, width, xPiece);
      load(dx, dxOffset, row, count, from, width, t);
      project(t, xPiece, shift, delta, scale, dot, sum, n);
      store(t, dx, dxOffset, row, count, from, width);
    }
  }

  /** sums := Σt and dots := Σ t x̂ over the rows; t is left in dx. */
  private void reduce(
      Scratch scratch,
      int from,
      int width,
      float[] shift,
      float[] delta,
      float[] inverse,
      float[] sum,
      float[] dot,
      double[] sums,
      double[] dots) {
    int perPiece = rowsPerPiece(width);
    float[] t = scratch.pieces[0];
    float[] xHat = scratch.pieces[1];
    float[] yPiece = scratch.pieces[2];
    affineVectors(scratch, from, width);
    Arrays.fill(sum, 0);
    Arrays.fill(dot, 0);
    Arrays.fill(sums, 0);
    Arrays.fill(dots, 0);
    for (int row = 0; row < rows; row += perPiece) {
      int count = Math.min(perPiece, rows - row);
      int n = load(dy, dyOffset, row, count, from, width, t);
      load(x, xOffset, row, count, from, width, xHat);
      if (activation != Activation.IDENTITY) {
        load(y, yOffset, row, count, from, width, yPiece);
      }
      standardise(xHat, shift, delta, inverse, n);
      mask(scratch, t, xHat, yPiece, n);
      accumulate(t, xHat, sum, dot, n);
      store(t, dx, dxOffset, row, count, from, width);
      if (endsSlab(row, perPiece)) {
        flush(sum, sums, width, perPiece);
        flush(dot, dots, width, perPiece);
      }
    }
    flush(sum, sums, width, perPiece);
    flush(dot, dots, width, perPiece);
  }

  /** γ and β, where the activation's derivative is a function of its input γ x̂ + β. */
  private void affineVectors(Scratch scratch, int from, int width) {
    if (Elementwise.backwardNeedsInput(activation)) {
      float[] gamma = scratch.vectors[5];
      float[] beta = scratch.vectors[6];
      System.arraycopy(gammas, (int) norm.gamma().offset() + from, gamma, 0, width);
      System.arraycopy(betas, (int) norm.beta().offset() + from, beta, 0, width);
      repeat(gamma, width, rowsPerPiece(width));
      repeat(beta, width, rowsPerPiece(width));
    }
  }

  /** t := t · activation′. */
  private void mask(Scratch scratch, float[] t, float[] xHat, float[] y, int n) {
    float[] u = scratch.pieces[3];
    if (Elementwise.backwardNeedsInput(activation)) {
      affine(xHat, scratch.vectors[5], scratch.vectors[6], u, n);
    }
    Elementwise.backward(activation, u, y, t, scratch, n);
  }

  private static void standardise(
      float[] x, float[] shift, float[] delta, float[] inverse, int width) {
    for (int j = 0; j < width; j++) {
      x[j] = (x[j] - shift[j] - delta[j]) * inverse[j];
    }
  }

  private static void affine(float[] xHat, float[] gamma, float[] beta, float[] u, int width) {
    for (int j = 0; j < width; j++) {
      u[j] = xHat[j] * gamma[j] + beta[j];
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
