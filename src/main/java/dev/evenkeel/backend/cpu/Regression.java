package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Backend.RegressionLoss;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Workers;

/** Mean over all N·K of e², |e| or Huber's loss, with e = y − t. */
final class Regression extends Losses {

  private final RegressionLoss kind;
  private final double delta;

  Regression(Workers workers, LossMemory of, RegressionLoss kind, double delta) {
    super(workers, of, of.outputs().columns(), 3);
    this.kind = kind;
    this.delta = delta;
  }

  @Override
  double divisor() {
    return (double) rows * columns;
  }

  @Override
  double row(int worker, int row) {
    double weight = weightOf(row);
    double sum = 0;
    for (int k = 0; k < columns; k++) {
      int i = row * columns + k;
      double y = outputs.get(i) + bias.get(k);
      double e = y - targets.get(targetsOf(row) + k);
      double size = Math.abs(e);
      double slope;
      switch (kind) {
        case SQUARED -> {
          sum += e * e;
          slope = 2 * e;
        }
        case ABSOLUTE -> {
          sum += size;
          slope = Math.signum(e);
        }
        default -> {
          sum += size <= delta ? 0.5 * e * e : delta * (size - 0.5 * delta);
          slope = size <= delta ? e : delta * Math.signum(e);
        }
      }
      gradient.set(i, weight * slope / divisor());
    }
    return weight * sum;
  }
}
