package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Workers;

/** Mean over all N·K of max(z, 0) − z t + log(1 + exp(−|z|)); gradient (σ(z) − t) / (N K). */
final class BinaryCrossEntropy extends Losses {

  BinaryCrossEntropy(Workers workers, LossMemory of) {
    super(workers, of, of.outputs().columns(), 40);
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
      double z = outputs.get(i) + bias.get(k);
      double t = targets.get(targetsOf(row) + k);
      double small = Math.exp(-Math.abs(z));
      double sigmoid = z >= 0 ? 1 / (1 + small) : small / (1 + small);
      sum += Math.max(z, 0) - z * t + Math.log1p(small);
      gradient.set(i, weight * (sigmoid - t) / divisor());
    }
    return weight * sum;
  }
}
