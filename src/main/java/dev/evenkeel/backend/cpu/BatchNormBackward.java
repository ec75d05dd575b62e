package dev.evenkeel.backend.cpu;

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
final class BatchNormBackward extends RowBlocks {

  private static final int REDUCE = 0;
  private static final int PROJECT = 1;

  /** Which vectors the phases take. */
  private static final int[] REDUCING = {0, 1, 2};

  private static final int[] REMAKING = {0, 1, 2, 5, 6};
  private static final int[] PROJECTING = {0, 1, 2, 3, 4};

  private final Floats dy;
  private final Floats x;
  private final Floats y;
  private final Floats dx;
  private final boolean meanOnly;
  private final Floats gamma;
  private final Floats beta;
  private final Floats dGamma;
  private final Floats dBeta;
  private final Activation activation;
  private final boolean dropsAny;
  private final boolean zerosTellDrops;
  private final boolean readsY;
  private final boolean remakesY;
  private final boolean needsInput;
  private final Drops drops;
  private final Floats saved;

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
    super(
        scratch,
        workers,
        x,
        BatchNormMemory.groups(x.rows(), norm.ghostRows()),
        REDUCE,
        PROJECT + 1,
        2.3);
    this.dy = Floats.of(dy);
    this.x = Floats.of(x);
    this.y = Floats.of(y);
    this.dx = Floats.of(dx);
    this.meanOnly = norm.meanOnly();
    this.gamma = Floats.of(norm.gamma());
    this.beta = Floats.of(norm.beta());
    this.dGamma = Floats.of(dGamma);
    this.dBeta = Floats.of(dBeta);
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
    this.saved = Floats.of(saved);
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

  /** The mean in two parts, 1/√(σ² + ε), and γ times that and β as the forward pass had them. */
  @Override
  void load(Scratch scratch, int phase, int group, int from, int width) {
    float[][] vectors = scratch.vectors;
    for (int i = 0; i < 3; i++) {
      saved.read((3 * group + i) * columns + from, vectors[i], width);
    }
    if (phase == PROJECT) {
      loadFactors(vectors, group, from, width);
    } else if (needsInput) {
      for (int j = 0; j < width; j++) {
        vectors[5][j] = meanOnly ? 1 : gamma.get(from + j) * vectors[2][j];
      }
      beta.read(from, vectors[6], width);
    }
    int[] wanted = phase == PROJECT ? PROJECTING : needsInput ? REMAKING : REDUCING;
    for (int i : wanted) {
      repeat(vectors[i], width);
    }
  }

  /** The factors of t, of x − μ and of 1; a deviation that was left alone takes no part. */
  private void loadFactors(float[][] vectors, int group, int from, int width) {
    int groupRows = firstRow(group + 1) - firstRow(group);
    int at = placeOf(group);
    for (int j = 0; j < width; j++) {
      float inverse = vectors[2][j];
      double outer = meanOnly ? 1 : (double) gamma.get(from + j) * inverse;
      double dot = meanOnly ? 0 : outer * inverse * totals()[1][at + j] / groupRows;
      vectors[2][j] = (float) outer;
      vectors[3][j] = (float) (outer * totals()[0][at + j] / groupRows);
      vectors[4][j] = (float) dot;
    }
  }

  @Override
  void block(Scratch scratch, int phase, int block, int row, int count, int from, int width) {
    if (phase == REDUCE) {
      reduce(scratch, block, row, count, from, width);
    } else {
      project(scratch, row, count, from, width);
    }
  }

  /**
   * Of every group the sums take the place of its first block's, and all of them are β's and γ's.
   */
  @Override
  void between(int phase, int from, int width) {
    if (phase == PROJECT) {
      return;
    }
    double[] total = own().sums[0];
    double[] dBetaSums = own().sums[1];
    double[] dGammaSums = own().sums[2];
    Arrays.fill(dBetaSums, 0, width, 0);
    Arrays.fill(dGammaSums, 0, width, 0);
    for (int group = 0; group < groups; group++) {
      for (int k = 0; k < 2; k++) {
        double[] sums = k == 0 ? dBetaSums : dGammaSums;
        addUp(totals()[k], group, total, width);
        System.arraycopy(total, 0, totals()[k], placeOf(group), width);
        for (int j = 0; j < width; j++) {
          sums[j] += total[j];
        }
      }
    }
    for (int j = 0; j < width; j++) {
      dBeta.set(from + j, dBetaSums[j]);
    }
    for (int j = 0; j < width && !dGamma.isNone(); j++) {
      dGamma.set(from + j, dGammaSums[j]);
    }
  }

  /** dx := γ/√(σ² + ε) · (t − (Σt + x̂ Σ t x̂)/N) over rows whose t is in dx. */
  private void project(Scratch scratch, int row, int count, int from, int width) {
    float[][] vectors = scratch.vectors;
    float[] t = scratch.pieces[0];
    float[] xPiece = scratch.pieces[1];
    int perPiece = rowsPerPiece(width);
    for (int at = row; at < row + count; at += perPiece) {
      int some = Math.min(perPiece, row + count - at);
      int n = load(x, at, some, from, width, xPiece);
      load(dx, at, some, from, width, t);
      project(t, xPiece, vectors[0], vectors[1], vectors[2], vectors[4], vectors[3], n);
      store(t, dx, at, some, from, width);
    }
  }

  /** Σt and Σ t x̂ over rows; t is left in dx. */
  private void reduce(Scratch scratch, int block, int row, int count, int from, int width) {
    float[] t = scratch.pieces[0];
    float[] xHat = scratch.pieces[1];
    float[] yPiece = scratch.pieces[2];
    float[] sum = scratch.vectors[3];
    float[] dot = scratch.vectors[4];
    double[] sums = totals()[0];
    double[] dots = totals()[1];
    int place = cleared(block, width);
    Arrays.fill(sum, 0f);
    Arrays.fill(dot, 0f);
    int perPiece = rowsPerPiece(width);
    for (int done = 0; done < count; done += perPiece) {
      int at = row + done;
      int some = Math.min(perPiece, count - done);
      int n = load(dy, at, some, from, width, t);
      load(x, at, some, from, width, xHat);
      if (readsY) {
        load(y, at, some, from, width, yPiece);
      }
      if (zerosTellDrops && dropsAny) {
        drops.keepAll(t, n);
      } else if (dropsAny) {
        drop(drops, scratch, t, at, some, from, width);
      }
      mask(scratch, t, xHat, yPiece, n);
      accumulate(t, xHat, sum, dot, n);
      store(t, dx, at, some, from, width);
      if (endsSlab(done, width) || done + some == count) {
        flush(sum, sums, place, width);
        flush(dot, dots, place, width);
      }
    }
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
