package dev.evenkeel.simulator;

import java.util.Collection;
import java.util.Map;

/** One PTX file, parsed. */
public final class PtxModule {

  private final Map<String, PtxKernel> kernels;

  private PtxModule(Map<String, PtxKernel> kernels) {
    this.kernels = kernels;
  }

  /**
   * @param fileName for messages
   */
  public static PtxModule parse(String text, String fileName) {
    throw new UnsupportedOperationException("not there yet");
  }

  /** In the order of the file. */
  public Collection<PtxKernel> kernels() {
    return kernels.values();
  }

  public PtxKernel kernel(String name) {
    PtxKernel kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException(
          "no kernel %s in this module; it has %s".formatted(name, kernels.keySet()));
    }
    return kernel;
  }

  Map<String, Long> place(GlobalMemory memory) {
    return Map.of();
  }
}
