package dev.evenkeel.backend.cuda.jcuda;

import static jcuda.jcudnn.JCudnn.*;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.cuda.CudaException;
import dev.evenkeel.backend.cuda.Cudnn;
import dev.evenkeel.backend.cuda.ElementType;
import dev.evenkeel.backend.cuda.View;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcudnn.cudnnBatchNormMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnStatus;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.runtime.cudaStream_t;

/** cuDNN's batch norm through JCuda, by the three calls that every version from 4 to 9 has. */
public final class JCudaCudnn implements Cudnn {

  private static final Pointer ONE = Address.scalar(1);
  private static final Pointer ZERO = Address.scalar(0);

  private final JCudaDriver driver;
  private final cudnnHandle handle = new cudnnHandle();
  private final List<cudnnTensorDescriptor> descriptors = new ArrayList<>();

  public JCudaCudnn(JCudaDriver driver, long stream) {
    CudaSetup.get().cudnn().require();
    driver.enter();
    this.driver = driver;
    check(cudnnCreate(handle), "cudnnCreate()");
    check(cudnnSetStream(handle, new cudaStream_t(driver.stream(stream))), "cudnnSetStream()");
  }

  /** "9.5.1"; it needs no GPU. */
  static String version() {
    long version = cudnnGetVersion();
    return "%d.%d.%d".formatted(version / 10_000, version / 100 % 100, version % 100);
  }

  @Override
  public String description() {
    return "cuDNN " + version();
  }

  /** The least of what its kernels were seen to refuse, whichever of them it would choose. */
  @Override
  public int maxRows(Mode mode, boolean training) {
    return training ? 131_070 : 65_535;
  }

  /** A matrix, and the vectors of its columns, as a mode describes them to cuDNN. */
  private record Described(int mode, cudnnTensorDescriptor matrix, cudnnTensorDescriptor vector) {}

  private Described describe(Mode mode, View x) {
    int type =
        x.type() == ElementType.FLOAT32
            ? cudnnDataType.CUDNN_DATA_FLOAT
            : cudnnDataType.CUDNN_DATA_BFLOAT16;
    boolean spatial = mode == Mode.SPATIAL_PERSISTENT;
    // One pixel an image: channels last or not, the same memory, told by its strides.
    int pixel = spatial ? x.pitch() : 1;
    cudnnTensorDescriptor matrix = descriptor();
    check(
        cudnnSetTensor4dDescriptorEx(
            matrix, type, x.rows(), x.columns(), 1, 1, x.pitch(), 1, pixel, pixel),
        "cudnnSetTensor4dDescriptorEx(%s, %s)",
        mode,
        x);
    int number =
        spatial
            ? cudnnBatchNormMode.CUDNN_BATCHNORM_SPATIAL_PERSISTENT
            : cudnnBatchNormMode.CUDNN_BATCHNORM_PER_ACTIVATION;
    cudnnTensorDescriptor vector = descriptor();
    check(
        cudnnDeriveBNTensorDescriptor(vector, matrix, number),
        "cudnnDeriveBNTensorDescriptor(%s)",
        mode);
    return new Described(number, matrix, vector);
  }

  private cudnnTensorDescriptor descriptor() {
    cudnnTensorDescriptor descriptor = new cudnnTensorDescriptor();
    check(cudnnCreateTensorDescriptor(descriptor), "cudnnCreateTensorDescriptor()");
    descriptors.add(descriptor);
    return descriptor;
  }

  @Override
  public Operation forward(
      Mode mode,
      View x,
      View y,
      long gamma,
      long beta,
      double factor,
      long runningMean,
      long runningVariance,
      double epsilon,
      long savedMean,
      long savedInverse) {
    Described in = describe(mode, x);
    Described out = describe(mode, y);
    Pointer source = Address.of(x.address());
    Pointer target = Address.of(y.address());
    Pointer scale = Address.of(gamma);
    Pointer shift = Address.of(beta);
    Pointer mean = Address.of(runningMean);
    Pointer variance = Address.of(runningVariance);
    Pointer batchMean = Address.of(savedMean);
    Pointer batchInverse = Address.of(savedInverse);
    return () -> {
      driver.enter();
      int code =
          cudnnBatchNormalizationForwardTraining(
              handle,
              in.mode,
              ONE,
              ZERO,
              in.matrix,
              source,
              out.matrix,
              target,
              in.vector,
              scale,
              shift,
              factor,
              mean,
              variance,
              epsilon,
              batchMean,
              batchInverse);
      if (code != cudnnStatus.CUDNN_STATUS_SUCCESS) {
        throw failure(code, "cudnnBatchNormalizationForwardTraining(%s, %s)", mode, x);
      }
    };
  }

  @Override
  public Operation inference(
      Mode mode,
      View x,
      View y,
      long gamma,
      long beta,
      long runningMean,
      long runningVariance,
      double epsilon) {
    Described in = describe(mode, x);
    Described out = describe(mode, y);
    Pointer source = Address.of(x.address());
    Pointer target = Address.of(y.address());
    Pointer scale = Address.of(gamma);
    Pointer shift = Address.of(beta);
    Pointer mean = Address.of(runningMean);
    Pointer variance = Address.of(runningVariance);
    return () -> {
      driver.enter();
      int code =
          cudnnBatchNormalizationForwardInference(
              handle,
              in.mode,
              ONE,
              ZERO,
              in.matrix,
              source,
              out.matrix,
              target,
              in.vector,
              scale,
              shift,
              mean,
              variance,
              epsilon);
      if (code != cudnnStatus.CUDNN_STATUS_SUCCESS) {
        throw failure(code, "cudnnBatchNormalizationForwardInference(%s, %s)", mode, x);
      }
    };
  }

  @Override
  public Operation backward(
      Mode mode,
      View x,
      View dy,
      View dx,
      long gamma,
      long dGamma,
      long dBeta,
      double epsilon,
      long savedMean,
      long savedInverse) {
    Described in = describe(mode, x);
    Described slope = describe(mode, dy);
    Described out = describe(mode, dx);
    Pointer source = Address.of(x.address());
    Pointer gradient = Address.of(dy.address());
    Pointer target = Address.of(dx.address());
    Pointer scale = Address.of(gamma);
    Pointer scaleGradient = Address.of(dGamma);
    Pointer shiftGradient = Address.of(dBeta);
    Pointer batchMean = Address.of(savedMean);
    Pointer batchInverse = Address.of(savedInverse);
    return () -> {
      driver.enter();
      int code =
          cudnnBatchNormalizationBackward(
              handle,
              in.mode,
              ONE,
              ZERO,
              ONE,
              ZERO,
              in.matrix,
              source,
              slope.matrix,
              gradient,
              out.matrix,
              target,
              in.vector,
              scale,
              scaleGradient,
              shiftGradient,
              epsilon,
              batchMean,
              batchInverse);
      if (code != cudnnStatus.CUDNN_STATUS_SUCCESS) {
        throw failure(code, "cudnnBatchNormalizationBackward(%s, %s)", mode, x);
      }
    };
  }

  @Override
  public void close() {
    driver.enter();
    descriptors.forEach(descriptor -> cudnnDestroyTensorDescriptor(descriptor));
    descriptors.clear();
    cudnnDestroy(handle);
  }

  private static void check(int code, String call, Object... arguments) {
    if (code != cudnnStatus.CUDNN_STATUS_SUCCESS) {
      throw failure(code, call, arguments);
    }
  }

  /** cuDNN's own words: codes have other names since version 9 than JCuda knows. */
  private static CudaException failure(int code, String call, Object... arguments) {
    return new CudaException(call.formatted(arguments), code, cudnnGetErrorString(code));
  }
}
