package dev.evenkeel.tensor;

import java.util.Optional;

/**
 * Rows of floats, wherever they lie: in an array, in a file, in what a program has. They are read
 * again whenever they are wanted, so there may be more of them than memory holds. A row never
 * changes, and any number of threads read at once.
 */
public interface Rows {

  int count();

  int columns();

  /** Writes a row to an array, from {@code at} on. */
  void read(int row, float[] to, int at);

  /** All of them, one after the other, where they lie so in an array: not to be changed. */
  default Optional<float[]> array() {
    return Optional.empty();
  }

  /** What messages call a row by: its place where these were chosen from, as far as is known. */
  default int origin(int row) {
    return row;
  }

  /** Of an array, which is shared, not copied. */
  static Rows of(float[] values, int columns) {
    return new ArrayRows(values, columns);
  }
}
