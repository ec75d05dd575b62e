package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** A queue of work: each piece waits for the one before. */
final class SimulatedStream {

  final long handle;

  /** What the next piece of work waits for. */
  final List<Work> frontier = new ArrayList<>();

  /** The capture that it is part of, or null. */
  Capture capture;

  /** While captured: what the next node comes after. */
  final Set<Capture.Node> recorded = new LinkedHashSet<>();

  private double rank;

  SimulatedStream(long handle, Random random) {
    this.handle = handle;
    this.rank = random.nextDouble();
  }

  /** How urgent its next work is: now and then a stream falls behind the others, or overtakes. */
  double rank(Random random) {
    if (random.nextInt(16) == 0) {
      rank = random.nextDouble();
    }
    return rank;
  }

  void append(Work work) {
    frontier.clear();
    frontier.add(work);
  }
}
