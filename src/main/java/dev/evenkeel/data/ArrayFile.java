package dev.evenkeel.data;

import dev.evenkeel.io.Idx;
import dev.evenkeel.io.Npy;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Numbers without names, [rows, columns], from an NPY or an IDX file; images of any dimensions lie
 * flat in their row.
 *
 * @param bytes whether they are unsigned bytes, which are pixels, or the indexes of classes
 */
record ArrayFile(int rows, int columns, float[] values, boolean bytes) {

  static boolean matches(Path path) {
    return isNpy(path) || Idx.matches(path);
  }

  private static boolean isNpy(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).matches(".*\\.npy(\\.gz)?");
  }

  static ArrayFile read(Path path) {
    if (!isNpy(path) && Idx.matches(path)) {
      Idx idx = Idx.read(path);
      return new ArrayFile(idx.rows(), idx.columns(), idx.floats(), true);
    }
    Npy npy = Npy.read(path);
    return new ArrayFile(npy.rows(), npy.columns(), npy.data(), false);
  }
}
