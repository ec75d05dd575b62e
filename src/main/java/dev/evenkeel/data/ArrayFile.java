package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Idx;
import dev.evenkeel.io.Npy;
import dev.evenkeel.io.NpyRows;
import dev.evenkeel.tensor.Rows;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An array, [rows, columns], from an NPY, an NPZ or an IDX file; what has more dimensions lies flat
 * in its row.
 *
 * @param name what messages call it
 * @param rows numbers; of texts their places among the classes
 * @param images whether it has more dimensions, and so columns of one kind, as pixels are
 * @param bytes whether it is of an IDX file, whose single columns are indexes of classes
 * @param classes the different texts, sorted; empty where it holds numbers
 */
record ArrayFile(String name, Rows rows, boolean images, boolean bytes, List<String> classes) {

  /** What a number takes in memory: once as it is read, once in its part. */
  private static final long BYTES = 2 * Float.BYTES;

  static boolean matches(Path path) {
    return isNpy(path) || Idx.matches(path);
  }

  private static boolean isNpy(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).matches(".*\\.npy(\\.gz)?");
  }

  static ArrayFile read(Path path) {
    if (isNpy(path) || !Idx.matches(path)) {
      return of(path.toString(), Npy.read(path));
    }
    Idx idx = Idx.read(path);
    String name = path.toString();
    Rows rows = Rows.of(idx.floats(), idx.columns());
    return new ArrayFile(name, rows, true, true, List.of());
  }

  /** The same, of features: those that would take more than half of Java's memory stay there. */
  static ArrayFile features(Path path) {
    long room = Runtime.getRuntime().maxMemory() / 2;
    return (isNpy(path) ? NpyRows.of(path) : Optional.<NpyRows>empty())
        .filter(rows -> BYTES * rows.count() * rows.columns() > room)
        .map(rows -> new ArrayFile(path.toString(), rows, rows.dimensions() > 2, false, List.of()))
        .orElseGet(() -> read(path));
  }

  static ArrayFile of(String name, Npy npy) {
    List<String> classes = npy.texts().stream().distinct().sorted(NaturalOrder.INSTANCE).toList();
    float[] values = npy.holdsTexts() ? places(name, npy.texts(), classes) : npy.data();
    boolean images = npy.shape().length > 2;
    return new ArrayFile(name, Rows.of(values, npy.columns()), images, false, classes);
  }

  private static float[] places(String name, List<String> texts, List<String> classes) {
    Map<String, Integer> places = new HashMap<>();
    classes.forEach(one -> places.put(one, places.size()));
    float[] values = new float[texts.size()];
    for (int i = 0; i < values.length; i++) {
      if (texts.get(i).isBlank()) {
        throw new EvenkeelException(
            "%s, value %d (from 0): an empty text names no class. help: leave its row out, or give it a name"
                .formatted(name, i));
      }
      values[i] = places.get(texts.get(i));
    }
    return values;
  }

  int columns() {
    return rows.columns();
  }

  /** Those of targets, which are always read whole. */
  float[] values() {
    return rows.array().orElseThrow();
  }

  boolean holdsTexts() {
    return !classes.isEmpty();
  }
}
