package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/**
 * weight = gain · direction / ‖direction‖, row by row, and its gradients: dGain = dWeight · v/‖v‖
 * and dDirection = gain/‖v‖ · (dWeight − (dWeight · v/‖v‖²) v).
 *
 * <p>Lengths are summed in double, where the square of any float fits. The unit vector v/‖v‖ is
 * what the rest is made of: its elements are of a size that no float32 loses.
 */
final class WeightNorm {

  private WeightNorm() {}

  private abstract static class Units extends ParallelOperation {

    private final Scratch[] scratch;
    final Floats directions;
    final Floats gains;
    final int units;
    final int inputs;

    Units(
        Scratch[] scratch,
        Workers workers,
        Matrix direction,
        Matrix gain,
        double nanosecondsPerElement) {
      super(workers, direction.size() * nanosecondsPerElement);
      this.scratch = scratch;
      this.directions = Floats.of(direction);
      this.gains = Floats.of(gain);
      this.units = direction.rows();
      this.inputs = direction.columns();
    }

    @Override
    public final void run(int worker, int workers) {
      int end = begin(units, worker + 1, workers);
      for (int unit = begin(units, worker, workers); unit < end; unit++) {
        double norm = Math.sqrt(Sums.dot(directions, directions, unit * inputs, inputs));
        // A direction of zeros, or of denormals, has no length to divide by.
        float inverse = norm < Float.MIN_NORMAL ? 0 : (float) (1 / norm);
        unit(unit, inverse, scratch[worker]);
      }
    }

    /** Loads elements of a direction as those of a unit vector. */
    final void load(int unit, int from, float inverseNorm, float[] piece, int n) {
      directions.read(unit * inputs + from, piece, n);
      multiply(piece, inverseNorm, n);
    }

    abstract void unit(int unit, float inverseNorm, Scratch own);
  }

  static final class Forward extends Units {

    private final Floats weights;

    Forward(Scratch[] scratch, Workers workers, Matrix direction, Matrix gain, Matrix weight) {
      super(scratch, workers, direction, gain, 0.6);
      this.weights = Floats.of(weight);
    }

    @Override
    void unit(int unit, float inverseNorm, Scratch own) {
      float[] piece = own.pieces[0];
      for (int from = 0; from < inputs; from += Scratch.WIDTH) {
        int n = Math.min(Scratch.WIDTH, inputs - from);
        load(unit, from, inverseNorm, piece, n);
        multiply(piece, gains.get(unit), n);
        weights.write(piece, unit * inputs + from, n);
      }
    }
  }

  static final class Backward extends Units {

    private final Floats dWeights;
    private final Floats dDirections;
    private final Floats dGains;

    Backward(
        Scratch[] scratch,
        Workers workers,
        Matrix dWeight,
        Matrix direction,
        Matrix gain,
        Matrix dDirection,
        Matrix dGain) {
      super(scratch, workers, direction, gain, 1.2);
      this.dWeights = Floats.of(dWeight);
      this.dDirections = Floats.of(dDirection);
      this.dGains = Floats.of(dGain);
    }

    @Override
    void unit(int unit, float inverseNorm, Scratch own) {
      int at = unit * inputs;
      double dot = Sums.dot(dWeights, directions, at, inputs);
      float dGain = (float) (dot * inverseNorm);
      float scale = gains.get(unit) * inverseNorm;
      float[] d = own.pieces[0];
      float[] unitVector = own.pieces[1];
      for (int from = 0; from < inputs; from += Scratch.WIDTH) {
        int n = Math.min(Scratch.WIDTH, inputs - from);
        dWeights.read(at + from, d, n);
        load(unit, from, inverseNorm, unitVector, n);
        project(d, unitVector, dGain, scale, n);
        dDirections.write(d, at + from, n);
      }
      dGains.set(unit, dGain);
    }
  }

  private static void multiply(float[] x, float factor, int n) {
    for (int i = 0; i < n; i++) {
      x[i] *= factor;
    }
  }

  private static void project(float[] d, float[] unitVector, float along, float scale, int n) {
    for (int i = 0; i < n; i++) {
      d[i] = scale * (d[i] - along * unitVector[i]);
    }
  }
}
