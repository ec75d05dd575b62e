package dev.evenkeel.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** NPY files, laid out by hand after numpy.lib.format's documentation. */
public final class NpyFiles {

  private NpyFiles() {}

  /** Of float32, version 1.0, as NumPy writes it. */
  public static Path write(Path path, int[] shape, float... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    String text = shape.length == 1 ? shape[0] + "," : shape[0] + ", " + shape[1];
    return write(path, 1, "<f4", false, text, data.array());
  }

  static Path write(
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
