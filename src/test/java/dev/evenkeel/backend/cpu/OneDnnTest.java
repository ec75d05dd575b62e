package dev.evenkeel.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Philox;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The large products of CPUs with AVX-512, and the library that leads to them. */
class OneDnnTest {

  private static final int BEFORE = 5;
  private static final int GAP = 3;

  /** A matrix that begins somewhere within its array and has room between its rows. */
  private record Stored(float[] data, int from, int stride, boolean transposed) {

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

  private static void available() {
    assumeTrue(OneDnn.isThere(), "this CPU has no AVX-512, or this system no oneDNN");
    assertTrue(OneDnn.isLoaded(), "oneDNN is there but can't be loaded");
  }

  private static void availableInBfloat16() {
    available();
    assumeTrue(OneDnn.hasBfloat16(), "this CPU has no AMX");
  }

  private static Stream<Arguments> shapes() {
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

  @ParameterizedTest
  @MethodSource("shapes")
  void productsAgreeWithFloat64(int m, int n, int k) {
    available();
    assertAgree(m, n, k, false, x -> x, 2e-6);
  }

  /**
   * Products of two bfloat16 are exact in float32. What remains is the error of a sum in one part,
   * which grows as the root of its length.
   */
  @ParameterizedTest
  @MethodSource("shapes")
  void productsInBfloat16AreThoseOfRoundedInputs(int m, int n, int k) {
    availableInBfloat16();
    assertAgree(m, n, k, true, OneDnnTest::rounded, 1e-8 * Math.sqrt(k));
  }

  /** To the nearest with seven bits behind the first, ties to even. */
  private static float rounded(float x) {
    double step = Math.ulp(x) * 65536.0; // a float has sixteen bits more
    return (float) (Math.rint(x / step) * step);
  }

  private static void assertAgree(
      int m, int n, int k, boolean rounded, Rounding rounding, double most) {
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        Philox random = new Philox(7, 1);
        Stored a = Stored.random(random, m, k, transposeA);
        Stored b = Stored.random(random, k, n, transposeB);
        Stored c = Stored.empty(m, n, false);
        multiply(a, b, c, m, n, k, rounded);
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

  private interface Rounding {
    float of(float x);
  }

  /** Not by chance: numbers that a shorter one can't hold, ties, infinity, a NaN in its row. */
  @Test
  void bfloat16RoundsAsItShould() {
    availableInBfloat16();
    float[] x = {1 + 1 / 256f, 1 + 3 / 256f, 1 + 1 / 512f, -3.14159f, 1e30f, 1e-30f, 0, 65504};
    float[] expected = {1, 1 + 4 / 256f, 1, -3.140625f, rounded(1e30f), rounded(1e-30f), 0, 65536};
    int n = 40;
    float[] a = new float[n * n];
    float[] one = new float[n * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(x, 0, a, i * n, x.length);
      one[i * n + i] = 1;
    }
    a[3 * n] = Float.NaN;
    a[5 * n + 39] = Float.POSITIVE_INFINITY;
    float[] c = new float[n * n];
    Blas.Shape square = new Blas.Shape(false, false, n, n, n, n, n, n);
    Blas.Product product = OneDnn.product(square, true);
    product.run(a, 0, one, 0, c, 0, new float[(int) product.space()]);
    for (int j = 0; j < x.length; j++) {
      assertEquals(expected[j], c[n + j], "element " + j);
      assertTrue(Float.isNaN(c[3 * n + j]) && Float.isFinite(c[4 * n + j]), "a NaN in its row");
    }
    assertEquals(Float.POSITIVE_INFINITY, c[5 * n + 39]);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void threadsAtOnceGetTheBitsOfOneAlone(boolean rounded) throws Exception {
    if (rounded) {
      availableInBfloat16();
    } else {
      available();
    }
    float[] alone = product(1, rounded);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      Iterable<Future<float[]>> all =
          IntStream.range(0, 16).mapToObj(i -> pool.submit(() -> product(1, rounded))).toList();
      for (Future<float[]> one : all) {
        assertArrayEquals(alone, one.get());
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static float[] product(long seed, boolean rounded) {
    Philox random = new Philox(seed, 1);
    Stored a = Stored.random(random, 160, 256, false);
    Stored b = Stored.random(random, 256, 160, true);
    Stored c = Stored.empty(160, 160, false);
    multiply(a, b, c, 160, 160, 256, rounded);
    return c.data;
  }

  private static void multiply(Stored a, Stored b, Stored c, int m, int n, int k, boolean rounded) {
    Blas.Product product =
        OneDnn.product(
            new Blas.Shape(a.transposed, b.transposed, m, n, k, a.stride, b.stride, c.stride),
            rounded);
    assertNotNull(product, "oneDNN has no fast way");
    float[] space = new float[(int) product.space()];
    for (int run = 0; run < 2; run++) {
      product.run(a.data, a.from, b.data, b.from, c.data, c.from, space);
    }
  }

  /** Such as a size that is none. */
  @Test
  void whatOneDnnRefusesIsAnError() {
    available();
    EvenkeelException refused =
        assertThrows(
            EvenkeelException.class,
            () -> OneDnn.product(new Blas.Shape(false, false, -1, 10, 10, 10, 10, 10), false));
    assertTrue(
        refused.getMessage().contains("[-1, 10] by [10, 10]: status 2"), refused::getMessage);
  }

  /** After a change of the source, scripts/build-onednn is to be run. */
  @Test
  void theLibraryIsOfItsSource() throws Exception {
    String hash =
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(resource("onednn.c")));
    String library = new String(resource("libevenkeel-onednn.so"), StandardCharsets.ISO_8859_1);
    int place = library.indexOf("onednn.c ");
    assertEquals(hash, library.substring(place + 9, place + 9 + hash.length()));
  }

  private static byte[] resource(String name) throws Exception {
    try (InputStream in = OneDnn.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
