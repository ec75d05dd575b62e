package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** z := z + bias where there is one, then y := activation(z). */
final class ActivationForward extends RowBlocks {

  private final Floats z;
  private final Floats y;
  private final Floats bias;
  private final Activation activation;
  private final boolean storeZ;

  ActivationForward(
      Scratch[] scratch, Workers workers, Matrix z, Matrix bias, Activation activation, Matrix y) {
    super(scratch, workers, z, 1, 0, 1, 0.4 + Elementwise.nanoseconds(activation));
    this.z = Floats.of(z);
    this.y = Floats.of(y);
    this.bias = Floats.of(bias);
    this.activation = activation;
    this.storeZ =
        !bias.isNone() && !this.y.equals(this.z) && Elementwise.backwardNeedsInput(activation);
  }

  @Override
  void load(Scratch scratch, int phase, int group, int from, int width) {
    if (!bias.isNone()) {
      bias.read(from, scratch.vectors[0], width);
      repeat(scratch.vectors[0], width);
    }
  }

  @Override
  void block(Scratch scratch, int phase, int block, int row, int count, int from, int width) {
    float[] u = scratch.pieces[0];
    float[] out = scratch.pieces[1];
    int perPiece = rowsPerPiece(width);
    for (int at = row; at < row + count; at += perPiece) {
      int some = Math.min(perPiece, row + count - at);
      int n = load(z, at, some, from, width, u);
      if (!bias.isNone()) {
        add(u, scratch.vectors[0], n);
      }
      if (storeZ) {
        store(u, z, at, some, from, width);
      }
      if (activation == Activation.IDENTITY) {
        store(u, y, at, some, from, width);
      } else {
        Elementwise.forward(activation, u, out, scratch, n);
        store(out, y, at, some, from, width);
      }
    }
  }

  @Override
  void between(int phase, int from, int width) {}

  private static void add(float[] u, float[] bias, int width) {
    for (int j = 0; j < width; j++) {
      u[j] += bias[j];
    }
  }
}
