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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @ParameterizedTest
  @CsvSource({
    "101, 103, 107",
    "1, 1031, 1024",
    "1031, 1, 1024",
    "257, 10, 512",
    "64, 129, 1000",
    "512, 512, 8",
    "33, 47, 4099",
    "200, 2048, 100",
    "3, 2, 131101",
    "40, 30, 20011"
  })
  void productsAgreeWithFloat64(int m, int n, int k) {
    available();
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        Philox random = new Philox(7, 1);
        Stored a = Stored.random(random, m, k, transposeA);
        Stored b = Stored.random(random, k, n, transposeB);
        Stored c = Stored.empty(m, n, false);
        multiply(a, b, c, m, n, k);
        double off = 0;
        double size = 0;
        for (int i = 0; i < m; i++) {
          for (int j = 0; j < n; j++) {
            double exact = 0;
            for (int l = 0; l < k; l++) {
              exact += (double) a.at(i, l) * b.at(l, j);
            }
            off += (c.at(i, j) - exact) * (c.at(i, j) - exact);
            size += exact * exact;
          }
          for (int gap = 0; gap < GAP; gap++) {
            assertTrue(Float.isNaN(c.at(i, n + gap)), "written beyond row " + i);
          }
        }
        double error = Math.sqrt(off / size);
        assertTrue(error < 2e-6, "relative error %.2g".formatted(error));
      }
    }
  }

  @Test
  void threadsAtOnceGetTheBitsOfOneAlone() throws Exception {
    available();
    float[] alone = product(1);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      Iterable<Future<float[]>> all =
          IntStream.range(0, 16).mapToObj(i -> pool.submit(() -> product(1))).toList();
      for (Future<float[]> one : all) {
        assertArrayEquals(alone, one.get());
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static float[] product(long seed) {
    Philox random = new Philox(seed, 1);
    Stored a = Stored.random(random, 160, 256, false);
    Stored b = Stored.random(random, 256, 160, true);
    Stored c = Stored.empty(160, 160, false);
    multiply(a, b, c, 160, 160, 256);
    return c.data;
  }

  private static void multiply(Stored a, Stored b, Stored c, int m, int n, int k) {
    Blas.Product product =
        OneDnn.product(
            new Blas.Shape(a.transposed, b.transposed, m, n, k, a.stride, b.stride, c.stride));
    assertNotNull(product, "oneDNN has no fast way");
    Scratch scratch = new Scratch();
    for (int run = 0; run < 2; run++) {
      product.run(a.data, a.from, b.data, b.from, c.data, c.from, scratch);
    }
  }

  /** Such as a size that is none. */
  @Test
  void whatOneDnnRefusesIsAnError() {
    available();
    EvenkeelException refused =
        assertThrows(
            EvenkeelException.class,
            () -> OneDnn.product(new Blas.Shape(false, false, -1, 10, 10, 10, 10, 10)));
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
