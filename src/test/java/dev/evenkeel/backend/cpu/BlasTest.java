package dev.evenkeel.backend.cpu;

import dev.ludovic.netlib.blas.BLAS;
import java.lang.reflect.Proxy;
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
  private static BLAS oneByOne() {
    return (BLAS)
        Proxy.newProxyInstance(
            BLAS.class.getClassLoader(),
            new Class<?>[] {BLAS.class},
            (proxy, method, x) -> {
              if (!method.getName().equals("sgemm") || x.length != 16) {
                throw new UnsupportedOperationException(method.toString());
              }
              gemm(
                  x[0].equals("T"),
                  x[1].equals("T"),
                  new int[] {(int) x[2], (int) x[3], (int) x[4]},
                  new ColumnMajor((float[]) x[6], (int) x[7], (int) x[8]),
                  new ColumnMajor((float[]) x[9], (int) x[10], (int) x[11]),
                  (float) x[12],
                  new ColumnMajor((float[]) x[13], (int) x[14], (int) x[15]));
              return null;
            });
  }

  /** A matrix of columns behind each other. */
  private record ColumnMajor(float[] data, int from, int stride) {
    int at(int row, int column) {
      return from + column * stride + row;
    }
  }

  private static void gemm(
      boolean transposeA,
      boolean transposeB,
      int[] sizes,
      ColumnMajor a,
      ColumnMajor b,
      float beta,
      ColumnMajor c) {
    for (int i = 0; i < sizes[0]; i++) {
      for (int j = 0; j < sizes[1]; j++) {
        int at = c.at(i, j);
        c.data[at] = beta == 0 ? 0 : beta * c.data[at];
        for (int l = 0; l < sizes[2]; l++) {
          float left = a.data[transposeA ? a.at(l, i) : a.at(i, l)];
          float right = b.data[transposeB ? b.at(j, l) : b.at(l, j)];
          c.data[at] += left * right;
        }
      }
    }
  }
}
