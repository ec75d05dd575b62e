package dev.evenkeel.io;

import dev.evenkeel.EvenkeelException;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The part of HDF5 that Keras uses: groups within groups, arrays of floats, texts as attributes.
 *
 * <p>Needs {@code io.jhdf:jhdf}, an optional dependency. Links to other files are not followed.
 */
public final class Hdf5File implements AutoCloseable {

  /** Values of an array, row-major. */
  public record Floats(List<Integer> shape, float[] values) {}

  private final String name;
  private final long length;
  private final HdfFile file;

  /**
   * @param name for messages
   */
  public Hdf5File(byte[] content, String name) {
    this.name = name;
    this.length = content.length;
    this.file = guarded(() -> HdfFile.fromBytes(content));
  }

  /** Whether there is a group or an array by that path, as "layers/dense/vars". */
  public boolean has(String path) {
    return guarded(() -> find(path).isPresent());
  }

  /** An attribute of a group, "" for the file itself: one text, or several. */
  public Optional<List<String>> texts(String path, String attribute) {
    return guarded(
        () -> {
          Attribute found = node(path).getAttribute(attribute);
          if (found == null) {
            return Optional.empty();
          }
          requireSize(path + "@" + attribute, found.getSizeInBytes());
          Object data = found.isEmpty() ? new String[0] : found.getData();
          return Optional.of(data instanceof Object[] several ? several : new Object[] {data})
              .map(texts -> Arrays.stream(texts).map(String::valueOf).toList());
        });
  }

  /** An array of 16-, 32- or 64-bit floats. */
  public Floats floats(String path) {
    return guarded(
        () -> {
          if (!(node(path) instanceof Dataset data)) {
            throw new EvenkeelException("%s: %s is no array".formatted(name, path));
          }
          long count = 1;
          List<Integer> shape = new ArrayList<>();
          for (int dimension : data.getDimensions()) {
            count = Math.multiplyExact(count, dimension);
            shape.add(dimension);
          }
          requireSize(path, Math.multiplyExact(count, data.getDataType().getSize()));
          Object values = data.isScalar() ? data.getData() : data.getDataFlat();
          return new Floats(shape, floats(values, path));
        });
  }

  /** A size in a header may lie, and memory is taken by it. */
  private void requireSize(String path, long bytes) {
    if (bytes < 0 || bytes > length) {
      throw new EvenkeelException(
          "%s: %s has %,d bytes, more than the file".formatted(name, path, bytes));
    }
  }

  private float[] floats(Object values, String path) {
    if (values instanceof float[] floats) {
      return floats;
    } else if (values instanceof double[] doubles) {
      float[] floats = new float[doubles.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) doubles[i];
      }
      return floats;
    } else if (values instanceof Number number) {
      return new float[] {number.floatValue()};
    }
    throw new EvenkeelException("%s: %s holds no floats".formatted(name, path));
  }

  private Node node(String path) {
    return find(path)
        .orElseThrow(() -> new EvenkeelException("%s has no %s".formatted(name, path)));
  }

  private Optional<Node> find(String path) {
    Node node = file;
    for (String part : path.isEmpty() ? new String[0] : path.split("/")) {
      Node child = node instanceof Group group ? group.getChild(part) : null;
      if (child == null) {
        return Optional.empty();
      }
      if (child.isLink()) {
        throw new EvenkeelException(
            "%s: %s is a link, and links are not followed".formatted(name, path));
      }
      node = child;
    }
    return Optional.of(node);
  }

  /** A damaged file brings the library to exceptions of every kind. */
  private <T> T guarded(Supplier<T> work) {
    try {
      return work.get();
    } catch (EvenkeelException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError | AssertionError e) {
      throw new EvenkeelException(
          "%s is no HDF5 file that can be read, or a damaged one: %s"
              .formatted(name, AtomicFile.reason(e)),
          e);
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
