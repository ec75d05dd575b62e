package dev.evenkeel.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.tensor.Philox;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The products of systems that have no other. */
class JavaProductTest {

  @ParameterizedTest
  @MethodSource("dev.evenkeel.backend.cpu.Products#shapes")
  void productsAgreeWithFloat64(int m, int n, int k) {
    Products.assertAgree(m, n, k, JavaProduct::new, x -> x, 2e-6);
  }

  /** At and around the sizes of its own parts. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "2, 3, 4",
    "64, 512, 1024",
    "65, 513, 1025",
    "63, 511, 1023",
    "255, 256, 5",
    "256, 255, 6",
    "257, 256, 7",
    "5, 255, 2049",
    "300, 255, 1027"
  })
  void productsOfEdgeSizesAgreeWithFloat64(int m, int n, int k) {
    Products.assertAgree(m, n, k, JavaProduct::new, x -> x, 2e-6);
  }

  /** However many workers share a product, and along whichever side. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPartHasTheBitsOfTheWhole(boolean transposed) {
    int m = 300;
    int n = 270;
    int k = 1100;
    Philox random = new Philox(3, 1);
    Products.Stored a = Products.Stored.random(random, m, k, transposed);
    Products.Stored b = Products.Stored.random(random, k, n, !transposed);
    Products.Stored whole = Products.multiply(a, b, m, n, k, JavaProduct::new);
    float[] parts = new float[whole.data().length];
    Arrays.fill(parts, Float.NaN);
    for (int[] rows : new int[][] {{0, 1}, {1, 200}, {200, m}}) {
      for (int[] columns : new int[][] {{0, 31}, {31, n}}) {
        Blas.Shape shape =
            new Blas.Shape(
                transposed,
                !transposed,
                rows[1] - rows[0],
                columns[1] - columns[0],
                k,
                a.stride(),
                b.stride(),
                whole.stride());
        Products.run(
            new JavaProduct(shape),
            a.data(),
            a.from() + rows[0] * (transposed ? 1 : a.stride()),
            b.data(),
            b.from() + columns[0] * (transposed ? 1 : b.stride()),
            parts,
            whole.from() + rows[0] * whole.stride() + columns[0]);
      }
    }
    assertArrayEquals(whole.data(), parts);
  }

  /** A group of rows that is not full is filled with zeros, not with what a product left there. */
  @Test
  void whatAnEarlierProductLeftDoesNotMatter() {
    Scratch scratch = new Scratch();
    float[] infinite = new float[64];
    Arrays.fill(infinite, Float.POSITIVE_INFINITY);
    float[] c = new float[64];
    Blas.Product eight = new JavaProduct(new Blas.Shape(false, false, 8, 8, 8, 8, 8, 8));
    Blas.Product five = new JavaProduct(new Blas.Shape(false, false, 8, 8, 5, 8, 8, 8));
    eight.reserve(scratch);
    five.reserve(scratch);
    eight.run(infinite, 0, infinite, 0, c, 0, scratch);
    float[] ones = new float[64];
    Arrays.fill(ones, 1);
    ones[3 * 8 + 2] = Float.NaN;
    five.run(ones, 0, infinite, 0, c, 0, scratch);
    for (int i = 0; i < 64; i++) {
      float expected = i / 8 == 3 ? Float.NaN : Float.POSITIVE_INFINITY;
      assertEquals(expected, c[i], "element " + i);
    }
  }

  @Test
  void withoutAnInnerSideTheResultIsZero() {
    float[] c = {1, 1, 1, 1, 1, 1};
    Products.run(
        new JavaProduct(new Blas.Shape(false, false, 2, 3, 0, 0, 3, 3)),
        new float[0],
        0,
        new float[0],
        0,
        c,
        0);
    assertArrayEquals(new float[6], c);
  }
}
