package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Named tensors in one file, in Hugging Face's safetensors format: eight bytes with the length of a
 * JSON header (little endian), the header, then the tensors' bytes end to end.
 *
 * <p>Files written here carry a SHA-256 of themselves in their metadata, so that a flipped bit
 * anywhere is found on reading. Files of other writers have none, and are read without that check.
 */
public final class Safetensors {

  /** Values and shape of one tensor, row-major; no dimension makes a scalar. */
  public sealed interface Tensor {

    long[] shape();

    /** The format's name of the element type, as {@code F32}. */
    String dtype();

    /** 32-bit floating point values. */
    record Floats(long[] shape, float[] data) implements Tensor {
      public Floats {
        requireCount(shape, data.length);
      }

      @Override
      public String dtype() {
        return "F32";
      }
    }

    /** 64-bit integers. */
    record Longs(long[] shape, long[] data) implements Tensor {
      public Longs {
        requireCount(shape, data.length);
      }

      @Override
      public String dtype() {
        return "I64";
      }
    }

    /** Any other element type, as its little-endian bytes. */
    record Raw(String dtype, long[] shape, byte[] data) implements Tensor {}

    static Tensor of(float[] data, long... shape) {
      return new Floats(shape, data);
    }

    static Tensor of(long[] data, long... shape) {
      return new Longs(shape, data);
    }

    private static void requireCount(long[] shape, int values) {
      long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      if (count != values) {
        throw new EvenkeelException(
            "A tensor of shape %s holds %s, but %,d were given."
                .formatted(Arrays.toString(shape), Words.counted(count, "value"), values));
      }
    }
  }

  /** What a file holds, in the file's order. */
  public record Content(Path path, Map<String, String> metadata, Map<String, Tensor> tensors) {

    public Content {
      metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
      tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    public float[] floats(String name) {
      if (tensor(name) instanceof Tensor.Floats t) {
        return t.data();
      }
      throw unlike(name, "F32");
    }

    public long[] longs(String name) {
      if (tensor(name) instanceof Tensor.Longs t) {
        return t.data();
      }
      throw unlike(name, "I64");
    }

    public Tensor tensor(String name) {
      Tensor tensor = tensors.get(name);
      if (tensor == null) {
        throw new EvenkeelException(
            "%s has no tensor \"%s\"; it has %s.".formatted(path, name, tensors.keySet()));
      }
      return tensor;
    }

    private EvenkeelException unlike(String name, String expected) {
      return new EvenkeelException(
          "%s: tensor \"%s\" is of type %s, but %s is needed."
              .formatted(path, name, tensor(name).dtype(), expected));
    }
  }

  private Safetensors() {}

  /**
   * Writes all tensors in the map's order; the file appears whole or not at all.
   *
   * @param metadata free texts; the keys {@code sha256} and {@code integrity} are the format's own
   */
  public static void write(
      Path path, Map<String, String> metadata, LinkedHashMap<String, ? extends Tensor> tensors) {
    SafetensorsHeader header = SafetensorsHeader.of(metadata, tensors, true);
    AtomicFile.write(path, channel -> SafetensorsData.write(channel, header, tensors));
  }

  /**
   * The same without the checksum: byte for byte what the format's own writer makes of tensors in
   * this order.
   */
  public static void writePlain(
      Path path, Map<String, String> metadata, LinkedHashMap<String, ? extends Tensor> tensors) {
    SafetensorsHeader header = SafetensorsHeader.of(metadata, tensors, false);
    AtomicFile.write(path, channel -> SafetensorsData.write(channel, header, tensors));
  }

  public static Content read(Path path) {
    try {
      return SafetensorsData.read(path);
    } catch (IOException e) {
      throw Unreadable.because(path, e);
    }
  }
}
