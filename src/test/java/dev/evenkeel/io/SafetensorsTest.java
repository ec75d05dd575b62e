package dev.evenkeel.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Expect;
import dev.evenkeel.io.Safetensors.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {

  @TempDir Path folder;

  private static LinkedHashMap<String, Tensor> smallTensors() {
    LinkedHashMap<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("weight", Tensor.of(new float[] {1, -2.5f, Float.NaN}, 1, 3));
    tensors.put("steps", Tensor.of(new long[] {Long.MIN_VALUE, 7}, 2));
    tensors.put("empty", Tensor.of(new float[0], 0, 4));
    tensors.put("scalar", Tensor.of(new float[] {3}));
    tensors.put("half", new Tensor.Raw("F16", new long[] {2}, new byte[] {0, 0x3c, 0, 0x40}));
    return tensors;
  }

  private Path small() {
    Path path = folder.resolve("small.safetensors");
    Safetensors.write(path, Map.of("network", "{\"layers\":\"ü\"}"), smallTensors());
    return path;
  }

  private Path file(String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return file(json.length, json, dataBytes);
  }

  private Path file(long length, byte[] json, int dataBytes) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(length).put(json);
    return Files.write(folder.resolve("other.safetensors"), bytes.array());
  }

  /** The means and deviations of 600,000 columns are a text of more than 20 MB. */
  @Test
  void metadataMayBeAsLongAsTheHeader() {
    Path path = folder.resolve("wide.safetensors");
    String text = "0.123456789,".repeat(2_000_000);
    Safetensors.write(path, Map.of("means", text), smallTensors());
    assertEquals(text, Safetensors.read(path).metadata().get("means"));
  }

  @Test
  void whatNobodyCouldReadIsNotWritten() {
    Path path = folder.resolve("wider.safetensors");
    Map<String, String> tooLong = Map.of("means", "0".repeat(100_000_000));
    Expect.failure(
        () -> Safetensors.write(path, tooLong, smallTensors()), "more than the 100,000,000");
    assertFalse(Files.exists(path));
  }

  @Test
  void whatWasWrittenIsRead() {
    Safetensors.Content content = Safetensors.read(small());
    assertEquals(Map.of("network", "{\"layers\":\"ü\"}"), content.metadata());
    assertEquals(List.copyOf(smallTensors().keySet()), List.copyOf(content.tensors().keySet()));
    assertArrayEquals(new float[] {1, -2.5f, Float.NaN}, content.floats("weight"));
    assertArrayEquals(new long[] {1, 3}, content.tensor("weight").shape());
    assertArrayEquals(new long[] {Long.MIN_VALUE, 7}, content.longs("steps"));
    assertArrayEquals(new long[] {0, 4}, content.tensor("empty").shape());
    assertArrayEquals(new long[0], content.tensor("scalar").shape());
    Tensor.Raw half = (Tensor.Raw) content.tensor("half");
    assertEquals("F16", half.dtype());
    assertArrayEquals(new byte[] {0, 0x3c, 0, 0x40}, half.data());
  }

  @Test
  void arraysLargerThanAChunkSurviveWithEveryBit() {
    float[] floats = new float[100_003];
    long[] longs = new long[50_001];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.intBitsToFloat(i * 0x9E3779B1);
    }
    for (int i = 0; i < longs.length; i++) {
      longs[i] = i * 0x9E3779B97F4A7C15L;
    }
    LinkedHashMap<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("f", Tensor.of(floats, floats.length));
    tensors.put("l", Tensor.of(longs, longs.length));
    tensors.put("b", new Tensor.Raw("U8", new long[] {200_000}, new byte[200_000]));
    Path path = folder.resolve("large.safetensors");
    Safetensors.write(path, Map.of(), tensors);
    Safetensors.Content content = Safetensors.read(path);
    float[] read = content.floats("f");
    for (int i = 0; i < floats.length; i++) {
      assertEquals(Float.floatToRawIntBits(floats[i]), Float.floatToRawIntBits(read[i]));
    }
    assertArrayEquals(longs, content.longs("l"));
  }

  @Test
  void theLayoutIsTheFormats() throws IOException {
    byte[] bytes = Files.readAllBytes(small());
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertEquals(0, length % 8, "the data starts at a multiple of 8");
    String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
    assertTrue(header.startsWith("{\"__metadata__\":{\"network\":"), header);
    assertTrue(
        header.contains("\"weight\":{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[0,12]}"),
        header);
    assertTrue(
        header.contains("\"steps\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[12,28]}"),
        header);
    assertEquals(1, bytes[8 + length + 3] >> 5 & 1, "1.0f ends in 0x3F");
    assertEquals(8 + length + 36, bytes.length);
  }

  @Test
  void theChecksumIsSha256OfTheFileWithItsOwnDigitsAsZeros() throws Exception {
    byte[] bytes = Files.readAllBytes(small());
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int place = text.indexOf("\"sha256\":\"") + 10;
    String digits = text.substring(place, place + 64);
    java.util.Arrays.fill(bytes, place, place + 64, (byte) '0');
    assertEquals(
        digits, HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
  }

  @Test
  void aFlippedBitAnywhereIsFound() throws IOException {
    Path path = small();
    byte[] bytes = Files.readAllBytes(path);
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      byte[] damaged = bytes.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(path, damaged);
      EvenkeelException e =
          assertThrows(EvenkeelException.class, () -> Safetensors.read(path), "bit " + bit);
      assertTrue(e.getMessage().startsWith(path + " is damaged"), e.getMessage());
    }
  }

  @Test
  void aFileCutAnywhereIsFound() throws IOException {
    Path path = small();
    byte[] bytes = Files.readAllBytes(path);
    for (int length = 0; length < bytes.length; length++) {
      Files.write(path, java.util.Arrays.copyOf(bytes, length));
      EvenkeelException e =
          assertThrows(EvenkeelException.class, () -> Safetensors.read(path), "length " + length);
      assertTrue(e.getMessage().startsWith(path + " is damaged"), e.getMessage());
    }
    Files.write(path, java.util.Arrays.copyOf(bytes, bytes.length + 1));
    assertThrows(EvenkeelException.class, () -> Safetensors.read(path));
  }

  @Test
  void filesOfOtherWritersAreReadWithoutAChecksum() throws IOException {
    Path path =
        file(
            """
            {"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},
             "a":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}\s\s\s""",
            12);
    Safetensors.Content content = Safetensors.read(path);
    assertEquals(List.of("b", "a"), List.copyOf(content.tensors().keySet()));
    assertArrayEquals(new float[1], content.floats("b"));
    assertEquals(Map.of(), content.metadata());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
"""
{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}|8|"b" begins at byte 4 of the data, which overlaps another tensor
{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}|12|"b" begins at byte 8 of the data, which leaves a gap
{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}|8|leaves a gap
{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}|4|need 8 bytes of data, but the file has 4
{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}|9|need 4 bytes of data, but the file has 9
{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}|8|shape [3] and type F32 needs 12 bytes, but 8 are given
{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}|8|impossible shape
{"a":{"dtype":"F32","shape":[500000000000],"data_offsets":[0,2000000000000]}}|8|need 2,000,000,000,000 bytes of data
{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}|8|unknown dtype F33
{"a":{"shape":[2],"data_offsets":[0,8]}}|8|"a" has no dtype
{"a":{"dtype":"F32","data_offsets":[0,8]}}|8|"a" has no shape
{"a":{"dtype":"F32","shape":[2]}}|8|"a" has no data_offsets
{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}|8|-2 in its shape
{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}|8|data_offsets [8, 0] instead of a begin and an end
{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}|8|2.5 in its shape
{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}|4|Duplicate
{"__metadata__":{"k":1}}|0|metadata "k" is not a string
{"__metadata__":[]}|0|__metadata__ is not an object
{"a":|0|not valid JSON
{} x|0|not valid JSON
[]|0|does not start with a brace
{"a":7}|0|"a" has no dtype
""")
  void aHeaderThatLiesIsNamed(String header, int dataBytes, String expected) throws IOException {
    Path path = file(header, dataBytes);
    Expect.failure(() -> Safetensors.read(path), path + " is damaged, or is not", expected);
  }

  @ParameterizedTest
  @CsvSource({"3", "1000", "2147483647", "4294967296", "9223372036854775807", "-1"})
  void aHeaderLengthThatLiesAllocatesNothing(long length) throws IOException {
    Path path = file(length, "{}".getBytes(StandardCharsets.UTF_8), 0);
    Expect.failure(() -> Safetensors.read(path), "but the whole file has 10");
  }

  @Test
  void anUnknownOrOtherwiseTypedTensorIsNamed() {
    Safetensors.Content content = Safetensors.read(small());
    Expect.failure(
        () -> content.floats("bias"),
        "has no tensor \"bias\"; it has [weight, steps, empty, scalar, half]");
    Expect.failure(() -> content.floats("steps"), "\"steps\" is of type I64, but F32 is needed");
  }

  @Test
  void aShapeThatDoesNotFitItsValuesIsRefused() {
    Expect.failure(
        () -> Tensor.of(new float[5], 2, 3),
        "A tensor of shape [2, 3] holds 6 values, but 5 were given.");
    LinkedHashMap<String, Tensor> raw = new LinkedHashMap<>();
    raw.put("h", new Tensor.Raw("F16", new long[] {2}, new byte[3]));
    Path path = folder.resolve("raw.safetensors");
    assertThrows(EvenkeelException.class, () -> Safetensors.write(path, Map.of(), raw));
    assertFalse(Files.exists(path));
  }

  @Test
  void aMissingFileIsNamed() {
    Path path = folder.resolve("absent.safetensors");
    Expect.failure(() -> Safetensors.read(path), "There is no file " + path + ". help:");
  }
}
