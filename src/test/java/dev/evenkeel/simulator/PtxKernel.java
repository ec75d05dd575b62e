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

  private final PtxModule module;
  private final Program program;

  PtxKernel(
      PtxModule module,
      PtxBody body,
      List<Parameter> parameters,
      int sharedBytes,
      Program program) {
    this.module = module;
    this.program = program;
    this.sharedBytes = sharedBytes;
    this.parameters = List.copyOf(parameters);
    name = body.name;
    maxThreads = body.maxThreads;
    Parameter last = parameters.isEmpty() ? null : parameters.get(parameters.size() - 1);
    parameterBytes = last == null ? 0 : last.offset() + last.bytes();
  }

  PtxModule module() {
    return module;
  }

  Program program() {
    return program;
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
