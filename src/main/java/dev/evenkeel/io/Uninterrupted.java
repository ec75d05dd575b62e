package dev.evenkeel.io;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Does a thing on a thread of its own, which nobody interrupts, and waits for it all the same. */
final class Uninterrupted {

  private Uninterrupted() {}

  /** Leaves the interrupt of the thread that waits cleared: who calls sets it again. */
  static void run(Runnable task) {
    FutureTask<Void> done = new FutureTask<>(task, null);
    Thread thread = new Thread(done, "evenkeel-write");
    thread.start();
    while (true) {
      try {
        done.get();
        return;
      } catch (InterruptedException e) {
        continue; // once it is written
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw (Error) e.getCause();
      }
    }
  }
}
