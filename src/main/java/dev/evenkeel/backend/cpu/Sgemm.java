package dev.evenkeel.backend.cpu;

/** A BLAS library's matrix product of floats; rows lie behind each other, so many floats apart. */
interface Sgemm {

  /** C [m, n] := A [m, k] B [k, n], of which transposed ones are stored the other way round. */
  void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float[] a,
      int aFrom,
      int aStride,
      float[] b,
      int bFrom,
      int bStride,
      float[] c,
      int cFrom,
      int cStride);
}
