package dev.evenkeel.simulator;

import java.util.List;

/** One entry of a module, ready to run. */
public final class PtxKernel {

  /**
   * @param type as PTX writes it: "u64", "f32"
   * @param offset in the block of arguments
   */
  public record Parameter(String name, String type, int bytes, int offset) {}

  private final String name;
  private final List<Parameter> parameters;
  private final int parameterBytes;
  private final int sharedBytes;
  private final int maxThreads;

  PtxKernel(
      String name,
      List<Parameter> parameters,
      int parameterBytes,
      int sharedBytes,
      int maxThreads) {
    this.name = name;
    this.parameters = List.copyOf(parameters);
    this.parameterBytes = parameterBytes;
    this.sharedBytes = sharedBytes;
    this.maxThreads = maxThreads;
  }

  public String name() {
    return name;
  }

  public List<Parameter> parameters() {
    return parameters;
  }

  /** Size of the block of arguments. */
  public int parameterBytes() {
    return parameterBytes;
  }

  /** Static shared memory of a block. */
  public int sharedBytes() {
    return sharedBytes;
  }

  /** Threads a block may have: .maxntid, else 1024. */
  public int maxThreads() {
    return maxThreads;
  }
}
