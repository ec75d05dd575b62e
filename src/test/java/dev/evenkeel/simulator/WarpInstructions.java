package dev.evenkeel.simulator;

import dev.evenkeel.simulator.GpuFault.Kind;
import dev.evenkeel.simulator.Operands.Predicate;

/** Branches, barriers, and exchanges between the lanes of a warp. */
final class WarpInstructions {

  private WarpInstructions() {}

  /** bra. */
  static final class Branch extends Instruction {

    int target;
    int meeting = -1;

    @Override
    void run(Warp warp, int mask) {
      warp.branch(mask, target, meeting);
    }
  }

  /** brx.idx. */
  static final class IndexedBranch extends Instruction {

    private final int index;
    int[] targets;
    int meeting = -1;

    IndexedBranch(int index) {
      this.index = index;
    }

    @Override
    void run(Warp warp, int mask) {
      int[] perLane = new int[Warp.LANES];
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        int i = warp.ints[index + l];
        if (i < 0 || i >= targets.length) {
          throw warp.fault(Kind.TRAP, l, "brx.idx to entry %d of %d".formatted(i, targets.length));
        }
        perLane[l] = targets[i];
      }
      warp.branch(perLane, meeting);
    }
  }

  /** ret and exit of a kernel, and jumps to one. */
  static final class Exit extends Instruction {

    @Override
    void run(Warp warp, int mask) {
      warp.exit(mask);
    }
  }

  /** trap. */
  static final class Trap extends Instruction {

    @Override
    void run(Warp warp, int mask) {
      throw warp.fault(Kind.TRAP, Integer.numberOfTrailingZeros(mask), "trap");
    }
  }

  /** What bar.red gives. */
  enum Reduction {
    NONE,
    COUNT,
    ALL,
    ANY
  }

  /** bar.sync and bar.red: the first time a warp comes it waits, the second time it goes on. */
  static final class Barrier extends Instruction {

    private final int barrier;
    private final int threads;

    /**
     * @param threads slot of the number of threads, or -1 for all of the block
     */
    Barrier(int barrier, int threads) {
      this.barrier = barrier;
      this.threads = threads;
    }

    @Override
    void run(Warp warp, int mask) {
      int first = Integer.numberOfTrailingZeros(mask);
      if (mask != warp.mask) {
        throw warp.fault(Kind.DIVERGENT_BARRIER, first, "barrier that not every lane executes");
      }
      int count = threads < 0 ? 0 : warp.ints[threads + first];
      warp.block.arrive(warp, warp.ints[barrier + first] & 15, count, 0);
      warp.yield = true;
    }
  }

  /** bar.red: takes the votes along. */
  static final class ReducingBarrier extends Instruction {

    private final int barrier;
    private final Predicate vote;

    ReducingBarrier(int barrier, Predicate vote) {
      this.barrier = barrier;
      this.vote = vote;
    }

    @Override
    void run(Warp warp, int mask) {
      int first = Integer.numberOfTrailingZeros(mask);
      warp.block.arrive(warp, warp.ints[barrier + first] & 15, 0, mask & vote.of(warp));
      warp.yield = true;
    }
  }

  /** The second half of bar.red: hands out what the barrier counted. */
  static final class Reduced extends Instruction {

    private final Reduction reduction;
    private final int d;

    /**
     * @param d a 32-bit register for COUNT, else a predicate
     */
    Reduced(Reduction reduction, int d) {
      this.reduction = reduction;
      this.d = d;
    }

    @Override
    void run(Warp warp, int mask) {
      int votes = warp.votes;
      if (reduction == Reduction.COUNT) {
        java.util.Arrays.fill(warp.ints, d, d + Warp.LANES, votes);
      } else {
        boolean holds =
            reduction == Reduction.ANY ? votes > 0 : votes == warp.worker.launch.threads;
        PredicateInstructions.set(warp, d, mask, holds ? -1 : 0);
      }
    }
  }

  /** Every lane that runs must be named, and every living lane that is named must run. */
  private static void requireTogether(Warp warp, int mask, int named, String what) {
    int[] ints = warp.ints;
    int elsewhere = warp.living() & ~mask;
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      int members = ints[named + l];
      if ((members >>> l & 1) == 0) {
        throw warp.fault(
            Kind.DIVERGENT_BARRIER,
            l,
            "%s by a lane that its mask 0x%x leaves out".formatted(what, members));
      }
      int missing = members & elsewhere;
      if (missing != 0) {
        throw warp.fault(
            Kind.DIVERGENT_BARRIER,
            l,
            "%s waits for lanes 0x%x, of which 0x%x are elsewhere"
                .formatted(what, members, missing));
      }
    }
  }

  /** bar.warp.sync. */
  static final class WarpBarrier extends Instruction {

    private final int named;

    WarpBarrier(int named) {
      this.named = named;
    }

    @Override
    void run(Warp warp, int mask) {
      requireTogether(warp, mask, named, "bar.warp.sync");
      warp.epoch++;
    }
  }

  /** From where shfl.sync takes. */
  enum Source {
    UP,
    DOWN,
    BFLY,
    IDX
  }

  /** shfl.sync. */
  static final class Shuffle extends Instruction {

    private final Source source;
    private final int d;
    private final int valid;
    private final int a;
    private final int b;
    private final int c;
    private final int named;

    /**
     * @param valid predicate that says whether the source was in range, or -1
     */
    Shuffle(Source source, int d, int valid, int a, int b, int c, int named) {
      this.source = source;
      this.d = d;
      this.valid = valid;
      this.a = a;
      this.b = b;
      this.c = c;
      this.named = named;
    }

    @Override
    void run(Warp warp, int mask) {
      requireTogether(warp, mask, named, "shfl.sync");
      int[] ints = warp.ints;
      int[] values = warp.scratch;
      System.arraycopy(ints, a, values, 0, Warp.LANES);
      int inRange = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        int by = ints[b + l] & 31;
        int clamp = ints[c + l] & 31;
        int segment = ints[c + l] >> 8 & 31;
        int most = l & segment | clamp & ~segment;
        int from =
            switch (source) {
              case UP -> l - by;
              case DOWN -> l + by;
              case BFLY -> l ^ by;
              case IDX -> l & segment | by & ~segment;
            };
        boolean in = source == Source.UP ? from >= most : from <= most;
        from = in ? from : l;
        if ((mask >>> from & 1) == 0) {
          throw warp.fault(
              Kind.DIVERGENT_BARRIER,
              l,
              "shfl.sync reads from lane %d, which is not here".formatted(from));
        }
        inRange |= in ? 1 << l : 0;
        ints[d + l] = values[from];
      }
      if (valid >= 0) {
        PredicateInstructions.set(warp, valid, mask, inRange);
      }
    }
  }

  /** vote.sync. */
  static final class Vote extends Instruction {

    private final String mode;
    private final int d;
    private final Predicate p;
    private final int named;

    /**
     * @param d a 32-bit register for ballot, else a predicate
     */
    Vote(String mode, int d, Predicate p, int named) {
      this.mode = mode;
      this.d = d;
      this.p = p;
      this.named = named;
    }

    @Override
    void run(Warp warp, int mask) {
      requireTogether(warp, mask, named, "vote.sync");
      int yes = p.of(warp) & mask;
      switch (mode) {
        case "ballot" -> fill(warp, mask, d, yes);
        case "any" -> PredicateInstructions.set(warp, d, mask, yes != 0 ? -1 : 0);
        case "all" -> PredicateInstructions.set(warp, d, mask, yes == mask ? -1 : 0);
        default -> PredicateInstructions.set(warp, d, mask, yes == mask || yes == 0 ? -1 : 0);
      }
    }
  }

  private static void fill(Warp warp, int mask, int d, int value) {
    for (int m = mask; m != 0; m &= m - 1) {
      warp.ints[d + Integer.numberOfTrailingZeros(m)] = value;
    }
  }

  /** activemask. */
  static final class ActiveMask extends Instruction {

    private final int d;

    ActiveMask(int d) {
      this.d = d;
    }

    @Override
    void run(Warp warp, int mask) {
      fill(warp, mask, d, mask);
    }
  }

  /** membar and fence. */
  static final class Fence extends Instruction {

    @Override
    void run(Warp warp, int mask) {
      java.lang.invoke.VarHandle.fullFence();
      if (warp.worker.launch.races != null) {
        warp.worker.launch.races.fence(warp, mask);
      }
      warp.yield = true;
    }
  }

  /** nanosleep, prefetch, discard: nothing that a result depends on. */
  static final class Nothing extends Instruction {

    @Override
    void run(Warp warp, int mask) {
      warp.yield = true;
    }
  }
}
