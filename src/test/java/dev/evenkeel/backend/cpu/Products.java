package dev.evenkeel.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.tensor.Philox;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Matrix products of any maker against sums in float64. */
final class Products {

  private Products() {}

  interface Maker {
    Blas.Product product(Blas.Shape shape);
  }

  /** What is done to inputs before they are multiplied. */
  interface Rounding {
    float of(float x);
  }

  private static final int BEFORE = 5;
  private static final int GAP = 3;

  /** A matrix that begins somewhere within its array and has room between its rows. */
  record Stored(float[] data, int from, int stride, boolean transposed) {

    static Stored random(Philox random, int rows, int columns, boolean transposed) {
      Stored stored = empty(transposed ? columns : rows, transposed ? rows : columns, transposed);
      for (int i = 0; i < stored.data.length; i++) {
        stored.data[i] = (float) random.nextGaussian();
      }
      return stored;
    }

    static Stored empty(int rows, int columns, boolean transposed) {
      float[] data = new float[BEFORE + rows * (columns + GAP)];
      Arrays.fill(data, Float.NaN); // what is not written, or is read by mistake, shows
      return new Stored(data, BEFORE, columns + GAP, transposed);
    }

    float at(int row, int column) {
      return data[transposed ? from + column * stride + row : from + row * stride + column];
    }
  }

  static Stream<Arguments> shapes() {
    return Stream.of(
        Arguments.of(101, 103, 107),
        Arguments.of(1, 1031, 1024),
        Arguments.of(1031, 1, 1024),
        Arguments.of(257, 10, 512),
        Arguments.of(64, 129, 1000),
        Arguments.of(512, 512, 8),
        Arguments.of(512, 31, 33),
        Arguments.of(33, 47, 4099),
        Arguments.of(200, 2048, 100),
        Arguments.of(3, 2, 131_101),
        Arguments.of(40, 30, 20_011));
  }

  static void assertAgree(int m, int n, int k, Maker maker, Rounding rounding, double most) {
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        Philox random = new Philox(7, 1);
        Stored a = Stored.random(random, m, k, transposeA);
        Stored b = Stored.random(random, k, n, transposeB);
        Stored c = multiply(a, b, m, n, k, maker);
        double off = 0;
        double size = 0;
        for (int i = 0; i < m; i++) {
          for (int j = 0; j < n; j++) {
            double exact = 0;
            for (int l = 0; l < k; l++) {
              exact += (double) rounding.of(a.at(i, l)) * rounding.of(b.at(l, j));
            }
            off += (c.at(i, j) - exact) * (c.at(i, j) - exact);
            size += exact * exact;
          }
          for (int gap = 0; gap < GAP; gap++) {
            assertTrue(Float.isNaN(c.at(i, n + gap)), "written beyond row " + i);
          }
        }
        double error = Math.sqrt(off / size);
        assertTrue(error < most, "relative error %.2g".formatted(error));
      }
    }
  }

  /** Into an array that is NaN before; twice, since what a run leaves behind must not matter. */
  static Stored multiply(Stored a, Stored b, int m, int n, int k, Maker maker) {
    Stored c = Stored.empty(m, n, false);
    Blas.Product product =
        maker.product(
            new Blas.Shape(a.transposed, b.transposed, m, n, k, a.stride, b.stride, c.stride));
    Scratch scratch = new Scratch();
    product.reserve(scratch);
    for (int run = 0; run < 2; run++) {
      product.run(a.data, a.from, b.data, b.from, c.data, c.from, scratch);
    }
    return c;
  }

  static void run(
      Blas.Product product, float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom) {
    Scratch scratch = new Scratch();
    product.reserve(scratch);
    product.run(a, aFrom, b, bFrom, c, cFrom, scratch);
  }
}
