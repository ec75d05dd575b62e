package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.io.Idx;
import dev.evenkeel.io.Npy;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * An array, [rows, columns], from an NPY, an NPZ or an IDX file; what has more dimensions lies flat
 * in its row.
 *
 * @param name what messages call it
 * @param values numbers; of texts their places among the classes
 * @param images whether it has more dimensions, and so columns of one kind, as pixels are
 * @param bytes whether it is of an IDX file, whose single columns are indexes of classes
 * @param classes the different texts, sorted; empty where it holds numbers
 */
record ArrayFile(
    String name,
    int rows,
    int columns,
    float[] values,
    boolean images,
    boolean bytes,
    List<String> classes) {

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
    return new ArrayFile(name, idx.rows(), idx.columns(), idx.floats(), true, true, List.of());
  }

  static ArrayFile of(String name, Npy npy) {
    List<String> classes = npy.texts().stream().distinct().sorted(NaturalOrder.INSTANCE).toList();
    float[] values = npy.holdsTexts() ? places(name, npy.texts(), classes) : npy.data();
    boolean images = npy.shape().length > 2;
    return new ArrayFile(name, npy.rows(), npy.columns(), values, images, false, classes);
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

  boolean holdsTexts() {
    return !classes.isEmpty();
  }
}
