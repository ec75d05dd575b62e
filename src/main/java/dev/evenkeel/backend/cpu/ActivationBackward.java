package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/** dz := dy · activation′, and dBias := its column sums, in one pass. */
final class ActivationBackward extends Columns {

  private final float[] dy;
  private final int dyOffset;
  private final float[] z;
  private final int zOffset;
  private final float[] y;
  private final int yOffset;
  private final float[] dz;
  private final int dzOffset;
  private final float[] dBias;
  private final int dBiasOffset;
  private final Activation activation;

  ActivationBackward(
      Scratch[] scratch,
      Workers workers,
      Matrix dy,
      Matrix z,
      Matrix y,
      Activation activation,
      Matrix dz,
      Matrix dBias) {
    super(scratch, workers, dy, 0.7);
    this.dy = data(dy);
    this.dyOffset = (int) dy.offset();
    this.z = data(z);
    this.zOffset = (int) z.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.dz = data(dz);
    this.dzOffset = (int) dz.offset();
    this.dBias = dBias.isNone() ? null : data(dBias);
    this.dBiasOffset = (int) dBias.offset();
    this.activation = activation;
  }

  @Override
  void panel(Scratch scratch, int from, int width) {
    float[] t = scratch.pieces[0];
    float[] u = scratch.pieces[1];
    float[] yPiece = scratch.pieces[2];
    float[] sum = scratch.vectors[0];
    double[] sums = scratch.sums[0];
    int perPiece = rowsPerPiece(width);
    boolean inPlaceIdentity = activation == Activation.IDENTITY && dz == dy && dzOffset == dyOffset;
    Arrays.fill(sum, 0);
    Arrays.fill(sums, 0);
    for (int row = 0; row < rows; row += perPiece) {
      int count = Math.min(perPiece, rows - row);
      int n = load(dy, dyOffset, row, count, from, width, t);
      if (activation != Activation.IDENTITY) {
        load(y, yOffset, row, count, from, width, yPiece);
        if (Elementwise.backwardNeedsInput(activation)) {
          load(z, zOffset, row, count, from, width, u);
        }
        Elementwise.backward(activation, u, yPiece, t, scratch, n);
      }
      if (!inPlaceIdentity) {
        store(t, dz, dzOffset, row, count, from, width);
      }
      if (dBias != null) {
        add(t, sum, n);
        if (endsSlab(row, perPiece)) {
          flush(sum, sums, width, perPiece);
        }
      }
    }
    if (dBias != null) {
      flush(sum, sums, width, perPiece);
      for (int j = 0; j < width; j++) {
        dBias[dBiasOffset + from + j] = (float) sums[j];
      }
    }
  }

  private static void add(float[] t, float[] sum, int width) {
    for (int j = 0; j < width; j++) {
      sum[j] += t[j];
    }
  }
}
