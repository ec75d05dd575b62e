package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.evenkeel.Expect;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {

  private static final byte[] TWO_BY_THREE = {
    0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, (byte) 255
  };

  @TempDir Path folder;

  private Path file(byte... bytes) throws IOException {
    return Files.write(folder.resolve("images"), bytes);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void dimensionsAndBytesAreRead() throws IOException {
    Idx idx = Idx.read(file(TWO_BY_THREE));
    assertArrayEquals(new int[] {2, 3}, idx.dims());
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5, -1}, idx.data());
  }

  @Test
  void compressionIsToldByTheBytesNotTheName() throws IOException {
    Idx read = Idx.read(file(gzip(TWO_BY_THREE)));
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5, -1}, read.data());
  }

  @Test
  void everyTruncationIsNamed() throws IOException {
    for (int length = 0; length < TWO_BY_THREE.length; length++) {
      Path path = file(Arrays.copyOf(TWO_BY_THREE, length));
      Expect.failure(() -> Idx.read(path), path + " is damaged, or is not an IDX file: ");
    }
    Path empty = file();
    Expect.failure(() -> Idx.read(empty), "ends after 0 bytes, inside its magic number");
    Path header = file(Arrays.copyOf(TWO_BY_THREE, 7));
    Expect.failure(() -> Idx.read(header), "ends after 7 bytes", "2 dimensions need 12");
    Path data = file(Arrays.copyOf(TWO_BY_THREE, 15));
    Expect.failure(() -> Idx.read(data), "it has 3 values, but its dimensions [2, 3] need 6");
  }

  @Test
  void aCutOrBrokenCompressionIsNamed() throws IOException {
    byte[] bytes = gzip(TWO_BY_THREE);
    Path cut = file(Arrays.copyOf(bytes, bytes.length - 5));
    Expect.failure(() -> Idx.read(cut), cut + " is damaged: its gzip compression");
    bytes[bytes.length - 6] ^= 1;
    Path broken = file(bytes);
    Expect.failure(() -> Idx.read(broken), broken + " is damaged: its gzip compression");
  }

  @Test
  void aWrongMagicNumberIsShown() throws IOException {
    Path floats = file((byte) 0, (byte) 0, (byte) 13, (byte) 1, (byte) 0);
    Expect.failure(() -> Idx.read(floats), "0x00000D01", "0x0000080n");
  }

  @Test
  void trailingBytesAndLyingDimensionsAreRefused() throws IOException {
    Path longer = file(Arrays.copyOf(TWO_BY_THREE, TWO_BY_THREE.length + 1));
    Expect.failure(() -> Idx.read(longer), "bytes follow the 6 values");
    byte[] huge = TWO_BY_THREE.clone();
    huge[4] = 0x7f;
    Path tooMany = file(huge);
    Expect.failure(() -> Idx.read(tooMany), "[2130706434, 3]", "impossible");
    huge[4] = (byte) 0xff;
    Path negative = file(huge);
    Expect.failure(() -> Idx.read(negative), "impossible");
    byte[] none = TWO_BY_THREE.clone();
    none[7] = 0;
    Path zero = file(none);
    Expect.failure(() -> Idx.read(zero), "[0, 3] hold no value");
  }

  @Test
  void aFolderAndAMissingFileAreNamed() {
    Expect.failure(() -> Idx.read(folder), "it is a folder");
    Expect.failure(
        () -> Idx.read(folder.resolve("none")), "There is no file", "none. help: check the path");
  }
}
