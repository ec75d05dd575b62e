package dev.evenkeel.simulator;

/** Handles that are never given twice, so that a stale one is always found out. */
final class Handles {

  private long last = 0x1000;

  long next() {
    return last += 0x10;
  }
}
