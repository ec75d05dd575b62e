package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;
import java.util.Arrays;

/** dz := dy · activation′, and dBias := its column sums, in one pass. */
final class ActivationBackward extends RowBlocks {

  private final Floats dy;
  private final Floats z;
  private final Floats y;
  private final Floats dz;
  private final Floats dBias;
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
    super(scratch, workers, dy, 1, 0, 1, 0.7);
    this.dy = Floats.of(dy);
    this.z = Floats.of(z);
    this.y = Floats.of(y);
    this.dz = Floats.of(dz);
    this.dBias = Floats.of(dBias);
    this.activation = activation;
  }

  @Override
  void load(Scratch scratch, int phase, int group, int from, int width) {}

  @Override
  void block(Scratch scratch, int phase, int block, int row, int count, int from, int width) {
    float[] t = scratch.pieces[0];
    float[] u = scratch.pieces[1];
    float[] yPiece = scratch.pieces[2];
    float[] sum = scratch.vectors[0];
    double[] sums = totals()[0];
    int place = cleared(block, width);
    int perPiece = rowsPerPiece(width);
    boolean inPlaceIdentity = activation == Activation.IDENTITY && dz.equals(dy);
    Arrays.fill(sum, 0);
    for (int done = 0; done < count; done += perPiece) {
      int at = row + done;
      int some = Math.min(perPiece, count - done);
      int n = load(dy, at, some, from, width, t);
      if (activation != Activation.IDENTITY) {
        load(y, at, some, from, width, yPiece);
        if (Elementwise.backwardNeedsInput(activation)) {
          load(z, at, some, from, width, u);
        }
        Elementwise.backward(activation, u, yPiece, t, scratch, n);
      }
      if (!inPlaceIdentity) {
        store(t, dz, at, some, from, width);
      }
      if (!dBias.isNone()) {
        add(t, sum, n);
        if (endsSlab(done, width) || done + some == count) {
          flush(sum, sums, place, width);
        }
      }
    }
  }

  @Override
  void between(int phase, int from, int width) {
    if (!dBias.isNone()) {
      double[] total = own().sums[0];
      addUp(totals()[0], 0, total, width);
      for (int j = 0; j < width; j++) {
        dBias.set(from + j, total[j]);
      }
    }
  }

  private static void add(float[] t, float[] sum, int width) {
    for (int j = 0; j < width; j++) {
      sum[j] += t[j];
    }
  }
}
