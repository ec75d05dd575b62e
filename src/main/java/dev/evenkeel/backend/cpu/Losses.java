package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.LossMemory;
import dev.evenkeel.backend.Workers;

/**
 * Losses: each row's loss and its gradient in one pass. The rows' losses are summed in double, in
 * the order of the rows, so the result does not depend on the number of workers.
 */
abstract class Losses extends ParallelOperation {

  final Floats outputs;

  /** What is added to a row's outputs. */
  final Floats bias;

  final Floats targets;
  private final int targetsPitch;
  private final boolean weighted;
  final Floats gradient;
  final int rows;
  final int columns;
  private final double[] rowLoss;
  private final Floats loss;

  Losses(Workers workers, LossMemory of, int targetColumns, double nanosecondsPerElement) {
    super(workers, of.outputs().size() * nanosecondsPerElement);
    this.outputs = Floats.of(of.outputs());
    this.bias =
        of.hasBias() ? Floats.of(of.bias()) : new Floats(new float[of.outputs().columns()], 0);
    this.targets = Floats.of(of.targets());
    this.targetsPitch = of.targets().columns();
    this.weighted = targetsPitch > targetColumns;
    this.gradient = Floats.of(of.gradient());
    this.rows = of.outputs().rows();
    this.columns = of.outputs().columns();
    this.rowLoss = new double[rows];
    this.loss = Floats.of(of.loss());
  }

  /** Where the targets of a row begin. */
  final int targetsOf(int row) {
    return row * targetsPitch;
  }

  /** What a row counts, of the column behind its targets; 1 where there is none. */
  final double weightOf(int row) {
    return weighted ? targets.get(targetsOf(row) + targetsPitch - 1) : 1;
  }

  /** What is better done for all rows of a worker together. */
  void before(int worker, int fromRow, int toRow) {}

  /** The loss of a row, before it is divided by {@link #divisor}; writes the row's gradient. */
  abstract double row(int worker, int row);

  /** What the sum of the rows' losses is divided by. */
  double divisor() {
    return rows;
  }

  @Override
  public final void run(int worker, int workers) {
    int from = begin(rows, worker, workers);
    int end = begin(rows, worker + 1, workers);
    before(worker, from, end);
    for (int row = from; row < end; row++) {
      rowLoss[row] = row(worker, row);
    }
  }

  @Override
  final void finish() {
    double sum = 0;
    for (double one : rowLoss) {
      sum += one;
    }
    loss.set(0, sum / divisor());
  }
}
