package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.tensor.Rows;

/**
 * Other rows, looked through for NaN and infinity whenever they are read.
 *
 * @param name what messages call their data set
 */
record FiniteRows(String name, Rows rows) implements OtherRows {

  @Override
  public void read(int row, float[] to, int at) {
    rows.read(row, to, at);
    int end = at + rows.columns();
    for (int i = at; i < end; i++) {
      if (!Float.isFinite(to[i])) {
        throw notFinite(name, "feature", rows.origin(row), i - at, to[i]);
      }
    }
  }

  static EvenkeelException notFinite(String name, String what, int row, int column, float value) {
    return new EvenkeelException(
        "Data set %s: the %s in row %d, column %d (both counted from 0) is %s. Every value must be finite: fill or drop it first."
            .formatted(name, what, row, column, value));
  }
}
