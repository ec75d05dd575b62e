package dev.evenkeel.simulator;

import java.util.List;

/** A mark in a stream. */
final class SimulatedEvent {

  final boolean timing;

  /** Done when the stream has come to the mark; null if it was never recorded. */
  Work work;

  /** The capture in which it was recorded last, or null. */
  Capture capture;

  /** What its stream had recorded by then. */
  List<Capture.Node> nodes = List.of();

  SimulatedEvent(boolean timing) {
    this.timing = timing;
  }
}
