package dev.evenkeel.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A stream capture under way: the streams in it, and the nodes recorded so far. */
final class Capture {

  /**
   * A piece of work in a graph.
   *
   * @param after what must have run before
   */
  record Node(Action action, List<Node> after) {

    // Two nodes are never the same, whatever they do.
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  final SimulatedStream origin;
  private final List<SimulatedStream> streams = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private boolean valid = true;
  private boolean open = true;

  Capture(SimulatedStream origin) {
    this.origin = origin;
    join(origin, Set.of());
  }

  boolean isValid() {
    return valid;
  }

  boolean isOpen() {
    return open;
  }

  void invalidate() {
    valid = false;
  }

  /** A stream becomes part of the capture, behind the nodes. */
  void join(SimulatedStream stream, Collection<Node> frontier) {
    streams.add(stream);
    stream.capture = this;
    stream.recorded.clear();
    stream.recorded.addAll(frontier);
  }

  void add(SimulatedStream stream, Action action) {
    Node node = new Node(action, List.copyOf(stream.recorded));
    nodes.add(node);
    stream.recorded.clear();
    stream.recorded.add(node);
  }

  /** Whether all that other streams recorded comes before the end of the stream of origin. */
  boolean isJoined() {
    Set<Node> before = new HashSet<>();
    Deque<Node> todo = new ArrayDeque<>(origin.recorded);
    while (!todo.isEmpty()) {
      Node node = todo.pop();
      if (before.add(node)) {
        todo.addAll(node.after());
      }
    }
    return streams.stream().allMatch(one -> before.containsAll(one.recorded));
  }

  /** The streams go back to running what they are given. */
  List<Node> end() {
    open = false;
    for (SimulatedStream stream : streams) {
      stream.capture = null;
      stream.recorded.clear();
    }
    return nodes;
  }
}
