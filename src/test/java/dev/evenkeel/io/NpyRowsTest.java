package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.Expect;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same numbers as {@link Npy} reads, without reading them first. */
class NpyRowsTest {

  @TempDir Path folder;

  private Path npy(String descr, boolean fortran, String shape, byte[] data) {
    return NpyFiles.write(folder.resolve("x.npy"), 1, descr, fortran, shape, data);
  }

  @Test
  void everyTypeIsReadAsItIsWhole() {
    Random random = new Random(3);
    for (String descr :
        List.of(
            "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "|i1", "|u1", "|b1", "<i2", ">u2", "<i4",
            ">u4", "<i8", ">u8")) {
      byte[] data = new byte[6 * (descr.charAt(2) - '0')];
      random.nextBytes(data);
      Path file = npy(descr, false, "2, 3", data);
      NpyRows rows = NpyRows.of(file).orElseThrow();
      assertEquals(2, rows.count());
      assertEquals(3, rows.columns());
      float[] all = new float[8];
      rows.read(1, all, 4);
      rows.read(0, all, 1);
      float[] whole = Npy.read(file).data();
      assertArrayEquals(
          new float[] {0, whole[0], whole[1], whole[2], whole[3], whole[4], whole[5], 0},
          all,
          descr);
    }
  }

  @Test
  void moreDimensionsLieFlatInTheirRow() {
    NpyRows images = NpyRows.of(npy("|u1", false, "2, 2, 3", new byte[12])).orElseThrow();
    assertEquals(6, images.columns());
    assertEquals(3, images.dimensions());
    NpyRows numbers = NpyRows.of(npy("|u1", true, "12,", new byte[12])).orElseThrow();
    assertEquals(1, numbers.columns(), "one dimension has one order");
    assertEquals(12, numbers.count());
  }

  /** A hollow file of 2.5 GB, which takes no room on disk. */
  @Test
  void rowsBeyondTwoGigabytesAreFound() throws IOException {
    int rows = 2_500_000;
    int bytes = 1000;
    Path file = npy("<f4", false, "%d, %d".formatted(rows, bytes / 4), new byte[0]);
    long start = Files.size(file);
    int[] some = {0, 1_073_740, 1_073_741, 1_073_742, 2_147_482, 2_147_483, 2_499_999};
    try (RandomAccessFile hollow = new RandomAccessFile(file.toFile(), "rw")) {
      hollow.setLength(start + (long) rows * bytes);
      for (int row : some) {
        for (int place : new int[] {0, bytes / 4 - 1}) {
          ByteBuffer value = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
          hollow.seek(start + (long) row * bytes + 4L * place);
          hollow.write(value.putFloat(row + place / 1000f).array());
        }
      }
    }
    NpyRows found = NpyRows.of(file).orElseThrow();
    float[] row = new float[bytes / 4];
    for (int wanted : some) {
      found.read(wanted, row, 0);
      assertEquals((float) wanted, row[0]);
      assertEquals(wanted + 0.249f, row[249]);
      assertEquals(0, row[1]);
    }
    found.read(1, row, 0);
    assertArrayEquals(new float[bytes / 4], row);
  }

  @Test
  void whatCannotBeReadInPlaceIsLeftToOthers() throws IOException {
    assertTrue(NpyRows.of(npy("|S2", false, "2,", new byte[4])).isEmpty(), "texts");
    assertTrue(NpyRows.of(npy("|u1", true, "2, 2", new byte[4])).isEmpty(), "Fortran's order");
    Path wide = npy("<f8", false, "1, 300000000", new byte[0]);
    try (RandomAccessFile hollow = new RandomAccessFile(wide.toFile(), "rw")) {
      hollow.setLength(hollow.length() + 2_400_000_000L);
    }
    assertTrue(NpyRows.of(wide).isEmpty(), "rows beyond 2 GB");
    Path other = Files.write(folder.resolve("x.npy.gz"), new byte[] {0x1f, (byte) 0x8b, 1});
    assertTrue(NpyRows.of(other).isEmpty(), "compressed");
    assertTrue(NpyRows.of(Files.write(folder.resolve("no.npy"), new byte[0])).isEmpty(), "empty");
  }

  @Test
  void damageIsSaidAsOfThoseReadWhole() {
    Path less = npy("<f4", false, "2, 2", new byte[15]);
    Expect.failure(() -> NpyRows.of(less), "it has 3 values of type <f4, but its shape needs 4");
    Path more = npy("<f4", false, "2, 2", new byte[17]);
    Expect.failure(() -> NpyRows.of(more), "bytes follow the 4 values that its shape [2, 2] says");
    Path lying = npy("<f4", true, "2000000000, 2000000000", new byte[4]);
    Expect.failure(() -> NpyRows.of(lying), "it has 1 value of type <f4, but its shape needs 4,0");
    Path objects = npy("|O", false, "2, 2", new byte[32]);
    Expect.failure(() -> NpyRows.of(objects), "holds values of type '|O'");
    Path none = folder.resolve("none.npy");
    Expect.failure(() -> NpyRows.of(none), "none.npy");
  }

  @Test
  void aFileThatIsCutIsSaid() throws IOException {
    Path file = npy("<f4", false, "1000, 1000", new byte[4_000_000]);
    NpyRows rows = NpyRows.of(file).orElseThrow();
    try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
      cut.setLength(5_000);
    }
    rows.read(0, new float[1000], 0);
    Expect.failure(
        () -> rows.read(999, new float[1000], 0), "x.npy has no row 999 any more: it became");
  }

  /** Which closes a channel of Java's, also under other threads that read from it. */
  @Test
  void anInterruptDisturbsNobody() throws Exception {
    float[] values = new float[200_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    NpyRows rows =
        NpyRows.of(NpyFiles.write(folder.resolve("i.npy"), new int[] {50_000, 4}, values))
            .orElseThrow();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread other =
        new Thread(
            () -> {
              float[] row = new float[4];
              for (int i = 0; i < 50_000; i++) {
                rows.read(i, row, 0);
                assertEquals(4f * i, row[0]);
              }
            });
    other.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));
    other.start();
    float[] row = new float[4];
    for (int i = 0; i < 500; i++) {
      Thread.currentThread().interrupt();
      rows.read(i, row, 0);
      assertEquals(4f * i + 3, row[3]);
      assertTrue(Thread.interrupted(), "the interrupt stays");
    }
    other.join();
    assertNull(failure.get());
  }
}
