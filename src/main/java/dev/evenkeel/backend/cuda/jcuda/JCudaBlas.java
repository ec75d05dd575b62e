package dev.evenkeel.backend.cuda.jcuda;

import static jcuda.jcublas.JCublas2.*;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;
import dev.evenkeel.backend.cuda.Blas;
import dev.evenkeel.backend.cuda.CudaException;
import dev.evenkeel.backend.cuda.ElementType;
import dev.evenkeel.backend.cuda.View;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.libraryPropertyType;
import jcuda.runtime.cudaStream_t;

/** cuBLAS through JCuda. */
public final class JCudaBlas implements Blas {

  private static final Pointer ONE = Address.scalar(1);
  private static final Pointer ZERO = Address.scalar(0);

  private final JCudaDriver driver;
  private final cublasHandle handle = new cublasHandle();

  /**
   * @param workspace so many bytes of device memory, for this handle alone
   */
  public JCudaBlas(JCudaDriver driver, long stream, long workspace, long bytes) {
    CudaSetup.get().blas().require();
    this.driver = driver;
    driver.enter();
    check(cublasCreate(handle), "cublasCreate()");
    // In this order: a new stream brings cuBLAS back to a workspace of its own, and products of
    // one handle in a captured graph must not share memory with another's.
    check(cublasSetStream(handle, new cudaStream_t(driver.stream(stream))), "cublasSetStream()");
    // Or parts of a sum of bfloat16 might be added up in bfloat16.
    check(
        cublasSetMathMode(
            handle,
            cublasMath.CUBLAS_DEFAULT_MATH
                | cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
        "cublasSetMathMode()");
    check(
        cublasSetWorkspace(handle, Address.of(workspace), bytes),
        "cublasSetWorkspace(%d bytes)",
        bytes);
  }

  /** "12.6.3"; it needs no GPU. */
  static String version() {
    return property(libraryPropertyType.MAJOR_VERSION)
        + "."
        + property(libraryPropertyType.MINOR_VERSION)
        + "."
        + property(libraryPropertyType.PATCH_LEVEL);
  }

  private static int property(int which) {
    int[] value = new int[1];
    check(cublasGetProperty(which, value), "cublasGetProperty(%d)", which);
    return value[0];
  }

  @Override
  public String description() {
    return "cuBLAS " + version();
  }

  /** cuBLAS thinks in columns: the transpose of c is computed, from b and a in this order. */
  @Override
  public Operation multiply(
      View a, boolean transposeA, View b, boolean transposeB, View c, Precision precision) {
    int inner = transposeA ? a.rows() : a.columns();
    boolean fits =
        inner == (transposeB ? b.columns() : b.rows())
            && c.rows() == (transposeA ? a.columns() : a.rows())
            && c.columns() == (transposeB ? b.rows() : b.columns())
            && a.type() == b.type();
    if (!fits) {
      throw new IllegalArgumentException(
          "a%s b%s = c does not fit: %s, %s, %s"
              .formatted(transposeA ? "ᵀ" : "", transposeB ? "ᵀ" : "", a, b, c));
    }
    int operationA = transposeA ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    int operationB = transposeB ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    int compute = compute(a.type(), precision);
    CUdeviceptr left = Address.of(a.address());
    CUdeviceptr right = Address.of(b.address());
    CUdeviceptr product = Address.of(c.address());
    return () -> {
      driver.enter();
      // Not cublasGemmEx: in JCuda that is the call of CUDA 10, without these compute types.
      int code =
          cublasGemmEx_new(
              handle,
              operationB,
              operationA,
              c.columns(),
              c.rows(),
              inner,
              ONE,
              right,
              type(b.type()),
              b.pitch(),
              left,
              type(a.type()),
              a.pitch(),
              ZERO,
              product,
              type(c.type()),
              c.pitch(),
              compute,
              cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
      if (code != cublasStatus.CUBLAS_STATUS_SUCCESS) {
        throw failure(code, "cublasGemmEx(%s, %s, %s, %s)", a, b, c, precision);
      }
    };
  }

  private static int type(ElementType type) {
    return type == ElementType.FLOAT32 ? cudaDataType.CUDA_R_32F : cudaDataType.CUDA_R_16BF;
  }

  /**
   * In the handle's math mode COMPUTE_32F takes float32 whole: TF32 is used where it is asked for.
   * The pedantic type would rule out faster ways to the same precision.
   */
  private static int compute(ElementType type, Precision precision) {
    return type == ElementType.FLOAT32 && precision != Precision.FP32
        ? cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32
        : cublasComputeType.CUBLAS_COMPUTE_32F;
  }

  @Override
  public void close() {
    driver.enter();
    cublasDestroy(handle);
  }

  private static void check(int code, String call, Object... arguments) {
    if (code != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw failure(code, call, arguments);
    }
  }

  private static CudaException failure(int code, String call, Object... arguments) {
    return new CudaException(call.formatted(arguments), code, cublasStatus.stringFor(code));
  }
}
