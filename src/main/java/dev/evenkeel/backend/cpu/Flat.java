package dev.evenkeel.backend.cpu;

import dev.evenkeel.backend.Workers;

/** An operation over all elements alike, split into contiguous ranges. */
abstract class Flat extends ParallelOperation {

  private final int size;

  Flat(Workers workers, long size, double nanosecondsPerElement) {
    super(workers, size * nanosecondsPerElement);
    this.size = Math.toIntExact(size);
  }

  @Override
  public final void run(int worker, int workers) {
    range(worker, begin(size, worker, workers), begin(size, worker + 1, workers));
  }

  /** Works on the elements from … to − 1. */
  abstract void range(int worker, int from, int to);
}
