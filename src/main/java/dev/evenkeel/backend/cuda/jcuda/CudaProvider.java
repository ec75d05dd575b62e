package dev.evenkeel.backend.cuda.jcuda;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BackendProvider;
import dev.evenkeel.backend.DeviceOptions;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.CudaBackend;
import dev.evenkeel.backend.cuda.CudaDriver;
import dev.evenkeel.backend.cuda.CudaLibraries;
import dev.evenkeel.backend.cuda.Cudnn;
import java.util.Optional;

/** Offers the GPUs of this machine. */
public final class CudaProvider implements BackendProvider {

  @Override
  public String kind() {
    return "cuda";
  }

  @Override
  public Optional<String> unavailable(int index) {
    return CudaSetup.get().unavailable(index);
  }

  @Override
  public Backend open(int index, DeviceOptions options) {
    JCudaDriver driver = new JCudaDriver(index);
    try {
      return new CudaBackend(driver, index, libraries(), options);
    } catch (RuntimeException | Error e) {
      driver.close();
      throw e;
    }
  }

  /** cuBLAS, and cuDNN where it can be used. */
  public static CudaLibraries libraries() {
    return new Libraries();
  }

  private static final class Libraries implements CudaLibraries {

    @Override
    public long workspaceBytes(CudaDriver.Properties device) {
      return Blas.workspaceBytes(device);
    }

    @Override
    public Blas blas(CudaDriver driver, long stream, long workspace, long bytes) {
      return new JCudaBlas((JCudaDriver) driver, stream, workspace, bytes);
    }

    @Override
    public Optional<Cudnn> cudnn(CudaDriver driver, long stream) {
      return CudaSetup.get().cudnn().isUsable()
          ? Optional.of(new JCudaCudnn((JCudaDriver) driver, stream))
          : Optional.empty();
    }
  }
}
