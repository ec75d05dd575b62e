package dev.evenkeel.backend.cpu;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Workers;
import dev.evenkeel.tensor.Matrix;

/**
 * For a row with class t and class weight w: loss = w Σₖ qₖ (log Σ exp(z) − zₖ), gradient = w
 * (softmax(z) − q) / Σw, where q is 1 − ε + ε/K at t and ε/K elsewhere. The largest logit is taken
 * off first, and its own 1 is kept out of the sum, so that a loss near 0 keeps its digits.
 */
final class SoftmaxCrossEntropy extends Losses {

  private final Scratch[] scratch;
  private final double smoothing;
  private final Floats classWeights;
  private final float[] tops;
  private double totalWeight;

  SoftmaxCrossEntropy(
      Scratch[] scratch, Workers workers, LossMemory of, double smoothing, Matrix classWeights) {
    super(workers, of, 1, 8);
    this.scratch = scratch;
    this.smoothing = smoothing;
    this.classWeights = Floats.of(classWeights);
    this.tops = new float[rows];
  }

  @Override
  void prepare() {
    totalWeight = 0;
    for (int row = 0; row < rows; row++) {
      totalWeight += weight(target(row));
    }
    totalWeight = totalWeight == 0 ? 1 : totalWeight; // nothing counts: 0, not 0/0
  }

  private int target(int row) {
    float value = targets.get(targetsOf(row));
    int target = (int) value;
    if (target != value || target < 0 || target >= columns) {
      throw new EvenkeelException(
          "Row %d of the batch has class %s, but the network has %s (classes 0 to %d)"
              .formatted(row, name(value), Words.counted(columns, "output"), columns - 1));
    }
    return target;
  }

  /** "3", but "1.5". */
  private static String name(float value) {
    return value == (int) value ? Integer.toString((int) value) : Float.toString(value);
  }

  private double weight(int target) {
    return classWeights.isNone() ? 1 : classWeights.get(target);
  }

  @Override
  double divisor() {
    return totalWeight;
  }

  /** gradient := exp(logits − the row's largest), all rows of a worker at once. */
  @Override
  void before(int worker, int fromRow, int toRow) {
    for (int row = fromRow; row < toRow; row++) {
      tops[row] = belowTop(row * columns);
    }
    float[] piece = scratch[worker].pieces[0];
    int end = toRow * columns;
    for (int i = fromRow * columns; i < end; i += Scratch.WIDTH) {
      int width = Math.min(Scratch.WIDTH, end - i);
      gradient.read(i, piece, width);
      Elementwise.exp(piece, piece, scratch[worker], width);
      gradient.write(piece, i, width);
    }
  }

  /** A row's logits less the largest of them, which is returned. */
  private float belowTop(int at) {
    float top = Float.NEGATIVE_INFINITY;
    for (int k = 0; k < columns; k++) {
      float logit = outputs.get(at + k) + bias.get(k);
      gradient.set(at + k, logit);
      top = Math.max(top, logit);
    }
    for (int k = 0; k < columns; k++) {
      gradient.set(at + k, gradient.get(at + k) - top);
    }
    return top;
  }

  @Override
  double row(int worker, int row) {
    int at = row * columns;
    float top = tops[row];
    double others = sumButTheLargest(at);
    double logSum = Math.log1p(others);
    int target = target(row);
    double weight = weight(target) * weightOf(row);
    double onTarget = logSum - above(at, target, top);
    double loss = (1 - smoothing) * onTarget;
    double everywhere = smoothing / columns;
    if (smoothing > 0) {
      for (int k = 0; k < columns; k++) {
        loss += everywhere * (logSum - above(at, k, top));
      }
    }
    double scale = weight / totalWeight;
    float probability = (float) (scale / (1 + others));
    float flat = (float) (scale * everywhere);
    for (int k = 0; k < columns; k++) {
      gradient.set(at + k, gradient.get(at + k) * probability - flat);
    }
    gradient.set(at + target, gradient.get(at + target) - (float) (scale * (1 - smoothing)));
    return weight * loss;
  }

  private double above(int at, int k, float top) {
    return (double) (outputs.get(at + k) + bias.get(k)) - top;
  }

  /** Without the 1 of the largest, in which a sum near 0 would drown. */
  private double sumButTheLargest(int from) {
    double sum = 0;
    boolean passed = false;
    for (int k = from; k < from + columns; k++) {
      boolean largest = !passed && gradient.get(k) == 1f;
      passed |= largest;
      sum += largest ? 0 : gradient.get(k);
    }
    return sum;
  }
}
