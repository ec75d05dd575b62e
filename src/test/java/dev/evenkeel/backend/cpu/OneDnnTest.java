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
import java.util.HexFormat;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The large products of CPUs with AVX-512, and the library that leads to them. */
class OneDnnTest {

  private static void available() {
    assumeTrue(OneDnn.isThere(), "this CPU has no AVX-512, or this system no oneDNN");
    assertTrue(OneDnn.isLoaded(), "oneDNN is there but can't be loaded");
  }

  private static void availableInBfloat16() {
    available();
    assumeTrue(OneDnn.hasBfloat16(), "this CPU has no fast bfloat16");
  }

  @ParameterizedTest
  @MethodSource("dev.evenkeel.backend.cpu.Products#shapes")
  void productsAgreeWithFloat64(int m, int n, int k) {
    available();
    Products.assertAgree(m, n, k, shape -> made(shape, false), x -> x, 2e-6);
  }

  /**
   * Products of two bfloat16 are exact in float32. What remains is the error of a sum in one part,
   * which grows as the root of its length.
   */
  @ParameterizedTest
  @MethodSource("dev.evenkeel.backend.cpu.Products#shapes")
  void productsInBfloat16AreThoseOfRoundedInputs(int m, int n, int k) {
    availableInBfloat16();
    Products.assertAgree(
        m, n, k, shape -> made(shape, true), OneDnnTest::rounded, 1e-8 * Math.sqrt(k));
  }

  /** To the nearest with seven bits behind the first, ties to even. */
  private static float rounded(float x) {
    double step = Math.ulp(x) * 65536.0; // a float has sixteen bits more
    return (float) (Math.rint(x / step) * step);
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
    Products.run(product, a, 0, one, 0, c, 0);
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
    Products.Stored a = Products.Stored.random(random, 160, 256, false);
    Products.Stored b = Products.Stored.random(random, 256, 160, true);
    return Products.multiply(a, b, 160, 160, 256, shape -> made(shape, rounded)).data();
  }

  /** At least it must be there for what these tests multiply. */
  private static Blas.Product made(Blas.Shape shape, boolean rounded) {
    Blas.Product product = OneDnn.product(shape, rounded);
    assertNotNull(product, "oneDNN has no fast way");
    return product;
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
