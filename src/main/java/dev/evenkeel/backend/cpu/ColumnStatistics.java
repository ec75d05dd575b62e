package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** Mean and biased variance of every column. */
final class ColumnStatistics extends ColumnMoments {

  private final float[] kept;
  private final Matrix mean;
  private final Matrix variance;

  ColumnStatistics(Scratch[] scratch, Workers workers, Matrix x, Matrix mean, Matrix variance) {
    this(scratch, workers, x, mean, variance, new float[3 * x.columns()]);
  }

  private ColumnStatistics(
      Scratch[] scratch, Workers workers, Matrix x, Matrix mean, Matrix variance, float[] kept) {
    super(scratch, workers, x, 1, kept, 0, 0, AFTER, 1);
    this.kept = kept;
    this.mean = mean;
    this.variance = variance;
  }

  @Override
  void take(int group, int count, int from, int width, double[] moments) {
    for (int j = 0; j < width; j++) {
      float shift = kept[keptAt(0, 0, from) + j];
      data(mean)[(int) mean.offset() + from + j] = shift + kept[keptAt(0, 1, from) + j];
      data(variance)[(int) variance.offset() + from + j] = (float) moments[j];
    }
  }
}
