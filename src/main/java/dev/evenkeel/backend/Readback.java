package dev.evenkeel.backend;

/**
 * Values of one scalar on their way to the host: they come out in the order in which they were
 * sent, on some devices a few steps late.
 */
public interface Readback extends AutoCloseable {

  /** How many values may be under way. */
  int CAPACITY = 64;

  /** Sends the value that the scalar has after everything that was run before. */
  void send();

  /** How many were sent and not taken yet. */
  int pending();

  /**
   * Whether the next value is here, so that taking it needs no waiting. Where a device brings
   * several at once, it comes when more were sent, or when it is taken.
   */
  boolean isHere();

  /** The oldest value that was not taken yet; waits for it. */
  float take();

  @Override
  void close();
}
