package dev.evenkeel.simulator;

import dev.evenkeel.simulator.GpuFault.Kind;
import java.util.Arrays;

/** One block of a launch while it runs: its warps, its shared memory, its barriers. */
final class Block {

  private static final int BARRIERS = 16;

  final Worker worker;
  final Warp[] warps;
  final Allocation shared;
  int id;
  int x;
  int y;

  /** Barriers passed by the whole block. */
  int epoch;

  int unfinished;
  private int exitedThreads;
  private final int[] arrived = new int[BARRIERS];
  private final int[] votes = new int[BARRIERS];
  private final int[] waitsAt;
  final RaceDetector.Shared races;

  Block(Worker worker) {
    this.worker = worker;
    Launch launch = worker.launch;
    shared = new Allocation(Space.SHARED.base, launch.program.sharedShadow.length, "shared memory");
    warps = new Warp[(launch.threads + Warp.LANES - 1) / Warp.LANES];
    waitsAt = new int[warps.length];
    for (int i = 0; i < warps.length; i++) {
      warps[i] = new Warp(worker, this, i);
    }
    races = launch.options.races() ? new RaceDetector.Shared(this) : null;
  }

  void start(int block) {
    id = block;
    x = block % worker.launch.gridX;
    y = block / worker.launch.gridX;
    epoch = 0;
    exitedThreads = 0;
    unfinished = warps.length;
    Arrays.fill(arrived, 0);
    Arrays.fill(votes, 0);
    Arrays.fill(shared.data, Allocation.POISON);
    System.arraycopy(worker.launch.sharedShadow, 0, shared.written, 0, shared.written.length);
    if (races != null) {
      races.start();
    }
    for (Warp w : warps) {
      w.start();
    }
  }

  /**
   * A warp comes to a barrier, and waits unless it is the last.
   *
   * @param threads that the barrier waits for, or 0 for all of the block
   * @param votesFor lanes whose predicate holds, for barriers that reduce
   */
  void arrive(Warp warp, int barrier, int threads, int votesFor) {
    int active = warp.mask;
    if (active != warp.living()) {
      int missing = Integer.numberOfTrailingZeros(warp.living() & ~active);
      throw warp.fault(
          Kind.DIVERGENT_BARRIER,
          Integer.numberOfTrailingZeros(active),
          "barrier in divergent code: of this warp's threads, %d is elsewhere"
              .formatted(warp.thread(missing)));
    }
    if (threads == 0 && exitedThreads > 0) {
      throw warp.fault(
          Kind.DIVERGENT_BARRIER,
          Integer.numberOfTrailingZeros(active),
          "barrier that %d threads of the block never reach: they returned"
              .formatted(exitedThreads));
    }
    warp.state = Warp.State.WAITING;
    waitsAt[warp.index] = barrier;
    arrived[barrier] += threads == 0 ? Integer.bitCount(active) : Warp.LANES;
    votes[barrier] += Integer.bitCount(votesFor);
    if (arrived[barrier] == (threads == 0 ? worker.launch.threads : threads)) {
      release(barrier);
    }
  }

  private void release(int barrier) {
    epoch++;
    for (Warp w : warps) {
      if (w.state == Warp.State.WAITING && waitsAt[w.index] == barrier) {
        w.votes = votes[barrier];
        w.state = Warp.State.READY;
      }
    }
    arrived[barrier] = 0;
    votes[barrier] = 0;
  }

  void exited(int threads) {
    exitedThreads += threads;
  }

  void done(Warp warp) {
    unfinished--;
    for (Warp w : warps) {
      if (w.state == Warp.State.WAITING && arrived[waitsAt[w.index]] > 0 && unfinished > 0) {
        checkWaiting(w, warp);
      }
    }
  }

  /** A warp that is gone can't come to a barrier of the whole block any more. */
  private void checkWaiting(Warp waiting, Warp gone) {
    if (waiting.statement().operands().size() < 2) {
      throw waiting.fault(
          Kind.DIVERGENT_BARRIER,
          0,
          "barrier that thread %d of the block never reaches: it returned"
              .formatted(gone.thread(0)));
    }
  }
}
