package dev.evenkeel.backend.cuda;

import java.util.Optional;

/** cuBLAS, and cuDNN where it is, opened on a backend's stream. */
public interface CudaLibraries {

  /** Bytes of device memory that the matrix products want to work in. */
  long workspaceBytes(CudaDriver.Properties device);

  /**
   * @param workspace address of so many bytes, which stay the caller's and are for this cuBLAS
   *     alone; 0 where none are wanted
   */
  Blas blas(CudaDriver driver, long stream, long workspace, long bytes);

  Optional<Cudnn> cudnn(CudaDriver driver, long stream);
}
