package dev.evenkeel.simulator;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * Measures how many instructions of single lanes are executed in a second of one core: {@code java
 * -XX:+UseSerialGC -cp target/test-classes:target/classes dev.evenkeel.simulator.SimulatorSpeed},
 * after {@code mvn test-compile}.
 */
final class SimulatorSpeed {

  /** Time of the core alone: what else the machine does is not counted. */
  private static final ThreadMXBean THREAD = ManagementFactory.getThreadMXBean();

  private static final int VECTORS = 1 << 18;
  private static final int RUNS = 12;

  private SimulatorSpeed() {}

  public static void main(String[] args) {
    Gpu gpu = new Gpu();
    PtxKernel kernel = Gpu.module("throughput").kernel("throughput");
    long x = gpu.memory.allocate(16L * VECTORS, "x");
    long y = gpu.memory.allocate(16L * VECTORS, "y");
    gpu.memory.fill(x, Float.floatToIntBits(1), 4L * VECTORS);
    Statistics statistics = new Statistics();
    measure(gpu, kernel, x, y, ExecutionOptions.standard().withStatistics(statistics));
    long lanes = statistics.last().laneInstructions();
    System.out.println(lanes + " instructions of lanes in a launch");
    for (int run = 0; run < RUNS; run++) {
      double seconds = measure(gpu, kernel, x, y, ExecutionOptions.standard());
      System.out.printf("plain: %.0f million a second%n", lanes / seconds * 1e-6);
    }
    double seconds = measure(gpu, kernel, x, y, ExecutionOptions.standard().withRaces(true));
    System.out.printf("with the race check: %.0f million a second%n", lanes / seconds * 1e-6);
  }

  private static double measure(
      Gpu gpu, PtxKernel kernel, long x, long y, ExecutionOptions options) {
    gpu.options = options;
    long start = THREAD.getCurrentThreadCpuTime();
    gpu.run(kernel, 64, 256, x, y, VECTORS, 1.5f, 0.1f);
    return (THREAD.getCurrentThreadCpuTime() - start) * 1e-9;
  }
}
