package dev.evenkeel.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** NPY files, laid out by hand after numpy.lib.format's documentation. */
public final class NpyFiles {

  private NpyFiles() {}

  /** Of float32, version 1.0, as NumPy writes it. */
  public static Path write(Path path, int[] shape, float... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    String text = shape.length == 1 ? shape[0] + "," : dimensions(shape);
    return write(path, 1, "<f4", false, text, data.array());
  }

  private static String dimensions(int... shape) {
    return IntStream.of(shape).mapToObj(Integer::toString).collect(Collectors.joining(", "));
  }

  /** Of texts, version 1.0, as NumPy writes them. */
  public static Path write(Path path, String... texts) {
    int width = Stream.of(texts).mapToInt(String::length).max().orElse(1);
    ByteBuffer data = ByteBuffer.allocate(4 * width * texts.length).order(ByteOrder.LITTLE_ENDIAN);
    for (String text : texts) {
      text.chars().forEach(data::putInt);
      data.position(data.position() + 4 * (width - text.length()));
    }
    return write(path, 1, "<U" + width, false, texts.length + ",", data.array());
  }

  /** An NPZ file of these arrays, each called as its file is without its ending. */
  public static Path zip(Path path, Path... arrays) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try {
      for (Path array : arrays) {
        entries.put(array.getFileName().toString(), Files.readAllBytes(array));
      }
      return Files.write(path, zip(entries));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static byte[] zip(Map<String, byte[]> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        out.putNextEntry(new ZipEntry(entry.getKey()));
        out.write(entry.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  public static Path write(
      Path path, int version, String descr, boolean fortran, String shape, byte[] data) {
    String header =
        "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }"
            .formatted(descr, fortran ? "True" : "False", shape);
    int start = version == 1 ? 10 : 12;
    int padded = (start + header.length() + 1 + 63) / 64 * 64 - start;
    ByteBuffer bytes =
        ByteBuffer.allocate(start + padded + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) version).put((byte) 0);
    if (version == 1) {
      bytes.putShort((short) padded);
    } else {
      bytes.putInt(padded);
    }
    header += " ".repeat(padded - header.length() - 1) + "\n";
    bytes.put(header.getBytes(StandardCharsets.US_ASCII)).put(data);
    try {
      return Files.write(path, bytes.array());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
