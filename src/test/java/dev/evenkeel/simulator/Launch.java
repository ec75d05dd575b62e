package dev.evenkeel.simulator;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** What all blocks of one launch share. */
final class Launch {

  final PtxKernel kernel;
  final Program program;
  final int gridX;
  final int gridY;
  final int blockX;
  final int blockY;
  final int threads;
  final GlobalMemory memory;
  final ExecutionOptions options;
  final Allocation arguments;
  final Statistics.Launch statistics;
  final RaceDetector races;

  /** What registers hold when a warp starts: constants and addresses. */
  final int[] ints;

  final long[] longs;

  /** 1 where static shared memory must not be touched: 2 marks gaps between variables. */
  final byte[] sharedShadow;

  volatile RuntimeException error;
  private final int[] order;
  private final AtomicInteger next = new AtomicInteger();

  Launch(
      PtxKernel kernel,
      int[] shape,
      byte[] arguments,
      GlobalMemory memory,
      ExecutionOptions options) {
    this.kernel = kernel;
    program = kernel.program();
    gridX = shape[0];
    gridY = shape[1];
    blockX = shape[2];
    blockY = shape[3];
    threads = blockX * blockY;
    this.memory = memory;
    this.options = options;
    this.arguments =
        new Allocation(Space.PARAM.base, arguments.length, "arguments of " + kernel.name());
    System.arraycopy(arguments, 0, this.arguments.data, 0, arguments.length);
    this.arguments.written = null;
    statistics = options.statistics() == null ? null : options.statistics().begin(kernel.name());
    ints = program.ints.clone();
    longs = program.longs.clone();
    Map<String, Long> variables = memory.variables(kernel.module());
    program.addresses.forEach(
        (slot, name) -> Arrays.fill(longs, slot, slot + Warp.LANES, variables.get(name)));
    sharedShadow = program.sharedShadow.clone();
    order = order(gridX * gridY, options.seed());
    races = options.races() ? new RaceDetector(this) : null;
  }

  /** Seed 0 is the natural order. */
  private static int[] order(int blocks, long seed) {
    int[] order = new int[blocks];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < blocks; i++) {
      int j = seed == 0 ? i : random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** The block to start next, or -1. */
  int nextBlock() {
    int i = next.getAndIncrement();
    return i < order.length ? order[i] : -1;
  }

  int blocks() {
    return order.length;
  }
}
