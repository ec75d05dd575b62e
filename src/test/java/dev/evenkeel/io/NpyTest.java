package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evenkeel.Expect;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {

  @TempDir Path folder;

  private Path npy(int version, String descr, boolean fortran, String shape, byte[] data) {
    return NpyFiles.write(folder.resolve("x.npy"), version, descr, fortran, shape, data);
  }

  private static byte[] bytes(Consumer<ByteBuffer> fill) {
    ByteBuffer buffer = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    fill.accept(buffer);
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private void assertReads(float[] expected, String descr, byte[] data) throws IOException {
    for (int version = 1; version <= 3; version++) {
      Npy npy = Npy.read(npy(version, descr, false, expected.length + ",", data));
      assertArrayEquals(expected, npy.data(), descr);
      assertArrayEquals(new int[] {expected.length}, npy.shape());
      assertEquals(1, npy.columns());
    }
  }

  @Test
  void everyElementTypeIsRead() throws IOException {
    assertReads(new float[] {1.5f, -2}, "<f4", bytes(b -> b.putFloat(1.5f).putFloat(-2)));
    assertReads(new float[] {0.1f, -2}, "<f8", bytes(b -> b.putDouble(0.1).putDouble(-2)));
    assertReads(new float[] {-1, 5}, "|i1", new byte[] {-1, 5});
    assertReads(new float[] {255, 5}, "|u1", new byte[] {-1, 5});
    assertReads(new float[] {0, 1}, "|b1", new byte[] {0, 1});
    byte[] shorts = bytes(b -> b.putShort((short) -2).putShort((short) 7));
    assertReads(new float[] {-2, 7}, "<i2", shorts);
    assertReads(new float[] {65534, 7}, "<u2", shorts);
    byte[] ints = bytes(b -> b.putInt(-2).putInt(7));
    assertReads(new float[] {-2, 7}, "<i4", ints);
    assertReads(new float[] {4294967294f, 7}, "<u4", ints);
    byte[] longs = bytes(b -> b.putLong(-2).putLong(7));
    assertReads(new float[] {-2, 7}, "<i8", longs);
    assertReads(new float[] {18446744073709551614f, 7}, "<u8", longs);
  }

  @Test
  void rowsAndColumnsComeOutInRowMajorOrderWhateverTheFilesOrder() throws IOException {
    byte[] data = {1, 2, 3, 4, 5, 6};
    Npy c = Npy.read(npy(1, "|u1", false, "2, 3", data));
    assertEquals(2, c.rows());
    assertEquals(3, c.columns());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, c.data());
    Npy fortran = Npy.read(npy(1, "|u1", true, "2, 3", data));
    assertArrayEquals(new float[] {1, 3, 5, 2, 4, 6}, fortran.data());
  }

  /** Said before anything is read: the file itself need not be there. */
  @Test
  void whatNoArrayHoldsIsRefusedWithAWayOut() throws IOException {
    Path file = npy(1, "<f4", true, "70000, 70000", new byte[4]);
    Expect.failure(
        () -> Npy.read(file),
        "x.npy holds 4,900,000,000 values, but memory has room for ",
        "or features in a file of np.save's, in C order and with rows below 2 GB");
    Path wide = npy(1, "<f4", false, "2, 70000, 70000", new byte[4]);
    Expect.failure(() -> Npy.read(wide), "more than 2,147,483,647 rows, or values in a row");
  }

  @Test
  void alsoWhatIsLargerThanAChunkIsRead() {
    float[] data = new float[3 * 17001];
    for (int i = 0; i < data.length; i++) {
      data[i] = 1f / (i + 1);
    }
    Npy read = Npy.read(NpyFiles.write(folder.resolve("y.npy"), new int[] {17001, 3}, data));
    assertArrayEquals(new int[] {17001, 3}, read.shape());
    assertArrayEquals(data, read.data());
  }

  @Test
  void everyTruncationIsNamed() throws IOException {
    byte[] whole = Files.readAllBytes(npy(1, "<f4", false, "2, 2", new byte[16]));
    for (int length = 0; length < whole.length; length++) {
      Path path = Files.write(folder.resolve("cut.npy"), Arrays.copyOf(whole, length));
      Expect.failure(() -> Npy.read(path), path + " is damaged, or is not an NPY file: ");
    }
    Path values = Files.write(folder.resolve("cut.npy"), Arrays.copyOf(whole, whole.length - 5));
    Expect.failure(() -> Npy.read(values), "has 2 values of type <f4, but its shape needs 4");
    Path longer = Files.write(folder.resolve("cut.npy"), Arrays.copyOf(whole, whole.length + 1));
    Expect.failure(() -> Npy.read(longer), "bytes follow the 4 values");
  }

  @Test
  void headersThatCannotBeAreNamed() throws IOException {
    Path complex = npy(1, "<c8", false, "1,", new byte[8]);
    Expect.failure(() -> Npy.read(complex), "type '<c8'", "array.astype('<f4')");
    Path longest = npy(1, "<U99999", false, "1,", new byte[4]);
    Expect.failure(() -> Npy.read(longest), "texts of 99,999 characters");
    Path scalar = npy(1, "<f4", false, "", new byte[4]);
    Expect.failure(() -> Npy.read(scalar), "shape is ()", "an array of rows");
    Path huge = npy(1, "<f4", false, "99999999999, 2", new byte[4]);
    Expect.failure(() -> Npy.read(huge), "Split it");
    Path lying = npy(1, "<f4", false, "50000000,", new byte[4]);
    Expect.failure(() -> Npy.read(lying), "it has 1 value of", "needs 50,000,000");
    Path empty = npy(1, "<f4", false, "0, 4", new byte[0]);
    Expect.failure(() -> Npy.read(empty), "shape (0, 4), so it has no value");
    Path version = npy(9, "<f4", false, "1,", new byte[4]);
    Expect.failure(() -> Npy.read(version), "its version is 9.0");
    Path other = Files.writeString(folder.resolve("z.npy"), "a,b\n1,2\n3,4\n");
    Expect.failure(() -> Npy.read(other), "does not start with the bytes 0x93 NUMPY");
  }
}
