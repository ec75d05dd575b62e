package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.tensor.Matrix;

/**
 * weight = gain · direction / ‖direction‖, row by row, and its gradients: dGain = dWeight · v/‖v‖
 * and dDirection = gain/‖v‖ · (dWeight − (dWeight · v/‖v‖²) v).
 *
 * <p>In double: the square of a float fits, however small or large, and all of it is little beside
 * the products that the weight goes into.
 */
final class WeightNorm {

  private WeightNorm() {}

  private abstract static class Units extends ParallelOperation {

    final float[] directions;
    final int directionOffset;
    final float[] gains;
    final int gainOffset;
    final int units;
    final int inputs;

    Units(Workers workers, Matrix direction, Matrix gain, double nanosecondsPerElement) {
      super(workers, direction.size() * nanosecondsPerElement);
      this.directions = data(direction);
      this.directionOffset = (int) direction.offset();
      this.gains = data(gain);
      this.gainOffset = (int) gain.offset();
      this.units = direction.rows();
      this.inputs = direction.columns();
    }

    @Override
    public final void run(int worker, int workers) {
      int end = begin(units, worker + 1, workers);
      for (int unit = begin(units, worker, workers); unit < end; unit++) {
        int at = directionOffset + unit * inputs;
        double norm = Math.sqrt(dot(directions, at, directions, at, inputs));
        // A direction of all zeros has no length to divide by: it stays, and so does its weight.
        unit(unit, at, norm == 0 ? 0 : 1 / norm);
      }
    }

    abstract void unit(int unit, int at, double inverseNorm);
  }

  static final class Forward extends Units {

    private final float[] weights;
    private final int weightOffset;

    Forward(Workers workers, Matrix direction, Matrix gain, Matrix weight) {
      super(workers, direction, gain, 1.2);
      this.weights = data(weight);
      this.weightOffset = (int) weight.offset();
    }

    @Override
    void unit(int unit, int at, double inverseNorm) {
      double scale = gains[gainOffset + unit] * inverseNorm;
      int to = weightOffset + unit * inputs;
      for (int i = 0; i < inputs; i++) {
        weights[to + i] = (float) (directions[at + i] * scale);
      }
    }
  }

  static final class Backward extends Units {

    private final float[] dWeights;
    private final int dWeightOffset;
    private final float[] dDirections;
    private final int dDirectionOffset;
    private final float[] dGains;
    private final int dGainOffset;

    Backward(
        Workers workers,
        Matrix dWeight,
        Matrix direction,
        Matrix gain,
        Matrix dDirection,
        Matrix dGain) {
      super(workers, direction, gain, 2);
      this.dWeights = data(dWeight);
      this.dWeightOffset = (int) dWeight.offset();
      this.dDirections = data(dDirection);
      this.dDirectionOffset = (int) dDirection.offset();
      this.dGains = data(dGain);
      this.dGainOffset = (int) dGain.offset();
    }

    @Override
    void unit(int unit, int at, double inverseNorm) {
      int from = dWeightOffset + unit * inputs;
      int to = dDirectionOffset + unit * inputs;
      double dGain = dot(dWeights, from, directions, at, inputs) * inverseNorm;
      double scale = gains[gainOffset + unit] * inverseNorm;
      double along = dGain * inverseNorm;
      for (int i = 0; i < inputs; i++) {
        dDirections[to + i] = (float) (scale * (dWeights[from + i] - along * directions[at + i]));
      }
      dGains[dGainOffset + unit] = (float) dGain;
    }
  }

  /** Four sums side by side: one alone would wait for itself. */
  private static double dot(float[] a, int aFrom, float[] b, int bFrom, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      s0 += (double) a[aFrom + i] * b[bFrom + i];
      s1 += (double) a[aFrom + i + 1] * b[bFrom + i + 1];
      s2 += (double) a[aFrom + i + 2] * b[bFrom + i + 2];
      s3 += (double) a[aFrom + i + 3] * b[bFrom + i + 3];
    }
    for (; i < n; i++) {
      s0 += (double) a[aFrom + i] * b[bFrom + i];
    }
    return s0 + s1 + (s2 + s3);
  }
}
