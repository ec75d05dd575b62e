package dev.evenkeel.train;

import java.time.Duration;
import java.util.Optional;

/** When the next checkpoint is due: the larger they are, the less often. */
final class CheckpointClock {

  /** So much work is lost at most where a process is killed, unless checkpoints are large. */
  private static final long NANOS = 5_000_000_000L;

  /** Writing a large checkpoint takes no more than one part of so many of the time. */
  private static final int SHARE = 20;

  private final Optional<Duration> every;
  private long lastNanos = System.nanoTime();
  private long took;
  private boolean hasWritten;

  /**
   * @param every an interval that is kept however large they are
   */
  CheckpointClock(Optional<Duration> every) {
    this.every = every;
  }

  boolean isDue() {
    long interval = every.map(Duration::toNanos).orElse(Math.max(NANOS, SHARE * took));
    return System.nanoTime() - lastNanos >= interval;
  }

  /** Whether this run has written one. */
  boolean hasWritten() {
    return hasWritten;
  }

  /**
   * One was written by now.
   *
   * @param begun System.nanoTime() when that began
   */
  void written(long begun) {
    lastNanos = System.nanoTime();
    took = lastNanos - begun;
    hasWritten = true;
  }
}
