package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * An array from NumPy's file format NPY, in C order: numbers as 32-bit floats, or texts. Reads
 * versions 1 to 3 with floats, integers and texts of any width and byte order.
 *
 * @param data empty where it holds texts
 * @param texts empty where it holds numbers
 */
public record Npy(int[] shape, float[] data, List<String> texts) {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*(?:'([^']*)'|(\\[.*?\\]))");
  private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([\\d,\\s]*)\\)");

  public Npy {
    long values = Arrays.stream(shape).asLongStream().reduce(1, (a, b) -> a * b);
    if (shape.length < 1 || values != data.length + texts.size()) {
      throw new EvenkeelException(
          "An array of shape %s cannot hold %s. Give dimensions that multiply to the number of values."
              .formatted(
                  Arrays.toString(shape), Words.counted(data.length + texts.size(), "value")));
    }
  }

  /** The first dimension. */
  public int rows() {
    return shape[0];
  }

  /** All other dimensions, flat; 1 where there is none. */
  public int columns() {
    return Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
  }

  public boolean holdsTexts() {
    return !texts.isEmpty();
  }

  public static Npy read(Path path) {
    return Gzip.read(path, in -> read(path.toString(), in, Files.size(Spool.readable(path))));
  }

  /**
   * @param name what messages call it
   * @param size of the file, in bytes: memory is taken for what this may hold, and more only as
   *     values come
   */
  static Npy read(String name, InputStream in, long size) throws IOException {
    String header = header(name, in);
    NpyElement element = NpyElement.of(name, find(name, DESCR, "descr", header));
    int[] shape = shape(name, find(name, SHAPE, "shape", header));
    boolean fortran = find(name, FORTRAN, "fortran_order", header).equals("True");
    int count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    Values values = new Values(name, in, element, count);
    List<String> texts = element.isText() ? values.texts() : List.of();
    float[] data = element.isText() ? new float[0] : values.floats(size);
    if (in.read() >= 0) {
      throw damaged(
          name, "bytes follow the %d values that its shape %s says", count, Arrays.toString(shape));
    }
    Npy read = new Npy(shape, data, texts);
    return fortran && shape.length > 1 ? read.turned() : read;
  }

  private static String header(String name, InputStream in) throws IOException {
    byte[] start = in.readNBytes(8);
    if (start.length < 8 || !Arrays.equals(start, 0, 6, MAGIC, 0, 6)) {
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

  private static String find(String name, Pattern pattern, String key, String header) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw damaged(name, "its header has no readable %s: %s", key, header.strip());
    }
    return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
  }

  private static int[] shape(String name, String text) {
    if (text.isBlank()) {
      throw new EvenkeelException(
          "%s holds a single value, but an array of rows is needed: its shape is ()."
              .formatted(name));
    }
    String[] parts = text.split(",");
    int[] shape = new int[parts.length];
    try {
      int values = 1;
      for (int i = 0; i < parts.length; i++) {
        shape[i] = Integer.parseInt(parts[i].strip());
        values = Math.multiplyExact(values, shape[i]);
      }
      if (values == 0) {
        throw new EvenkeelException(
            "%s holds an array of shape (%s), so it has no value. Give one with rows and columns."
                .formatted(name, text));
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw new EvenkeelException(
          "%s holds an array of shape (%s); more than %d values do not fit. Split it."
              .formatted(name, text, Integer.MAX_VALUE),
          e);
    }
    return shape;
  }

  /** What follows the header. */
  private record Values(String name, InputStream in, NpyElement element, int count) {

    private static final int CHUNK = 1 << 14;

    /** They grow with what is really there: a lying shape costs no memory. */
    float[] floats(long size) throws IOException {
      float[] data = new float[(int) Math.min(count, Math.max(CHUNK, size / element.width()))];
      byte[] bytes = new byte[CHUNK * element.width()];
      ByteBuffer buffer = ByteBuffer.wrap(bytes).order(element.order());
      for (int read = 0; read < count; ) {
        int wanted = Math.min(CHUNK, count - read);
        requireAll(read, in.readNBytes(bytes, 0, wanted * element.width()), wanted);
        if (read + wanted > data.length) {
          data = Arrays.copyOf(data, (int) Math.min(count, 2L * (read + wanted)));
        }
        element.decode(buffer.clear(), data, read, wanted);
        read += wanted;
      }
      return data;
    }

    List<String> texts() throws IOException {
      List<String> texts = new ArrayList<>();
      byte[] bytes = new byte[element.width()];
      while (texts.size() < count) {
        requireAll(texts.size(), in.readNBytes(bytes, 0, bytes.length), 1);
        try {
          texts.add(element.text(bytes));
        } catch (CharacterCodingException e) {
          throw new EvenkeelException(
              "%s, value %d (from 0): its bytes are no text%s. help: np.char.decode(array, 'latin1') makes texts of bytes in that encoding"
                  .formatted(name, texts.size(), element.kind() == 'S' ? " in UTF-8" : ""),
              e);
        }
      }
      return texts;
    }

    private void requireAll(int before, int bytes, int wanted) {
      if (bytes < wanted * element.width()) {
        throw damaged(
            name,
            "it has %s of type %s, but its shape needs %,d",
            Words.counted(before + bytes / element.width(), "value"),
            element.descr(),
            count);
      }
    }
  }

  /** In C order, where this one is in Fortran's. */
  private Npy turned() {
    float[] numbers = new float[data.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = data[place(i, numbers.length)];
    }
    List<String> words =
        IntStream.range(0, texts.size()).mapToObj(i -> texts.get(place(i, texts.size()))).toList();
    return new Npy(shape, numbers, words);
  }

  /** Where Fortran's order has the value that is number {@code i} of so many in C's. */
  private int place(int i, int count) {
    int place = 0;
    int rest = i;
    int stride = count;
    for (int d = shape.length - 1; d >= 0; d--) {
      stride /= shape[d];
      place += rest % shape[d] * stride;
      rest /= shape[d];
    }
    return place;
  }

  private static EvenkeelException damaged(String name, String detail, Object... values) {
    return new EvenkeelException(
        "%s is damaged, or is not an NPY file: %s. Use another copy of it."
            .formatted(name, detail.formatted(values)));
  }
}
