package dev.evenkeel.data;

import dev.evenkeel.EvenkeelException;
import dev.evenkeel.Words;
import dev.evenkeel.tensor.Rows;

/** Rows of which each is an array, as programs have them. */
record NestedRows(float[][] rows) implements Rows {

  /**
   * One after the other in one array, where one can hold them.
   *
   * @param what messages call them
   */
  static Rows of(String name, String what, float[][] rows) {
    Dataset.requireThere(name, what, rows);
    for (int row = 0; row < rows.length; row++) {
      Dataset.requireThere(name, what + " of row " + row, rows[row]);
      if (rows[row].length != rows[0].length) {
        throw new EvenkeelException(
            "Data set %s: row %d has %s where row 0 has %,d. Every row needs the same number."
                .formatted(name, row, Words.counted(rows[row].length, "column"), rows[0].length));
      }
    }
    NestedRows nested = new NestedRows(rows);
    long values = (long) nested.count() * nested.columns();
    if (values == 0 || values > Integer.MAX_VALUE) {
      return nested;
    }
    float[] flat = new float[(int) values];
    for (int row = 0; row < rows.length; row++) {
      nested.read(row, flat, row * nested.columns());
    }
    return Rows.of(flat, nested.columns());
  }

  @Override
  public int count() {
    return rows.length;
  }

  @Override
  public int columns() {
    return rows.length == 0 ? 0 : rows[0].length;
  }

  @Override
  public void read(int row, float[] to, int at) {
    System.arraycopy(rows[row], 0, to, at, rows[row].length);
  }
}
