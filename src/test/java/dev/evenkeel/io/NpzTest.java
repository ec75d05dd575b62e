package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of a file that NumPy 2.4 wrote: make-arrays.py says what is in it. */
class NpzTest {

  @TempDir Path folder;
  private Npz file;

  @BeforeEach
  void copy() throws IOException {
    Path path = folder.resolve("arrays.npz");
    try (InputStream in = NpzTest.class.getResourceAsStream("arrays.npz")) {
      Files.copy(in, path);
    }
    file = Npz.of(path);
  }

  @Test
  void arraysHaveTheirNames() {
    assertEquals(
        List.of("halves", "big", "shorts", "names", "bigNames", "bytes", "objects", "records"),
        file.names());
  }

  @Test
  void halvesBecomeFloats() {
    Npy halves = file.read("halves");
    assertArrayEquals(new int[] {2, 2, 2}, halves.shape());
    assertEquals(2, halves.rows());
    assertEquals(4, halves.columns());
    assertArrayEquals(
        new float[] {0, -0f, 1, -2.5f, 65504, 0x1p-24f, 0x1p-14f, 0.333251953125f}, halves.data());
  }

  @Test
  void bytesOfAnyOrderInAnyOrderOfDimensions() {
    float[] counted = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    Npy big = file.read("big");
    assertArrayEquals(new int[] {2, 3, 2}, big.shape());
    assertArrayEquals(counted, big.data());
    assertArrayEquals(new float[] {-2, 300}, file.read("shorts").data());
  }

  @Test
  void textsOfEveryWidth() {
    List<String> names = List.of("Aal", "Zährte", "𝄞");
    assertEquals(names, file.read("names").texts());
    assertEquals(names, file.read("bigNames").texts());
    assertEquals(List.of("eel", "roach", ""), file.read("bytes").texts());
    assertEquals(0, file.read("names").data().length);
  }

  @Test
  void whatHoldsNoNumbersIsNamedWithItsArray() {
    Expect.failure(
        () -> file.read("objects"), file.path() + ", array \"objects\" holds values of type '|O'");
    Expect.failure(() -> file.read("records"), "values of type [('a', '<i4'), ('b', '<f4')]");
  }

  @Test
  void bytesThatAreNoTextAreNamed() throws IOException {
    Path path =
        NpyFiles.write(folder.resolve("s.npy"), 1, "|S4", false, "2,", bytes("eel\0", "caf\u00e9"));
    Expect.failure(
        () -> Npy.read(path), "s.npy, value 1 (from 0): its bytes are no text in UTF-8", "latin1");
  }

  private static byte[] bytes(String... texts) {
    return String.join("", texts).getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void textsInFortransOrderAreTurned() {
    Path path = NpyFiles.write(folder.resolve("f.npy"), 1, "|S1", true, "2, 3", bytes("adbecf"));
    assertEquals(List.of("a", "b", "c", "d", "e", "f"), Npy.read(path).texts());
  }

  /** As if a disk had done it: zip files say what they should hold. */
  @Test
  void oneFlippedBitIsFound() throws IOException {
    Path x = NpyFiles.write(folder.resolve("x.npy"), new int[] {2}, 1, 2);
    byte[] whole = Files.readAllBytes(NpyFiles.zip(folder.resolve("one.npz"), x));
    int changed = 0;
    for (int i = 30; i < whole.length; i++) {
      byte[] other = whole.clone();
      other[i] ^= 1;
      Path path = Files.write(folder.resolve("other.npz"), other);
      try {
        Npy array = Npz.of(path).read("x");
        assertArrayEquals(new float[] {1, 2}, array.data(), "bit of byte " + i);
      } catch (EvenkeelException e) {
        changed++;
      }
    }
    assertTrue(changed > 60, "of " + whole.length);
  }

  @Test
  void everyTruncationIsNamed() throws IOException {
    byte[] whole = Files.readAllBytes(file.path());
    for (int length = 0; length < whole.length; length += 7) {
      Path cut = Files.write(folder.resolve("cut.npz"), Arrays.copyOf(whole, length));
      Expect.failure(() -> Npz.of(cut), cut + " is damaged, or is not an NPZ file: ");
    }
    Expect.failure(() -> Npz.of(folder.resolve("none.npz")), "There is no file");
  }
}
