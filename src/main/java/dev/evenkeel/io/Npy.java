package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An array from NumPy's file format NPY, in C order: numbers as 32-bit floats, or texts. Reads
 * versions 1 to 3 with floats, integers and texts of any width and byte order.
 *
 * @param data empty where it holds texts
 * @param texts empty where it holds numbers
 */
public record Npy(int[] shape, float[] data, List<String> texts) {

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
    NpyHeader header = NpyHeader.read(name, in);
    Values values = new Values(header, in, header.countInArray());
    List<String> texts = header.element().isText() ? values.texts() : List.of();
    float[] data = header.element().isText() ? new float[0] : values.floats(size);
    if (in.read() >= 0) {
      throw header.bytesFollow();
    }
    Npy read = new Npy(header.shape(), data, texts);
    return header.isFortran() ? read.turned() : read;
  }

  /** What follows the header. */
  private record Values(NpyHeader header, InputStream in, int count) {

    private static final int CHUNK = 1 << 14;

    /** They grow with what is really there: a lying shape costs no memory. */
    float[] floats(long size) throws IOException {
      NpyElement element = header.element();
      float[] data = new float[(int) Math.min(count, Math.max(CHUNK, size / element.width()))];
      byte[] bytes = new byte[CHUNK * element.width()];
      ByteBuffer buffer = ByteBuffer.wrap(bytes).order(element.order());
      for (int read = 0; read < count; ) {
        int wanted = Math.min(CHUNK, count - read);
        requireAll(read, in.readNBytes(bytes, 0, wanted * element.width()), wanted);
        if (read + wanted > data.length) {
          data = Arrays.copyOf(data, (int) Math.min(count, 2L * (read + wanted)));
        }
        element.decode(buffer, 0, data, read, wanted);
        read += wanted;
      }
      return data;
    }

    List<String> texts() throws IOException {
      List<String> texts = new ArrayList<>();
      NpyElement element = header.element();
      byte[] bytes = new byte[element.width()];
      while (texts.size() < count) {
        requireAll(texts.size(), in.readNBytes(bytes, 0, bytes.length), 1);
        try {
          texts.add(element.text(bytes));
        } catch (CharacterCodingException e) {
          throw new EvenkeelException(
              "%s, value %d (from 0): its bytes are no text%s. help: np.char.decode(array, 'latin1') makes texts of bytes in that encoding"
                  .formatted(header.name(), texts.size(), element.kind() == 'S' ? " in UTF-8" : ""),
              e);
        }
      }
      return texts;
    }

    private void requireAll(int before, int bytes, int wanted) {
      int width = header.element().width();
      if (bytes < wanted * width) {
        throw header.lacks(before + bytes / width);
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
}
