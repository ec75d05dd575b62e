package dev.evenkeel.simulator;

import java.util.Arrays;

/**
 * 32 lanes in step. Lanes that part at a branch run one group after the other, and meet again where
 * every way from the branch leads through.
 */
final class Warp {

  static final int LANES = 32;

  enum State {
    READY,
    WAITING,
    DONE
  }

  final Worker worker;
  final Block block;
  final int index;

  /** Registers of up to 32 bits and of 64, [register][lane]; predicates as masks of lanes. */
  final int[] ints;

  final long[] longs;
  final int[] predicates;

  /** Local memory of each lane, or null where a kernel has none. */
  final Allocation[] local;

  /** Addresses of the access that is going on. */
  final long[] addresses = new long[LANES];

  /** For an instruction that needs a copy of a register. */
  final int[] scratch = new int[LANES];

  State state;
  int pc;

  /** Lanes that execute now. */
  int mask;

  /** Lanes that the launch gave to this warp, and those of them that returned. */
  int launched;

  int exited;

  /** What a barrier's reduction gave: votes for, of all threads. */
  int votes;

  /** Set by instructions after which another warp should have its chance. */
  boolean yield;

  /** Lane whose access is going on, for reports. */
  int lane;

  /** How many bar.warp.sync were passed. */
  int epoch;

  long executed;

  /** Where the lanes of this group wait for the others; -1 for nowhere. */
  private int meeting;

  private int[] stackPc = new int[8];
  private int[] stackMeeting = new int[8];
  private int[] stackMask = new int[8];
  private int depth;

  Warp(Worker worker, Block block, int index) {
    this.worker = worker;
    this.block = block;
    this.index = index;
    Program program = worker.launch.program;
    ints = worker.launch.ints.clone();
    longs = worker.launch.longs.clone();
    predicates = program.predicates.clone();
    local = program.localBytes == 0 ? null : new Allocation[LANES];
    if (local != null) {
      for (int l = 0; l < LANES; l++) {
        local[l] = new Allocation(Space.LOCAL.base, program.localBytes, "local memory");
      }
    }
  }

  void start() {
    int threads = Math.min(LANES, worker.launch.threads - index * LANES);
    launched = threads == LANES ? -1 : (1 << threads) - 1;
    mask = launched;
    exited = 0;
    pc = 0;
    meeting = -1;
    depth = 0;
    epoch = 0;
    state = State.READY;
    worker.launch.program.specials.forEach(s -> s.set(this));
    if (local != null) {
      for (Allocation a : local) {
        Arrays.fill(a.written, (byte) 0);
      }
    }
  }

  /** Lanes that have not returned. */
  int living() {
    return launched & ~exited;
  }

  int thread(int atLane) {
    return index * LANES + atLane;
  }

  /** Runs up to this many instructions; stops earlier at barriers, atomics and the end. */
  void run(int instructions) {
    Instruction[] code = worker.launch.program.code;
    Statistics.Launch statistics = worker.statistics;
    yield = false;
    for (int i = 0; i < instructions && state == State.READY && !yield; i++) {
      if (pc == meeting) {
        pop();
        continue;
      }
      Instruction now = code[pc++];
      int active = mask;
      if (now.guard >= 0) {
        int p = predicates[now.guard];
        active &= now.guardNegated ? ~p : p;
      }
      executed += Integer.bitCount(active);
      if (statistics != null) {
        worker.counts[pc - 1] += Integer.bitCount(active);
        statistics.countWarp();
      }
      if (active != 0) {
        now.run(this, active);
      }
    }
  }

  /** The statement being executed. */
  Statement statement() {
    return worker.launch.program.code[pc - 1].statement;
  }

  /**
   * Some of the active lanes jump, the others go on.
   *
   * @param meetAt where they meet again, or -1
   */
  void branch(int taken, int target, int meetAt) {
    int others = mask & ~taken;
    if (others == 0) {
      pc = target;
      return;
    }
    meetLater(meetAt);
    // Which side runs first is not for a kernel to know.
    if (worker.random.nextBoolean()) {
      push(pc, meeting, others);
      pc = target;
      mask = taken;
    } else {
      push(target, meeting, taken);
      mask = others;
    }
  }

  /** Every active lane jumps to its own target. */
  void branch(int[] targets, int meetAt) {
    int first = targets[Integer.numberOfTrailingZeros(mask)];
    int same = 0;
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      same |= targets[l] == first ? 1 << l : 0;
    }
    if (same == mask) {
      pc = first;
      return;
    }
    meetLater(meetAt);
    int left = mask;
    while (left != 0) {
      int target = targets[Integer.numberOfTrailingZeros(left)];
      int group = 0;
      for (int m = left; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        group |= targets[l] == target ? 1 << l : 0;
      }
      left &= ~group;
      push(target, meeting, group);
    }
    pop();
  }

  private void meetLater(int meetAt) {
    if (meetAt >= 0 && meetAt != meeting) {
      push(meetAt, meeting, mask);
      meeting = meetAt;
    }
  }

  void exit(int lanes) {
    exited |= lanes;
    mask &= ~lanes;
    block.exited(Integer.bitCount(lanes));
    if (mask == 0) {
      pop();
    }
  }

  private void push(int atPc, int meetAt, int lanes) {
    if (depth == stackPc.length) {
      stackPc = Arrays.copyOf(stackPc, 2 * depth);
      stackMeeting = Arrays.copyOf(stackMeeting, 2 * depth);
      stackMask = Arrays.copyOf(stackMask, 2 * depth);
    }
    stackPc[depth] = atPc;
    stackMeeting[depth] = meetAt;
    stackMask[depth++] = lanes;
  }

  private void pop() {
    do {
      if (depth == 0) {
        mask = 0;
        state = State.DONE;
        block.done(this);
        return;
      }
      pc = stackPc[--depth];
      meeting = stackMeeting[depth];
      mask = stackMask[depth] & ~exited;
    } while (mask == 0);
  }

  GpuFault.Place place(int atLane) {
    int thread = thread(atLane);
    Launch launch = worker.launch;
    Statement s = statement();
    return new GpuFault.Place(
        launch.kernel.name(),
        launch.program.file,
        s.line(),
        s.source(),
        block.x,
        block.y,
        thread % launch.blockX,
        thread / launch.blockX);
  }

  GpuFault fault(GpuFault.Kind kind, int atLane, String what) {
    return GpuFault.of(kind, what).at(place(atLane));
  }
}
