package dev.evenkeel.backend;

import dev.evenkeel.backend.cpu.CpuBackend;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The backends that the conformance table is run on. */
final class Backends {

  private Backends() {}

  static Map<String, Supplier<Backend>> all() {
    Map<String, Supplier<Backend>> backends = new LinkedHashMap<>();
    for (int threads : new int[] {1, 2, 3}) {
      backends.put("cpu with %d threads".formatted(threads), () -> new CpuBackend(threads));
    }
    return backends;
  }

  /** Whether a backend stores activations in another way than other matrices. */
  static boolean hasStorageOfItsOwn(Backend backend) {
    return !backend.device().equals("cpu");
  }
}
