package dev.evenkeel.simulator;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** One piece of work that awaits its turn: it runs after all that it waits for. */
final class Work {

  private final Runnable body;
  private final double microseconds;

  /** Of two that could run, the one with the lower rank mostly does. */
  final double rank;

  /** Where it was put on its stream; null where that shows anyway. */
  final Throwable origin;

  private List<Work> waitsFor = new ArrayList<>();
  private List<Work> next = new ArrayList<>();
  private int unmet;
  private boolean done;
  private double time;

  /** The scheduler's mark of what it must run now. */
  long needed;

  /**
   * @param time of the host now: it can't begin before
   */
  Work(
      Runnable body,
      double microseconds,
      double rank,
      double time,
      Throwable origin,
      Collection<Work> dependencies) {
    this.body = body;
    this.microseconds = microseconds;
    this.rank = rank;
    this.time = time;
    this.origin = origin;
    for (Work one : dependencies) {
      this.time = Math.max(this.time, one.done ? one.time : 0);
      if (!one.done) {
        waitsFor.add(one);
        one.next.add(this);
        unmet++;
      }
    }
  }

  boolean isReady() {
    return unmet == 0;
  }

  boolean isDone() {
    return done;
  }

  /** When it was finished, in simulated microseconds. */
  double time() {
    return time;
  }

  List<Work> waitsFor() {
    return waitsFor;
  }

  /** Runs, and adds to the list what can run now because of it. */
  void run(List<Work> ready) {
    body.run();
    done = true;
    time += microseconds;
    for (Work one : next) {
      one.time = Math.max(one.time, time);
      if (--one.unmet == 0) {
        ready.add(one);
      }
    }
    // Events keep the last work of long chains: let go of the rest.
    waitsFor = List.of();
    next = List.of();
  }
}
