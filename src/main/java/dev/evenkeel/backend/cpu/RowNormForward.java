package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Activation;
import dev.evenkeel.backend.RowNormMemory;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/**
 * y [N, C] = activation(γ (x − μ) / √(σ² + ε) + β) with μ and σ² of each group of a row's features:
 * layer, RMS, group and instance norm.
 */
final class RowNormForward extends RowGroups {

  private final GroupMoments[] moments;
  private final Floats x;
  private final Floats y;
  private final boolean centred;
  private final double epsilon;
  private final Activation activation;
  private final Floats saved;

  /**
   * @param saved NONE where nothing goes backward
   */
  RowNormForward(
      Scratch[] scratch,
      Workers workers,
      Matrix x,
      RowNormMemory norm,
      Activation activation,
      Matrix y,
      Matrix saved) {
    super(scratch, workers, x, norm, 1.5 + Elementwise.nanoseconds(activation));
    this.moments = new GroupMoments[scratch.length];
    for (int i = 0; i < scratch.length; i++) {
      moments[i] = new GroupMoments();
    }
    this.x = Floats.of(x);
    this.y = Floats.of(y);
    this.centred = norm.centred();
    this.epsilon = norm.epsilon();
    this.activation = activation;
    this.saved = Floats.of(saved);
  }

  @Override
  void work(int worker, int group, int count) {
    Scratch own = scratch[worker];
    for (int k = 0; k < count; k++) {
      statistics(own, moments[worker], group + k, k);
    }
    int column = group % groups * length;
    for (int from = 0; from < count * length; from += Scratch.WIDTH) {
      int n = Math.min(Scratch.WIDTH, count * length - from);
      if (columns > Scratch.WIDTH) {
        loadAffine(own, column + from, n);
      }
      apply(own, group * length + from, n);
    }
  }

  private void statistics(Scratch own, GroupMoments group, int number, int k) {
    if (centred) {
      group.compute(x.array(), x.start() + number * length, length);
    } else {
      group.meanSquare(x.array(), x.start() + number * length, length);
    }
    float inverse = (float) (1 / Math.sqrt(group.variance + epsilon));
    expand(group.shift, k, own.vectors[0]);
    expand(group.delta, k, own.vectors[1]);
    expand(inverse, k, own.vectors[2]);
    if (!saved.isNone()) {
      saved.set(3 * number, group.shift);
      saved.set(3 * number + 1, group.delta);
      saved.set(3 * number + 2, inverse);
    }
  }

  private void apply(Scratch own, int at, int n) {
    float[][] vectors = own.vectors;
    float[] u = own.pieces[0];
    float[] out = own.pieces[1];
    x.read(at, u, n);
    if (activation == Activation.RELU) {
      normaliseRelu(u, vectors[0], vectors[1], vectors[2], vectors[3], vectors[4], out, n);
    } else {
      normalise(u, vectors[0], vectors[1], vectors[2], vectors[3], vectors[4], n);
      Elementwise.forward(activation, u, out, own, n);
    }
    y.write(out, at, n);
  }

  private static void normalise(
      float[] u,
      float[] shift,
      float[] delta,
      float[] inverse,
      float[] gamma,
      float[] beta,
      int n) {
    for (int i = 0; i < n; i++) {
      u[i] = (u[i] - shift[i] - delta[i]) * inverse[i] * gamma[i] + beta[i];
    }
  }

  private static void normaliseRelu(
      float[] u,
      float[] shift,
      float[] delta,
      float[] inverse,
      float[] gamma,
      float[] beta,
      float[] y,
      int n) {
    for (int i = 0; i < n; i++) {
      y[i] = Math.max((u[i] - shift[i] - delta[i]) * inverse[i] * gamma[i] + beta[i], 0f);
    }
  }
}
