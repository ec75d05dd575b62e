package dev.evenkeel.simulator;

import dev.evenkeel.backend.cuda.CudaException;
import java.util.Locale;

/** The codes of CUDA, cuBLAS and cuDNN 9 that the simulated device answers with. */
enum CudaError {
  CUDA_ERROR_INVALID_VALUE(1),
  CUDA_ERROR_OUT_OF_MEMORY(2),
  CUDA_ERROR_NO_BINARY_FOR_GPU(209),
  CUDA_ERROR_INVALID_PTX(218),
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION(222),
  CUDA_ERROR_INVALID_HANDLE(400),
  CUDA_ERROR_ILLEGAL_STATE(401),
  CUDA_ERROR_NOT_FOUND(500),
  CUDA_ERROR_NOT_READY(600),
  CUDA_ERROR_CONTEXT_IS_DESTROYED(709),
  CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(900),
  CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(901),
  CUDA_ERROR_STREAM_CAPTURE_MERGE(902),
  CUDA_ERROR_STREAM_CAPTURE_UNMATCHED(903),
  CUDA_ERROR_STREAM_CAPTURE_UNJOINED(904),
  CUDA_ERROR_STREAM_CAPTURE_ISOLATION(905),
  CUDA_ERROR_CAPTURED_EVENT(907),
  CUBLAS_STATUS_INVALID_VALUE(7),
  CUBLAS_STATUS_NOT_SUPPORTED(15),
  CUDNN_STATUS_BAD_PARAM(2000),
  CUDNN_STATUS_NOT_SUPPORTED(3000);

  final int code;

  CudaError(int code) {
    this.code = code;
  }

  /**
   * The exception of a call.
   *
   * @param call with its arguments, as a format
   */
  CudaException in(String call, Object... arguments) {
    return new CudaException(String.format(Locale.ROOT, call, arguments), code, name());
  }
}
