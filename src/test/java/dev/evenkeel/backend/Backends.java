package dev.evenkeel.backend;

import dev.evenkeel.backend.cpu.CpuBackend;
import dev.evenkeel.gpu.Gpu;
import dev.evenkeel.simulator.SimulatedDriver;
import dev.evenkeel.simulator.SimulatedGpu;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The backends that the conformance table is run on: a real GPU among them where {@code
 * -Devenkeel.gpu=0} names one that can be used. {@code -Devenkeel.backends=REGEX} chooses among
 * them by name.
 */
final class Backends {

  private static final String CHOSEN = System.getProperty("evenkeel.backends", ".*");

  private Backends() {}

  static Map<String, Supplier<Backend>> all() {
    Map<String, Supplier<Backend>> backends = new LinkedHashMap<>();
    for (int threads : new int[] {1, 2, 3}) {
      backends.put("cpu with %d threads".formatted(threads), () -> new CpuBackend(threads));
    }
    backends.put("cuda, simulated", () -> SimulatedGpu.open(new SimulatedDriver(1)));
    if (Gpu.missing().isEmpty()) {
      backends.put(Gpu.name(), Gpu::open);
    }
    backends.keySet().removeIf(name -> !name.matches(CHOSEN));
    if (backends.isEmpty()) {
      throw new IllegalStateException("No backend is called like -Devenkeel.backends=" + CHOSEN);
    }
    return backends;
  }

  /** Whether a backend stores activations in another way than other matrices. */
  static boolean hasStorageOfItsOwn(Backend backend) {
    return !backend.device().equals("cpu");
  }
}
