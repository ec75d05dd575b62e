package dev.evenkeel.backend.cuda;

import dev.evenkeel.EvenkeelException;

/** A call that CUDA, cuBLAS or cuDNN refused. */
public final class CudaException extends EvenkeelException {

  private final int code;

  /**
   * @param call with its arguments: "cuMemAlloc(1073741824)"
   * @param name of the code: "CUDA_ERROR_OUT_OF_MEMORY"
   */
  public CudaException(String call, int code, String name) {
    super("%s failed: %s (%d)".formatted(call, name, code));
    this.code = code;
  }

  public int code() {
    return code;
  }
}
