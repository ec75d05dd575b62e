package dev.evenkeel.simulator;

import dev.evenkeel.simulator.GpuFault.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One host thread that runs blocks: a few at a time, switched at barriers, atomics, fences and at
 * random moments, in an order that the seed decides.
 */
final class Worker implements Runnable {

  /** A warp that runs longer than this is taken to never end. */
  private static final long ENDLESS = 4_000_000_000L;

  private static final int MOST_RESIDENT = 8;

  final Launch launch;
  final SplittableRandom random;
  final Statistics.Launch statistics;

  /** Lanes that executed each instruction. */
  final long[] counts;

  /** The allocation that each global access touched last. */
  final Allocation[] sites;

  private final int number;
  private final List<Block> resident = new ArrayList<>();
  private final List<Block> idle = new ArrayList<>();

  Worker(Launch launch, int number) {
    this.launch = launch;
    this.number = number;
    random = new SplittableRandom(launch.options.seed() * 31 + number);
    statistics = launch.statistics == null ? null : launch.statistics.part();
    counts = new long[launch.program.code.length];
    sites = new Allocation[launch.program.sites];
    java.util.Arrays.fill(sites, new Allocation(0, 0, "nothing"));
  }

  @Override
  public void run() {
    int most = 1 + random.nextInt(MOST_RESIDENT);
    int longest = 32 << random.nextInt(6);
    while (true) {
      while (resident.size() < most && launch.error == null) {
        int block = launch.nextBlock();
        if (block < 0) {
          break;
        }
        Block b = idle.isEmpty() ? new Block(this) : idle.remove(idle.size() - 1);
        b.start(block);
        resident.add(b);
      }
      if (resident.isEmpty() || launch.error != null) {
        break;
      }
      Block block = resident.get(random.nextInt(resident.size()));
      step(block, longest);
      if (block.unfinished == 0) {
        resident.remove(block);
        idle.add(block);
      }
    }
    if (statistics != null) {
      launch.statistics.add(statistics, launch.program.code, counts);
    }
  }

  private void step(Block block, int longest) {
    Warp warp = ready(block);
    if (warp == null) {
      throw stuck(block);
    }
    try {
      warp.run(1 + random.nextInt(longest));
    } catch (GpuFault fault) {
      throw fault.at(warp.place(warp.lane));
    }
    if (warp.executed > ENDLESS) {
      throw warp.fault(Kind.ENDLESS, 0, "a warp does not end");
    }
  }

  private Warp ready(Block block) {
    int from = random.nextInt(block.warps.length);
    for (int i = 0; i < block.warps.length; i++) {
      Warp w = block.warps[(from + i) % block.warps.length];
      if (w.state == Warp.State.READY) {
        return w;
      }
    }
    return null;
  }

  private static GpuFault stuck(Block block) {
    for (Warp w : block.warps) {
      if (w.state == Warp.State.WAITING) {
        return w.fault(Kind.DEADLOCK, 0, "barrier that is never complete");
      }
    }
    return GpuFault.of(Kind.DEADLOCK, "a block that does not end");
  }

  @Override
  public String toString() {
    return "worker " + number;
  }
}
