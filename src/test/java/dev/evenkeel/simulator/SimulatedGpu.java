package dev.evenkeel.simulator;

import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.CudaLibraries;
import dev.evenkeel.backend.cuda.Cudnn;
import java.util.Optional;

/** The CUDA backend on the GPU made of Java. */
public final class SimulatedGpu {

  private SimulatedGpu() {}

  /** cuBLAS' and cuDNN's doubles. */
  public static CudaLibraries libraries() {
    return libraries(0);
  }

  /** The same, but for products whose sums are as bad as cuBLAS may make them. */
  public static CudaLibraries librariesWithFloatSums() {
    return libraries(0, true);
  }

  /**
   * @param workspaceBytes that cuBLAS' double asks for, as cuBLAS does, though it has no use for it
   */
  public static CudaLibraries libraries(long workspaceBytes) {
    return libraries(workspaceBytes, false);
  }

  private static CudaLibraries libraries(long workspaceBytes, boolean floatSums) {
    return new CudaLibraries() {
      @Override
      public long workspaceBytes(CudaDriver.Properties device) {
        return workspaceBytes;
      }

      @Override
      public Blas blas(CudaDriver driver, long stream, long workspace, long bytes) {
        return new SimulatedBlas((SimulatedDriver) driver, stream, floatSums);
      }

      @Override
      public Optional<Cudnn> cudnn(CudaDriver driver, long stream) {
        return Optional.of(new SimulatedCudnn((SimulatedDriver) driver, stream));
      }
    };
  }

  /** float32, our kernels, sequences replayed. */
  public static DeviceOptions options() {
    return DeviceOptions.defaults()
        .withPrecision(Precision.FP32)
        .withNormBody(DeviceOptions.NormBody.PTX);
  }

  public static CudaBackend open(SimulatedDriver driver) {
    return open(driver, options());
  }

  public static CudaBackend open(SimulatedDriver driver, DeviceOptions options) {
    return new CudaBackend(driver, 0, libraries(), options);
  }
}
