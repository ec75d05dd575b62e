package dev.evenkeel.train;

import java.time.Duration;
import java.util.Optional;

/** When the next checkpoint is due: the larger they are, the less often. */
final class CheckpointClock {

  /** So much work is lost at most where a process is killed, unless checkpoints are large. */
  private static final long NANOS = 5_000_000_000L;

  /** Writing a large checkpoint takes no more than one part of so many of the time. */
  private static final int SHARE = 20;

  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  private final Optional<Long> every; // nanoseconds
  private long lastNanos = System.nanoTime();
  private long took;
  private boolean hasWritten;

  /**
   * @param every an interval that is kept however large they are
   */
  CheckpointClock(Optional<Duration> every) {
    this.every = every.map(one -> one.compareTo(LONGEST) < 0 ? one.toNanos() : Long.MAX_VALUE);
  }

  boolean isDue() {
    long interval = every.orElse(Math.max(NANOS, SHARE * took));
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
