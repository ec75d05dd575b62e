package dev.evenkeel.backend;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A team of threads that runs the parts of one operation side by side. The caller is worker 0.
 *
 * <p>Between operations the others spin for about as long as a training step needs for its serial
 * bits (handing over then costs 0.2 µs), and sleep after that, so that an idle backend costs
 * nothing.
 */
public final class Workers implements AutoCloseable {

  /** One worker's share of an operation. */
  public interface Part {
    void run(int worker, int workers);
  }

  private static final int SPINS_BEFORE_SLEEP = 4_000;
  private static final int SPINS_BEFORE_YIELD = 20_000;

  private final Thread[] threads;
  private final AtomicIntegerArray asleep;
  private final AtomicInteger running = new AtomicInteger();
  private volatile int generation;
  private volatile boolean closed;
  private volatile Throwable failure;
  private Part part;

  /**
   * @param workers the caller included
   */
  public Workers(int workers) {
    threads = new Thread[workers - 1];
    asleep = new AtomicIntegerArray(workers - 1);
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] = new Thread(() -> work(worker), "evenkeel-worker-" + worker);
      threads[i].setDaemon(true);
      threads[i].start();
    }
  }

  public int count() {
    return threads.length + 1;
  }

  /** Runs all parts and returns when the last is done; the first failure is thrown on. */
  public void run(Part work) {
    part = work;
    running.set(threads.length);
    generation++; // volatile: publishes the part
    for (int i = 0; i < threads.length; i++) {
      if (asleep.get(i) == 1) {
        LockSupport.unpark(threads[i]);
      }
    }
    boolean done = false;
    try {
      work.run(0, threads.length + 1);
      done = true;
    } finally {
      int spins = 0;
      while (running.get() != 0) {
        if (++spins < SPINS_BEFORE_YIELD) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
      if (!done) {
        failure = null; // the caller's own failure is on its way: none is left for the next run
      }
    }
    if (failure != null) {
      Throwable thrown = failure;
      failure = null;
      if (thrown instanceof RuntimeException expected) {
        throw expected;
      }
      if (thrown instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("A worker failed: " + thrown, thrown);
    }
  }

  private void work(int worker) {
    int seen = 0;
    while (true) {
      seen = awaitChange(worker, seen);
      if (closed) {
        return;
      }
      try {
        part.run(worker, threads.length + 1);
      } catch (Throwable thrown) { // handed to the caller, who rethrows it
        failure = thrown;
      } finally {
        running.decrementAndGet();
      }
    }
  }

  private int awaitChange(int worker, int seen) {
    for (int spins = 0; spins < SPINS_BEFORE_SLEEP; spins++) {
      int now = generation;
      if (now != seen) {
        return now;
      }
      Thread.onSpinWait();
    }
    asleep.set(worker - 1, 1);
    int now;
    while ((now = generation) == seen) {
      LockSupport.park(this);
    }
    asleep.set(worker - 1, 0);
    return now;
  }

  @Override
  public void close() {
    closed = true;
    generation++;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }
}
