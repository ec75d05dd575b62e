package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** Mean and biased variance of every column. */
final class ColumnStatistics extends ColumnMoments {

  private final Floats kept;
  private final Floats mean;
  private final Floats variance;

  ColumnStatistics(Scratch[] scratch, Workers workers, Matrix x, Matrix mean, Matrix variance) {
    this(scratch, workers, x, mean, variance, new Floats(new float[3 * x.columns()], 0));
  }

  private ColumnStatistics(
      Scratch[] scratch, Workers workers, Matrix x, Matrix mean, Matrix variance, Floats kept) {
    super(scratch, workers, x, 1, kept, 0, AFTER, 1);
    this.kept = kept;
    this.mean = Floats.of(mean);
    this.variance = Floats.of(variance);
  }

  @Override
  void take(int group, int count, int from, int width, double[] moments) {
    for (int j = 0; j < width; j++) {
      float shift = kept.get(keptAt(0, 0, from) + j);
      mean.set(from + j, shift + kept.get(keptAt(0, 1, from) + j));
      variance.set(from + j, moments[j]);
    }
  }
}
