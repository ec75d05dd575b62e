package dev.evenkeel.data;

import dev.evenkeel.tensor.Rows;

/** As many rows as others, each changed or looked at when it is read. */
record OtherRows(Rows rows, Change change) implements Rows {

  interface Change {
    void of(int row, float[] values, int at);
  }

  @Override
  public int count() {
    return rows.count();
  }

  @Override
  public int columns() {
    return rows.columns();
  }

  @Override
  public int origin(int row) {
    return rows.origin(row);
  }

  @Override
  public void read(int row, float[] to, int at) {
    rows.read(row, to, at);
    change.of(row, to, at);
  }
}
