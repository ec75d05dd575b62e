package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * An array of unsigned bytes from an IDX file, the format of MNIST: two zero bytes, the element
 * type (8 is unsigned byte), the number of dimensions, each dimension as a big-endian int, the
 * values. The file may be compressed by gzip.
 */
public record Idx(int[] dims, byte[] data) {

  private static final int UNSIGNED_BYTE = 8;

  /** Whether a file is named as IDX files are, or begins as they do: no text and no NPY does. */
  public static boolean matches(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.matches(".*(idx\\d?-ubyte|\\.idx)(\\.gz)?")) {
      return true;
    }
    return Gzip.read(path, in -> in.read() == 0 && in.read() == 0);
  }

  /** The first dimension. */
  public int rows() {
    return dims[0];
  }

  /** The product of all dimensions but the first; 1 where there is none. */
  public int columns() {
    return data.length / dims[0];
  }

  /** The values, 0 to 255. */
  public float[] floats() {
    float[] values = new float[data.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = data[i] & 0xFF;
    }
    return values;
  }

  public static Idx read(Path path) {
    return Gzip.read(path, in -> read(path, in));
  }

  private static Idx read(Path path, InputStream in) throws IOException {
    byte[] magic = in.readNBytes(4);
    if (magic.length < 4) {
      throw damaged(
          path, "it ends after %s, inside its magic number", Words.counted(magic.length, "byte"));
    }
    if (magic[0] != 0 || magic[1] != 0 || magic[2] != UNSIGNED_BYTE || magic[3] < 1) {
      throw damaged(
          path,
          "its magic number is 0x%08X, but unsigned bytes in n dimensions start with 0x0000080n",
          ByteBuffer.wrap(magic).getInt());
    }
    byte[] header = in.readNBytes(magic[3] * Integer.BYTES);
    if (header.length < magic[3] * Integer.BYTES) {
      throw damaged(
          path,
          "it ends after %s, but the sizes of its %s need %,d",
          Words.counted(4 + header.length, "byte"),
          Words.counted(magic[3], "dimension"),
          4 + magic[3] * Integer.BYTES);
    }
    int[] dims = new int[magic[3]];
    ByteBuffer.wrap(header).asIntBuffer().get(dims);
    int size = size(path, dims);
    byte[] data = in.readNBytes(size);
    if (data.length < size) {
      throw damaged(
          path,
          "it has %s, but its dimensions %s need %,d",
          Words.counted(data.length, "value"),
          text(dims),
          size);
    }
    if (in.read() >= 0) {
      throw damaged(
          path, "bytes follow the %d values that its dimensions %s say", size, text(dims));
    }
    return new Idx(dims, data);
  }

  private static int size(Path path, int[] dims) {
    long size = 1;
    for (int dim : dims) {
      size = dim < 0 || size > Integer.MAX_VALUE ? Long.MAX_VALUE : size * dim;
    }
    if (size == 0) {
      throw damaged(path, "its dimensions %s hold no value", text(dims));
    }
    if (size > Integer.MAX_VALUE - 8) {
      throw damaged(
          path,
          "its dimensions %s are impossible or hold more than %d values",
          text(dims),
          Integer.MAX_VALUE - 8);
    }
    return (int) size;
  }

  private static String text(int[] dims) {
    return Arrays.toString(dims);
  }

  private static EvenkeelException damaged(Path path, String detail, Object... values) {
    return new EvenkeelException(
        "%s is damaged, or is not an IDX file: %s. Use another copy of it."
            .formatted(path, detail.formatted(values)));
  }
}
