package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.RowNormMemory;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/**
 * The gradients of y = activation(γ x̂ + β). With t = dy · activation′ and s = γ t: over the rows
 * dβ = Σt and dγ = Σ t x̂; over each group of L features dx = (s − Σs/L − x̂ Σ s x̂ /L) / √(σ² +
 * ε), without Σs/L where the mean was not subtracted.
 */
final class RowNormBackward extends RowGroups {

  private final FeatureTotals[] totals;
  private final Floats dy;
  private final Floats x;
  private final Floats y;
  private final Floats dx;
  private final Floats dGammas;
  private final Floats dBetas;
  private final boolean centred;
  private final Activation activation;
  private final Floats saved;

  RowNormBackward(
      Scratch[] scratch,
      Workers workers,
      Matrix dy,
      Matrix x,
      Matrix y,
      RowNormMemory norm,
      Activation activation,
      Matrix saved,
      Matrix dx,
      Matrix dGamma,
      Matrix dBeta) {
    super(scratch, workers, x, norm, 2.5);
    this.totals = new FeatureTotals[scratch.length];
    for (int i = 0; i < scratch.length; i++) {
      totals[i] = new FeatureTotals(columns, columnOfPieces());
    }
    this.dy = Floats.of(dy);
    this.x = Floats.of(x);
    this.y = Floats.of(y);
    this.dx = Floats.of(dx);
    this.dGammas = Floats.of(dGamma);
    this.dBetas = Floats.of(dBeta);
    this.centred = norm.centred();
    this.activation = activation;
    this.saved = Floats.of(saved);
  }

  @Override
  void begin(int worker) {
    totals[worker].clear();
  }

  @Override
  void endRows(int worker) {
    totals[worker].endRound();
  }

  @Override
  void end(int worker) {
    totals[worker].flush();
  }

  @Override
  void finish() {
    for (int j = 0; j < columns; j++) {
      double dGamma = 0;
      double dBeta = 0;
      for (FeatureTotals total : totals) {
        dGamma += total.dot[j];
        dBeta += total.sum[j];
      }
      dGammas.set(j, dGamma);
      if (!dBetas.isNone()) {
        dBetas.set(j, dBeta);
      }
    }
  }

  @Override
  void work(int worker, int group, int count) {
    Scratch own = scratch[worker];
    for (int k = 0; k < count; k++) {
      int at = 3 * (group + k);
      expand(saved.get(at), k, own.vectors[0]);
      expand(saved.get(at + 1), k, own.vectors[1]);
      expand(saved.get(at + 2), k, own.vectors[2]);
    }
    if (length > Scratch.WIDTH) {
      longGroup(worker, group);
    } else {
      int n = count * length;
      load(worker, group, 0, n);
      for (int k = 0; k < count; k++) {
        expandMeans(worker, k, sum(k, own.pieces[0]), sum(k, own.pieces[2]));
      }
      project(own, n);
      dx.write(own.pieces[0], group * length, n);
    }
  }

  private double sum(int k, float[] values) {
    return Sums.of(values, k * length, length);
  }

  /** Twice over the group, and s lies in dx's place meanwhile. */
  private void longGroup(int worker, int group) {
    float[] s = scratch[worker].pieces[0];
    float[] xHat = scratch[worker].pieces[1];
    double sum = 0;
    double dot = 0;
    for (int from = 0; from < length; from += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, length - from);
      load(worker, group, from, n);
      sum += Sums.of(s, 0, n);
      dot += Sums.of(scratch[worker].pieces[2], 0, n);
      dx.write(s, group * length + from, n);
    }
    expandMeans(worker, 0, sum, dot);
    for (int from = 0; from < length; from += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, length - from);
      int at = group * length + from;
      dx.read(at, s, n);
      loadStandardised(scratch[worker], at, xHat, n);
      project(scratch[worker], n);
      dx.write(s, at, n);
    }
  }

  private void expandMeans(int worker, int k, double sum, double dot) {
    expand(centred ? (float) (sum / length) : 0, k, scratch[worker].vectors[5]);
    expand((float) (dot / length), k, scratch[worker].vectors[6]);
  }

  /** Leaves s, x̂ and s x̂ of n elements in the first pieces, and adds t and t x̂ to the totals. */
  private void load(int worker, int group, int from, int n) {
    Scratch own = scratch[worker];
    float[] t = own.pieces[0];
    float[] xHat = own.pieces[1];
    float[] product = own.pieces[2];
    int at = group * length + from;
    if (columns > Scratch.WIDTH) {
      loadAffine(own, group % groups * length + from, n);
    }
    dy.read(at, t, n);
    loadStandardised(own, at, xHat, n);
    mask(own, at, t, xHat, n);
    totals[worker].add(pieceOf(group) + from / Scratch.WIDTH, t, xHat, n);
    multiply(t, own.vectors[3], xHat, product, n);
  }

  private void loadStandardised(Scratch own, int at, float[] xHat, int n) {
    x.read(at, xHat, n);
    standardise(xHat, own.vectors[0], own.vectors[1], own.vectors[2], n);
  }

  /** t := t · activation′. */
  private void mask(Scratch own, int at, float[] t, float[] xHat, int n) {
    if (activation == Activation.IDENTITY) {
      return;
    }
    float[] yPiece = own.pieces[2];
    float[] u = own.pieces[3];
    y.read(at, yPiece, n);
    if (Elementwise.backwardNeedsInput(activation)) {
      affine(xHat, own.vectors[3], own.vectors[4], u, n);
    }
    Elementwise.backward(activation, u, yPiece, t, own, n);
  }

  private static void project(Scratch own, int n) {
    float[][] vectors = own.vectors;
    project(own.pieces[0], own.pieces[1], vectors[2], vectors[5], vectors[6], n);
  }

  private static void standardise(float[] x, float[] shift, float[] delta, float[] inverse, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = (x[i] - shift[i] - delta[i]) * inverse[i];
    }
  }

  private static void affine(float[] xHat, float[] gamma, float[] beta, float[] u, int n) {
    for (int i = 0; i < n; i++) {
      u[i] = xHat[i] * gamma[i] + beta[i];
    }
  }

  private static void multiply(float[] t, float[] gamma, float[] xHat, float[] product, int n) {
    for (int i = 0; i < n; i++) {
      t[i] = t[i] * gamma[i];
      product[i] = t[i] * xHat[i];
    }
  }

  private static void project(
      float[] s, float[] xHat, float[] inverse, float[] mean, float[] dot, int n) {
    for (int i = 0; i < n; i++) {
      s[i] = inverse[i] * (s[i] - mean[i] - xHat[i] * dot[i]);
    }
  }
}
