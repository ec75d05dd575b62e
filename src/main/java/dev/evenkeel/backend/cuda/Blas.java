package dev.evenkeel.backend.cuda;

import dev.evenkeel.backend.Operation;
import dev.evenkeel.backend.Precision;

/** Matrix products by cuBLAS, on one stream with a workspace of its own. */
public interface Blas extends AutoCloseable {

  /** "cuBLAS 12.6.4". */
  String description();

  /**
   * c := op(a) op(b), all row-major, sums in float32. Inputs are both FLOAT32 or both BFLOAT16.
   *
   * @param precision of float32 inputs: FP32 keeps them as they are, TF32 leaves ten bits of their
   *     mantissa, rounded or cut off as the GPU does
   */
  Operation multiply(
      View a, boolean transposeA, View b, boolean transposeB, View c, Precision precision);

  /** What cuBLAS itself would take to work in: 32 MiB on Hopper and later, 4 MiB before. */
  static long workspaceBytes(CudaDriver.Properties device) {
    return (device.major() >= 9 ? 32L : 4L) << 20;
  }

  @Override
  void close();
}
