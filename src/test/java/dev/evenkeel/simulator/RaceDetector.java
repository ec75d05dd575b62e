package dev.evenkeel.simulator;

import dev.evenkeel.simulator.GpuFault.Kind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Finds accesses of different threads to the same bytes that nothing orders, of which one writes.
 *
 * <p>Within a block, barriers order; within a warp, bar.warp.sync too. Between blocks a fence
 * followed by an atomic, seen by an atomic of the other block on the same address, orders: that is
 * what tickets do. Each block counts its fences, and knows up to which fence it has seen each other
 * block (a vector clock). A fence covers what its own thread did, and what others of its block did
 * before a barrier that came before it.
 *
 * <p>Storing the value that is there already is no race: many threads may raise one flag.
 */
final class RaceDetector {

  private static final int THREADS = 1024;

  // What is known of one granule of memory: the last write, and the reads since.
  private static final int WRITER = 0;
  private static final int WRITE_WHEN = 1;
  private static final int WRITE_CLOCK = 2;
  private static final int WRITE_LINE = 3;
  private static final int READER = 4;
  private static final int READ_WHEN = 5;
  private static final int READ_CLOCK = 6;
  private static final int READ_LINE = 7;
  private static final int FIELDS = 8;

  /** In READ_CLOCK: threads of several warps, or of several blocks, have read. */
  private static final int SEVERAL_WARPS = -1;

  private static final int SEVERAL_BLOCKS = -2;

  private static final int PAGE = 1024;

  private final Launch launch;
  private final int granule;
  private final Map<Allocation, int[][]> global = new IdentityHashMap<>();

  /** For each block how many fences of each block it has seen, itself included; made when used. */
  private final int[][] clocks;

  /** What the last release to each address had seen. */
  private final Map<Long, int[]> released = new HashMap<>();

  /** The last fence of each block. */
  private final int[] fenced;

  /** For each fence of each block: the barriers before it, its warp, its lanes. */
  private final int[][] fences;

  /** For each thread of each block that has fences its last one, or 0. */
  private final int[][] lastFences;

  RaceDetector(Launch launch) {
    this.launch = launch;
    granule = launch.program.granule;
    clocks = new int[launch.blocks()][];
    fenced = new int[launch.blocks()];
    fences = new int[launch.blocks()][];
    lastFences = new int[launch.blocks()][];
  }

  /** Of one block's shared memory. */
  static final class Shared {

    private final int[] entries;

    Shared(Block block) {
      int granule = block.worker.launch.program.granule;
      entries = new int[FIELDS * (block.shared.bytes() / granule + 1)];
    }

    void start() {
      Arrays.fill(entries, 0);
    }
  }

  /** Some lanes of a warp execute a fence. */
  void fence(Warp warp, int lanes) {
    int block = warp.block.id;
    int number = clock(block)[block]++;
    fenced[block] = number;
    int[] list = fences[block] == null ? new int[3 * 16] : fences[block];
    if (3 * number + 2 >= list.length) {
      list = Arrays.copyOf(list, 2 * list.length);
    }
    list[3 * number] = warp.block.epoch;
    list[3 * number + 1] = warp.index;
    list[3 * number + 2] = lanes;
    fences[block] = list;
    if (lastFences[block] == null) {
      lastFences[block] = new int[THREADS];
    }
    for (int m = lanes; m != 0; m &= m - 1) {
      lastFences[block][warp.thread(Integer.numberOfTrailingZeros(m))] = number;
    }
  }

  /**
   * Whether one of a block's fences covers what a thread did.
   *
   * @param epoch barriers before what it did
   * @param from the first fence that came after it
   * @param to the last fence that was seen
   */
  private boolean covered(int block, int thread, int epoch, int from, int to) {
    if (to < from || to <= 0) {
      return false;
    }
    int[] list = fences[block];
    // Barriers only become more: no fence has more of them before it than the last.
    if (list[3 * to] > epoch) {
      return true;
    }
    int last = lastFences[block][thread];
    if (last <= to) {
      return last >= from && last > 0;
    }
    for (int f = to; f >= from && f > 0; f--) {
      if (list[3 * f + 1] == thread / Warp.LANES
          && (list[3 * f + 2] >>> thread % Warp.LANES & 1) != 0) {
        return true;
      }
    }
    return false;
  }

  private int[] clock(int block) {
    if (clocks[block] == null) {
      clocks[block] = new int[clocks.length];
      clocks[block][block] = 1;
    }
    return clocks[block];
  }

  /** An access is about to happen. */
  void access(MemoryAccess access, Warp warp, int lane, Allocation a, int at) {
    if (a == warp.block.shared) {
      for (int g = at / granule; g * granule < at + access.bytes; g++) {
        check(warp.block.races.entries, FIELDS * g, access, warp, lane, a, at);
      }
      return;
    }
    if (Space.of(a.address) != Space.GLOBAL) {
      return;
    }
    int[][] pages = global.computeIfAbsent(a, x -> new int[x.bytes() / granule / PAGE + 1][]);
    for (int g = at / granule; g * granule < at + access.bytes; g++) {
      if (pages[g / PAGE] == null) {
        pages[g / PAGE] = new int[FIELDS * PAGE];
      }
      check(pages[g / PAGE], FIELDS * (g % PAGE), access, warp, lane, a, at);
    }
    if (access.isAtomic()) {
      if (access.statement.has("release") || access.statement.has("acq_rel")) {
        fence(warp, 1 << lane);
      }
      synchronise(warp.block.id, a.address + at);
    }
  }

  /** An atomic takes over what others released to this address, and releases what was fenced. */
  private void synchronise(int block, long address) {
    int[] mine = clock(block);
    int[] there = released.computeIfAbsent(address, x -> new int[clocks.length]);
    int own = mine[block];
    for (int i = 0; i < mine.length; i++) {
      mine[i] = Math.max(mine[i], there[i]);
      there[i] = mine[i];
    }
    mine[block] = own;
    there[block] = fenced[block];
  }

  private void check(
      int[] e, int i, MemoryAccess access, Warp warp, int lane, Allocation a, int at) {
    int id = warp.block.id * THREADS + warp.thread(lane);
    boolean atomic = access.isAtomic();
    boolean writes = access.use != MemoryAccess.Use.LOAD;
    if (e[i + WRITER] != 0
        && e[i + WRITER] - 1 != id
        && !(atomic && e[i + WRITE_LINE] < 0)
        && !ordered(
            e[i + WRITER] - 1,
            e[i + WRITE_WHEN],
            e[i + WRITE_CLOCK],
            e[i + WRITE_LINE] < 0,
            warp,
            lane)
        && !(writes && access.storesTheSame(warp, lane, a, at))) {
      throw race(warp, lane, access, "write", e[i + WRITER] - 1, e[i + WRITE_LINE], a, at);
    }
    if (writes
        && e[i + READER] != 0
        && !readersDone(e, i, id, warp, lane)
        && !access.storesTheSame(warp, lane, a, at)) {
      throw race(warp, lane, access, "read", e[i + READER] - 1, e[i + READ_LINE], a, at);
    }
    int when = warp.block.epoch << 12 | warp.epoch & 0xfff;
    int line = access.statement.line();
    if (writes) {
      e[i + WRITER] = id + 1;
      e[i + WRITE_WHEN] = when;
      e[i + WRITE_CLOCK] = atomic ? fenced[warp.block.id] : clock(warp.block.id)[warp.block.id];
      e[i + WRITE_LINE] = atomic ? -line : line;
      e[i + READER] = 0;
    } else if (!atomic) {
      noteRead(e, i, id, when, warp, lane);
      e[i + READ_LINE] = line;
    }
  }

  /** Whether an earlier access of a thread surely came before what this lane does now. */
  private boolean ordered(int earlier, int when, int clock, boolean atomic, Warp warp, int lane) {
    int block = earlier / THREADS;
    if (block != warp.block.id) {
      int[] seen = clocks[warp.block.id];
      return seen != null
          && seen[block] >= clock
          && (atomic || covered(block, earlier % THREADS, when >>> 12, clock, seen[block]));
    }
    boolean sameWarp = earlier % THREADS / Warp.LANES == warp.index;
    return when >>> 12 != warp.block.epoch
        || sameWarp && (when & 0xfff) != (warp.epoch & 0xfff)
        || earlier % THREADS == warp.thread(lane);
  }

  private boolean readersDone(int[] e, int i, int id, Warp warp, int lane) {
    return switch (e[i + READ_CLOCK]) {
      case SEVERAL_BLOCKS -> sawAll(warp.block.id);
      case SEVERAL_WARPS ->
          (e[i + READER] - 1) / THREADS == warp.block.id
              ? e[i + READ_WHEN] >>> 12 != warp.block.epoch
              : sawAll(warp.block.id);
      default ->
          e[i + READER] - 1 == id
              || ordered(e[i + READER] - 1, e[i + READ_WHEN], e[i + READ_CLOCK], false, warp, lane);
    };
  }

  private boolean sawAll(int block) {
    int[] seen = clocks[block];
    if (seen == null) {
      return false;
    }
    for (int i = 0; i < seen.length; i++) {
      if (i != block && seen[i] == 0) {
        return false;
      }
    }
    return true;
  }

  private void noteRead(int[] e, int i, int id, int when, Warp warp, int lane) {
    int before = e[i + READER] - 1;
    int clock = clock(warp.block.id)[warp.block.id];
    if (before >= 0 && before != id) {
      if (before / THREADS != warp.block.id) {
        clock = SEVERAL_BLOCKS;
      } else if (e[i + READ_CLOCK] == SEVERAL_BLOCKS) {
        clock = SEVERAL_BLOCKS;
      } else if (e[i + READ_WHEN] >>> 12 == warp.block.epoch
          && (before % THREADS / Warp.LANES != warp.index || e[i + READ_CLOCK] == SEVERAL_WARPS)) {
        clock = SEVERAL_WARPS;
      } else if (e[i + READ_WHEN] == when) {
        // Two lanes of one warp: let a write by either of them see the other.
        e[i + READER] = warp.thread(lane) == before % THREADS ? id + 1 : before + 1;
        return;
      }
    } else if (before == id && e[i + READ_CLOCK] < 0 && !passed(e, i, warp)) {
      clock = e[i + READ_CLOCK];
    }
    e[i + READER] = id + 1;
    e[i + READ_WHEN] = when;
    e[i + READ_CLOCK] = clock;
  }

  /** Whether a barrier of the block has come since several of its warps have read. */
  private static boolean passed(int[] e, int i, Warp warp) {
    return e[i + READ_CLOCK] == SEVERAL_WARPS && e[i + READ_WHEN] >>> 12 != warp.block.epoch;
  }

  private GpuFault race(
      Warp warp,
      int lane,
      MemoryAccess access,
      String before,
      int earlier,
      int line,
      Allocation a,
      int at) {
    return GpuFault.of(
            Kind.RACE,
            "%s of %d bytes at byte %d of %s races with the %s at line %d by thread %d of block %d: nothing orders them"
                .formatted(
                    access.use.name().toLowerCase(java.util.Locale.ROOT),
                    access.bytes,
                    at,
                    a.label,
                    before,
                    Math.abs(line),
                    earlier % THREADS,
                    earlier / THREADS),
            a.address + at,
            a.label)
        .at(warp.place(lane));
  }
}
