package dev.evenkeel.backend.cpu;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class BlasTest {

  /** As this machine multiplies, by whichever library. */
  @ParameterizedTest
  @MethodSource("dev.evenkeel.backend.cpu.Products#shapes")
  void productsAgreeWithFloat64(int m, int n, int k) {
    Products.assertAgree(m, n, k, shape -> Blas.get().product(shape), x -> x, 2e-6);
  }

  /** Which OpenBLAS takes for products of a matrix and a vector on arm64. */
  @ParameterizedTest
  @CsvSource({"1, 3, 131101", "2, 1, 131101", "1, 600, 20011", "600, 1, 20011"})
  void longProductsWithVectorsAgreeWithFloat64(int m, int n, int k) {
    Products.assertAgree(m, n, k, shape -> Blas.get().product(shape), x -> x, 2e-6);
  }

  /** Whatever the kernel does within a block. */
  @ParameterizedTest
  @CsvSource({"1, 3, 131101", "3, 2, 131101", "1, 100, 20011", "100, 1, 20011", "7, 9, 1025"})
  void blocksAreSummedApart(int m, int n, int k) {
    Blas plain = Blas.of(oneByOne(), "one by one");
    Products.assertAgree(m, n, k, plain::product, x -> x, 2e-6);
  }

  /** Adds every single product to the result itself, as do OpenBLAS' vector kernels on arm64. */
  private static Sgemm oneByOne() {
    return (transposeA,
        transposeB,
        m,
        n,
        k,
        a,
        aFrom,
        aStride,
        b,
        bFrom,
        bStride,
        c,
        cFrom,
        cStride) -> {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          float sum = 0;
          for (int l = 0; l < k; l++) {
            float left = a[aFrom + (transposeA ? l * aStride + i : i * aStride + l)];
            float right = b[bFrom + (transposeB ? j * bStride + l : l * bStride + j)];
            sum += left * right;
          }
          c[cFrom + i * cStride + j] = sum;
        }
      }
    };
  }
}
