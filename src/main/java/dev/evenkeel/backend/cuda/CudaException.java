package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;

/** A call that CUDA, cuBLAS or cuDNN refused. */
public final class CudaException extends EvenkeelException {

  private final int code;
  private final String name;

  /**
   * @param call with its arguments: "cuMemAlloc(1073741824)"
   * @param name of the code: "CUDA_ERROR_OUT_OF_MEMORY"
   */
  public CudaException(String call, int code, String name) {
    super("%s failed: %s (%d)".formatted(call, name, code));
    this.code = code;
    this.name = name;
  }

  /** Whether the call asked for memory that there is not, directly or for what it makes. */
  boolean isOutOfMemory() {
    return name.contains("OUT_OF_MEMORY")
        || name.contains("ALLOC_FAILED")
        || name.contains("ALLOCATION_FAILED");
  }

  public int code() {
    return code;
  }
}
