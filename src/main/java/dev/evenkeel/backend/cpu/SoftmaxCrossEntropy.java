package dev.evenkeel.backend.cpu;

import static dev.evenkeel.backend.cpu.CpuBuffer.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Matrix;

/**
 * For a row with class t and weight w: loss = w Σₖ qₖ (log Σ exp(z) − zₖ), gradient = w (softmax(z)
 * − q) / Σw, where q is 1 − ε + ε/K at t and ε/K elsewhere. The largest logit is taken off first,
 * and its own 1 is kept out of the sum, so that a loss near 0 keeps its digits.
 */
final class SoftmaxCrossEntropy extends Losses {

  private final Scratch[] scratch;
  private final double smoothing;
  private final float[] classWeights;
  private final int classWeightsOffset;
  private double totalWeight;

  SoftmaxCrossEntropy(
      Scratch[] scratch,
      Workers workers,
      Matrix logits,
      Matrix targets,
      double smoothing,
      Matrix classWeights,
      Matrix dLogits,
      Matrix loss) {
    super(workers, logits, targets, dLogits, loss, 8);
    this.scratch = scratch;
    this.smoothing = smoothing;
    this.classWeights = classWeights.isNone() ? null : data(classWeights);
    this.classWeightsOffset = (int) classWeights.offset();
  }

  @Override
  void prepare() {
    totalWeight = 0;
    for (int row = 0; row < rows; row++) {
      totalWeight += weight(target(row));
    }
  }

  private int target(int row) {
    float value = targets[targetsOffset + row];
    int target = (int) value;
    if (target != value || target < 0 || target >= columns) {
      throw new EvenkeelException(
          "Row %d of the batch has class %s, but the network has %d outputs (classes 0 to %d)"
              .formatted(row, target == value ? target : value, columns, columns - 1));
    }
    return target;
  }

  private double weight(int target) {
    return classWeights == null ? 1 : classWeights[classWeightsOffset + target];
  }

  @Override
  double divisor() {
    return totalWeight;
  }

  @Override
  double row(int worker, int row) {
    int from = outputsOffset + row * columns;
    int to = gradientOffset + row * columns;
    int largest = 0;
    for (int k = 1; k < columns; k++) {
      if (outputs[from + k] > outputs[from + largest]) {
        largest = k;
      }
    }
    float top = outputs[from + largest];
    double others = exponentials(scratch[worker], from, to, top, largest);
    double logSum = Math.log1p(others);
    int target = target(row);
    double weight = weight(target);
    double onTarget = logSum - ((double) outputs[from + target] - top);
    double loss = (1 - smoothing) * onTarget;
    double everywhere = smoothing / columns;
    if (smoothing > 0) {
      for (int k = 0; k < columns; k++) {
        loss += everywhere * (logSum - ((double) outputs[from + k] - top));
      }
    }
    double scale = weight / totalWeight;
    float probability = (float) (scale / (1 + others));
    float flat = (float) (scale * everywhere);
    for (int k = 0; k < columns; k++) {
      gradient[to + k] = gradient[to + k] * probability - flat;
    }
    gradient[to + target] -= (float) (scale * (1 - smoothing));
    return weight * loss;
  }

  /** gradient := exp(logits − top); returns their sum without the largest one's 1. */
  private double exponentials(Scratch own, int from, int to, float top, int largest) {
    float[] piece = own.rows[0];
    double sum = 0;
    for (int k = 0; k < columns; k += Scratch.WIDTH) {
      int width = Math.min(Scratch.WIDTH, columns - k);
      System.arraycopy(outputs, from + k, piece, 0, width);
      for (int j = 0; j < width; j++) {
        piece[j] -= top;
      }
      Elementwise.exp(piece, piece, own, width);
      for (int j = 0; j < width; j++) {
        sum += k + j == largest ? 0 : piece[j];
      }
      System.arraycopy(piece, 0, gradient, to + k, width);
    }
    return sum;
  }
}
