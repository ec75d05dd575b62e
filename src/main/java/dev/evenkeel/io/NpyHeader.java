package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an NPY file says of its values before they begin.
 *
 * @param name what messages call the file
 * @param isFortran whether the first index changes fastest, which of one dimension means nothing
 */
record NpyHeader(String name, NpyElement element, int[] shape, boolean isFortran) {

  static final int MAGIC_BYTES = 6;
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*(?:'([^']*)'|(\\[.*?\\]))");
  private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([\\d,\\s]*)\\)");

  /** Leaves the stream at the first value. */
  static NpyHeader read(String name, InputStream in) throws IOException {
    String text = text(name, in);
    NpyElement element = NpyElement.of(name, find(name, DESCR, "descr", text));
    int[] shape = shape(name, find(name, SHAPE, "shape", text));
    boolean fortran = find(name, FORTRAN, "fortran_order", text).equals("True");
    return new NpyHeader(name, element, shape, fortran && shape.length > 1);
  }

  /** How many values follow. */
  long count() {
    return (long) shape[0] * columns();
  }

  /** The same, of those that are to lie in an array, and then prepared in another. */
  int countInArray() {
    long most = Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / (2 * Float.BYTES));
    if (count() > most) {
      throw new EvenkeelException(
          "%s holds %,d values, but memory has room for %,d. help: EVENKEEL_JAVA_OPTIONS=-Xmx gives Java more; or features in a file of np.save's, in C order and with rows below 2 GB, which are read where they lie"
              .formatted(name, count(), most));
    }
    return (int) count();
  }

  /** All dimensions but the first, flat; 1 where there is none. */
  int columns() {
    return Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
  }

  /**
   * Refuses a file of which not just so many values follow.
   *
   * @param bytes that follow
   */
  void requireSize(long bytes) {
    long there = bytes / element.width();
    if (there < count()) {
      throw lacks(there);
    }
    if (there > count() || bytes % element.width() != 0) {
      throw bytesFollow();
    }
  }

  EvenkeelException bytesFollow() {
    return damaged(
        name, "bytes follow the %d values that its shape %s says", count(), Arrays.toString(shape));
  }

  EvenkeelException lacks(long there) {
    return damaged(
        name,
        "it has %s of type %s, but its shape needs %,d",
        Words.counted(there, "value"),
        element.descr(),
        count());
  }

  private static String text(String name, InputStream in) throws IOException {
    byte[] start = in.readNBytes(8);
    if (start.length < 8 || !isStart(start)) {
      throw damaged(name, "it does not start with the bytes 0x93 NUMPY and a version");
    }
    if (start[6] < 1 || start[6] > 3) {
      throw damaged(name, "its version is %d.%d, but 1.0 to 3.0 are known", start[6], start[7]);
    }
    int lengthBytes = start[6] == 1 ? 2 : 4;
    byte[] field = in.readNBytes(lengthBytes);
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).put(field);
    long headerLength = length.putInt(4, 0).getLong(0);
    if (field.length < lengthBytes || headerLength > 1 << 20) {
      throw damaged(name, "its header length is missing or impossible (%d)", headerLength);
    }
    byte[] header = in.readNBytes((int) headerLength);
    if (header.length < headerLength) {
      throw damaged(
          name,
          "it ends inside its header, of which %d of %d bytes are there",
          header.length,
          headerLength);
    }
    return new String(header, StandardCharsets.UTF_8);
  }

  /** Whether a file that starts with these bytes is one. */
  static boolean isStart(byte[] bytes) {
    return bytes.length >= MAGIC_BYTES
        && Arrays.equals(bytes, 0, MAGIC_BYTES, MAGIC, 0, MAGIC_BYTES);
  }

  private static String find(String name, Pattern pattern, String key, String header) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw damaged(name, "its header has no readable %s: %s", key, header.strip());
    }
    return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
  }

  private static int[] shape(String name, String text) {
    if (text.replace(',', ' ').isBlank()) {
      throw new EvenkeelException(
          "%s holds a single value, but an array of rows is needed: its shape is ()."
              .formatted(name));
    }
    String[] parts = text.split(",");
    int[] shape = new int[parts.length];
    try {
      int columns = 1;
      for (int i = 0; i < parts.length; i++) {
        shape[i] = Integer.parseInt(parts[i].strip());
        columns = i == 0 ? 1 : Math.multiplyExact(columns, shape[i]);
      }
      if (shape[0] == 0 || columns == 0) {
        throw new EvenkeelException(
            "%s holds an array of shape (%s), so it has no value. Give one with rows and columns."
                .formatted(name, text));
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw new EvenkeelException(
          "%s holds an array of shape (%s); more than %,d rows, or values in a row, do not fit. Split it."
              .formatted(name, text, Integer.MAX_VALUE),
          e);
    }
    return shape;
  }

  static EvenkeelException damaged(String name, String detail, Object... values) {
    return new EvenkeelException(
        "%s is damaged, or is not an NPY file: %s. Use another copy of it."
            .formatted(name, detail.formatted(values)));
  }
}
