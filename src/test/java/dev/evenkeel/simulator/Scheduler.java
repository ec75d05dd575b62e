package dev.evenkeel.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Decides when queued work runs: at seeded moments, in seeded orders that respect what waits for
 * what and nothing else. There are no host threads: work runs inside the calls of the driver, so a
 * seed gives the same order each time.
 */
final class Scheduler {

  private static final double[] PACES = {0, 0.1, 0.5};

  private final Random random;
  private final boolean eager;

  /** How often the device works while the host does not wait; 0 is as late as can be. */
  private final double pace;

  private final List<Work> ready = new ArrayList<>();
  private RuntimeException fault;
  private long marks;
  private double hostTime;

  Scheduler(long seed, boolean eager) {
    // Random's first numbers of neighbouring seeds are much alike.
    this.random = new Random(new SplittableRandom(seed).nextLong());
    this.eager = eager;
    this.pace = PACES[random.nextInt(PACES.length)];
  }

  Random random() {
    return random;
  }

  /** Like CUDA, every call after a fault fails: what is in memory means nothing any more. */
  void check() {
    if (fault != null) {
      throw fault;
    }
  }

  boolean isBroken() {
    return fault != null;
  }

  /** Queues an action, which begins now; {@code rank} as in {@link Work}. */
  Work submit(Action action, double rank, Collection<Work> dependencies) {
    Throwable origin = eager ? null : new Throwable("put on its stream here: " + action.name());
    Work work =
        new Work(action.begin(), action.microseconds(), rank, hostTime, origin, dependencies);
    if (work.isReady()) {
      ready.add(work);
    }
    if (eager) {
      finish(work);
    }
    return work;
  }

  /** One moment of the host, in which the device does nothing, or a little. */
  void tick() {
    check();
    if (random.nextDouble() < pace) {
      work();
    }
  }

  /** A moment in which the host asks whether something is done: asking again and again must end. */
  void poll() {
    check();
    if (random.nextBoolean()) {
      work();
    }
  }

  private void work() {
    for (int count = random.nextInt(4); count > 0 && !ready.isEmpty(); count--) {
      run(pick(ready));
    }
  }

  /** Runs what the work needs, it itself and perhaps other work, as if the host waited. */
  void finish(Work work) {
    if (!work.isDone()) {
      markNeeded(work, ++marks);
    }
    while (!work.isDone()) {
      List<Work> needed = ready.stream().filter(one -> one.needed == marks).toList();
      run(pick(random.nextDouble() < pace / 2 ? ready : needed));
    }
    hostTime = Math.max(hostTime, work.time());
  }

  void finishAll() {
    check();
    while (!ready.isEmpty()) {
      run(pick(ready));
    }
  }

  /** Mostly the lowest rank, so that a whole stream can be far ahead of another or far behind. */
  private Work pick(List<Work> candidates) {
    if (random.nextInt(4) == 0) {
      return candidates.get(random.nextInt(candidates.size()));
    }
    Work best = candidates.get(0);
    for (Work one : candidates) {
      best = one.rank < best.rank ? one : best;
    }
    return best;
  }

  private void run(Work work) {
    check();
    ready.remove(work);
    try {
      work.run(ready);
    } catch (RuntimeException failed) {
      fault = failed;
      if (work.origin != null) {
        failed.addSuppressed(work.origin);
      }
      ready.clear();
      throw failed;
    }
  }

  private static void markNeeded(Work work, long mark) {
    Deque<Work> open = new ArrayDeque<>(List.of(work));
    while (!open.isEmpty()) {
      Work one = open.pop();
      if (!one.isDone() && one.needed != mark) {
        one.needed = mark;
        open.addAll(one.waitsFor());
      }
    }
  }
}
