package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/** Mean and biased variance of every column. */
final class ColumnStatistics extends Columns {

  private final Matrix x;
  private final Matrix mean;
  private final Matrix variance;

  ColumnStatistics(Scratch[] scratch, Workers workers, Matrix x, Matrix mean, Matrix variance) {
    super(scratch, workers, x, 1);
    this.x = x;
    this.mean = mean;
    this.variance = variance;
  }

  @Override
  void panel(Scratch scratch, int from, int width) {
    float[] shift = scratch.vectors[0];
    float[] delta = scratch.vectors[1];
    double[] moments = scratch.sums[0];
    ColumnMoments.compute(
        this, scratch, data(x), (int) x.offset(), rows, from, width, shift, delta, moments);
    for (int j = 0; j < width; j++) {
      data(mean)[(int) mean.offset() + from + j] = shift[j] + delta[j];
      data(variance)[(int) variance.offset() + from + j] = (float) moments[j];
    }
  }
}
