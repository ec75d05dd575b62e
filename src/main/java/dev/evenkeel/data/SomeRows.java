package dev.evenkeel.data;

import dev.evenkeel.tensor.Rows;

/** Some of other rows, in an order of their own. */
record SomeRows(Rows all, int[] chosen) implements Rows {

  @Override
  public int count() {
    return chosen.length;
  }

  @Override
  public int columns() {
    return all.columns();
  }

  @Override
  public void read(int row, float[] to, int at) {
    all.read(chosen[row], to, at);
  }

  @Override
  public int origin(int row) {
    return all.origin(chosen[row]);
  }
}
