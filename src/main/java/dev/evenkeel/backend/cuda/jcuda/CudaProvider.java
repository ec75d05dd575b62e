package dev.evenkeel.backend.cuda.jcuda;

import dev.evenkeel.backend.Backend;
import dev.evenkeel.backend.BackendProvider;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.CudaDriver;
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
  public Backend open(int index, int threads) {
    JCudaDriver driver = new JCudaDriver(index);
    try {
      long stream = driver.createStream();
      Optional<Cudnn> cudnn =
          CudaSetup.get().cudnn().isUsable()
              ? Optional.of(new JCudaCudnn(driver, stream))
              : Optional.empty();
      return backend("cuda:" + index, driver, stream, new JCudaBlas(driver, stream), cudnn);
    } catch (RuntimeException e) {
      driver.close();
      throw e;
    }
  }

  /** The backend owns all of these. */
  private static Backend backend(
      String name, CudaDriver driver, long stream, Blas blas, Optional<Cudnn> cudnn) {
    // FILL IN: return new CudaBackend(name, driver, stream, blas, cudnn);
    throw new UnsupportedOperationException("CudaBackend is not there yet");
  }
}
