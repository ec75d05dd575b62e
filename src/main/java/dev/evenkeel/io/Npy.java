package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An array of one or two dimensions from NumPy's file format NPY, as 32-bit floats in C order.
 * Reads versions 1 to 3 with little-endian floats and integers of any width.
 */
public record Npy(int[] shape, float[] data) {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([\\d,\\s]*)\\)");
  private static final int CHUNK = 1 << 13;

  public Npy {
    long values = Arrays.stream(shape).asLongStream().reduce(1, (a, b) -> a * b);
    if (shape.length < 1 || shape.length > 2 || values != data.length) {
      throw new EvenkeelException(
          "An array of shape %s cannot hold %s. Give one or two dimensions that multiply to the number of values."
              .formatted(Arrays.toString(shape), Words.counted(data.length, "value")));
    }
  }

  public int rows() {
    return shape[0];
  }

  /** The second dimension; 1 where there is none. */
  public int columns() {
    return shape.length == 1 ? 1 : shape[1];
  }

  public static Npy read(Path path) {
    return Gzip.read(path, in -> read(path, in));
  }

  private static Npy read(Path path, InputStream in) throws IOException {
    byte[] start = in.readNBytes(8);
    if (start.length < 8 || !Arrays.equals(start, 0, 6, MAGIC, 0, 6)) {
      throw damaged(path, "it does not start with the bytes 0x93 NUMPY and a version");
    }
    if (start[6] < 1 || start[6] > 3) {
      throw damaged(path, "its version is %d.%d, but 1.0 to 3.0 are known", start[6], start[7]);
    }
    int lengthBytes = start[6] == 1 ? 2 : 4;
    byte[] field = in.readNBytes(lengthBytes);
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).put(field);
    long headerLength = length.putInt(4, 0).getLong(0);
    if (field.length < lengthBytes || headerLength > 1 << 20) {
      throw damaged(path, "its header length is missing or impossible (%d)", headerLength);
    }
    byte[] header = in.readNBytes((int) headerLength);
    if (header.length < headerLength) {
      throw damaged(
          path,
          "it ends inside its header, of which %d of %d bytes are there",
          header.length,
          headerLength);
    }
    String text = new String(header, StandardCharsets.UTF_8);
    Element element = Element.of(path, find(path, DESCR, "descr", text));
    int[] shape = shape(path, find(path, SHAPE, "shape", text));
    boolean fortran = find(path, FORTRAN, "fortran_order", text).equals("True");
    float[] data = readData(path, in, element, shape);
    return new Npy(shape, fortran && shape.length == 2 ? toRowMajor(data, shape) : data);
  }

  private static String find(Path path, Pattern pattern, String name, String header) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw damaged(path, "its header has no readable %s: %s", name, header.strip());
    }
    return matcher.group(1);
  }

  private static int[] shape(Path path, String text) {
    String[] parts = text.isBlank() ? new String[0] : text.split(",");
    if (parts.length < 1 || parts.length > 2) {
      throw new EvenkeelException(
          "%s holds an array of shape (%s), but one or two dimensions are needed. Reshape it to rows and columns."
              .formatted(path, text));
    }
    int[] shape = new int[parts.length];
    try {
      int values = 1;
      for (int i = 0; i < parts.length; i++) {
        shape[i] = Integer.parseInt(parts[i].strip());
        values = Math.multiplyExact(values, shape[i]);
      }
      if (values == 0) {
        throw damaged(path, "its shape (%s) holds no value", text);
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw new EvenkeelException(
          "%s holds an array of shape (%s); more than %d values do not fit. Split it."
              .formatted(path, text, Integer.MAX_VALUE),
          e);
    }
    return shape;
  }

  /** The values grow with what is really there: a lying shape costs no memory. */
  private static float[] readData(Path path, InputStream in, Element element, int[] shape)
      throws IOException {
    int count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    long available = Files.size(Spool.readable(path));
    float[] data = new float[(int) Math.min(count, Math.max(CHUNK, available / element.width))];
    int read = 0;
    while (read < count) {
      int wanted = Math.min(CHUNK, count - read);
      byte[] bytes = in.readNBytes(wanted * element.width);
      if (bytes.length < wanted * element.width) {
        throw damaged(
            path,
            "it has %s of type %s, but its shape %s needs %,d",
            Words.counted(read + bytes.length / element.width, "value"),
            element.descr,
            Arrays.toString(shape),
            count);
      }
      if (read + wanted > data.length) {
        data = Arrays.copyOf(data, (int) Math.min(count, 2L * (read + wanted)));
      }
      element.decode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), data, read, wanted);
      read += wanted;
    }
    if (in.read() >= 0) {
      throw damaged(
          path, "bytes follow the %d values that its shape %s says", count, Arrays.toString(shape));
    }
    return data;
  }

  private static float[] toRowMajor(float[] columnMajor, int[] shape) {
    float[] data = new float[columnMajor.length];
    for (int row = 0; row < shape[0]; row++) {
      for (int column = 0; column < shape[1]; column++) {
        data[row * shape[1] + column] = columnMajor[column * shape[0] + row];
      }
    }
    return data;
  }

  /** NumPy's name for an element type: kind {@code f}, {@code i}, {@code u} or {@code b}. */
  private record Element(String descr, char kind, int width) {

    static Element of(Path path, String descr) {
      if (!descr.matches("<f[48]|[<|][iu]1|[<|]b1|<[iu][248]")) {
        throw new EvenkeelException(
            "%s holds values of type '%s', but little-endian floats (<f4, <f8) or integers (<i1 to <u8) are needed. Convert it, as by array.astype('<f4')."
                .formatted(path, descr));
      }
      return new Element(descr, descr.charAt(1), descr.charAt(2) - '0');
    }

    void decode(ByteBuffer from, float[] to, int start, int count) {
      for (int i = 0; i < count; i++) {
        to[start + i] =
            switch (kind) {
              case 'f' -> width == 4 ? from.getFloat() : (float) from.getDouble();
              case 'i' ->
                  switch (width) {
                    case 1 -> from.get();
                    case 2 -> from.getShort();
                    case 4 -> from.getInt();
                    default -> from.getLong();
                  };
              default ->
                  switch (width) {
                    case 1 -> from.get() & 0xFF;
                    case 2 -> from.getShort() & 0xFFFF;
                    case 4 -> from.getInt() & 0xFFFFFFFFL;
                    default -> unsigned(from.getLong());
                  };
            };
      }
    }

    /** Halved with its lowest bit kept, so that the rounding to float stays right. */
    private static float unsigned(long bits) {
      return bits >= 0 ? bits : 2f * (bits >>> 1 | bits & 1);
    }
  }

  private static EvenkeelException damaged(Path path, String detail, Object... values) {
    return new EvenkeelException(
        "%s is damaged, or is not an NPY file: %s. Use another copy of it."
            .formatted(path, detail.formatted(values)));
  }
}
