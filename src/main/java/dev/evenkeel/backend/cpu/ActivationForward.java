package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** z := z + bias where there is one, then y := activation(z). */
final class ActivationForward extends RowBlocks {

  private final float[] z;
  private final int zOffset;
  private final float[] y;
  private final int yOffset;
  private final float[] bias;
  private final int biasOffset;
  private final Activation activation;
  private final boolean storeZ;

  ActivationForward(
      Scratch[] scratch, Workers workers, Matrix z, Matrix bias, Activation activation, Matrix y) {
    super(scratch, workers, z, 1, 0, 1, 0.4 + Elementwise.nanoseconds(activation));
    this.z = data(z);
    this.zOffset = (int) z.offset();
    this.y = data(y);
    this.yOffset = (int) y.offset();
    this.bias = bias.isNone() ? null : data(bias);
    this.biasOffset = (int) bias.offset();
    this.activation = activation;
    boolean inPlace = this.y == this.z && yOffset == zOffset;
    this.storeZ = !bias.isNone() && !inPlace && Elementwise.backwardNeedsInput(activation);
  }

  @Override
  void load(Scratch scratch, int phase, int group, int from, int width) {
    if (bias != null) {
      System.arraycopy(bias, biasOffset + from, scratch.vectors[0], 0, width);
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
      int n = load(z, zOffset, at, some, from, width, u);
      if (bias != null) {
        add(u, scratch.vectors[0], n);
      }
      if (storeZ) {
        store(u, z, zOffset, at, some, from, width);
      }
      if (activation == Activation.IDENTITY) {
        store(u, y, yOffset, at, some, from, width);
      } else {
        Elementwise.forward(activation, u, out, scratch, n);
        store(out, y, yOffset, at, some, from, width);
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
