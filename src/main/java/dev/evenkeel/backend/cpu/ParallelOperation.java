package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Workers;

/** An operation whose work is split among the workers, or done by the caller where it is small. */
abstract class ParallelOperation implements Operation, Workers.Part {

  /** Measured: at 64 × 64 features, where operations take 12 µs, splitting them costs a tenth. */
  private static final double SMALLEST_SPLIT_NANOSECONDS = 13_000;

  private final Workers workers;
  private final boolean split;

  /**
   * @param nanoseconds a rough estimate of the whole work on one thread: below a few microseconds,
   *     handing it over and fetching the other's cache lines costs more than it saves
   */
  ParallelOperation(Workers workers, double nanoseconds) {
    this.workers = workers;
    this.split = workers.count() > 1 && isWorthSplitting(nanoseconds);
  }

  static boolean isWorthSplitting(double nanoseconds) {
    return nanoseconds > SMALLEST_SPLIT_NANOSECONDS;
  }

  /** How many there will be at every run. */
  final int workers() {
    return split ? workers.count() : 1;
  }

  @Override
  public final void run() {
    prepare();
    runParts();
    finish();
  }

  void runParts() {
    if (split) {
      workers.run(this);
    } else {
      run(0, 1);
    }
  }

  /** What is to do on the caller's thread before any part. */
  void prepare() {}

  /** What is left to do on the caller's thread when all parts are done. */
  void finish() {}

  /** Whether the rows of a weight matrix are enough to be shared out whole. */
  static boolean sharesRows(int rows, int workers) {
    return rows >= 16 * workers;
  }

  /**
   * Where the share of a worker begins: even shares, on multiples of 8 floats where there are many.
   */
  static int begin(int length, int worker, int workers) {
    if (worker == workers) {
      return length;
    }
    long even = (long) length * worker / workers;
    return (int) (length >= 16 * workers ? (even + 4) / 8 * 8 : even);
  }
}
